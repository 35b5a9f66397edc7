"""S3AP315: text of the event in a query."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from s3ap_lint.api import Finding, Function, Inserted, Location, PythonFile, Severity, Sink, bad, detects, good, rule

DRIVERS = frozenset(
    {"MySQLdb", "cx_Oracle", "duckdb", "mysql", "oracledb", "pg8000", "psycopg", "psycopg2", "pyathena", "pymssql"}
    | {"pymysql", "pyodbc", "redshift_connector", "sqlite3"}
)
"""Modules whose cursors and connections run queries as Python's database API has it."""

_RUN = Sink(("query", "operation"), first=True, drivers=DRIVERS, maker="cursor")

QUERIES = {
    "start_query_execution": Sink(("QueryString",)),
    "execute_statement": Sink(("Sql", "sql", "Statement")),
    "batch_execute_statement": Sink(("Sqls", "sql")),
    "query": Sink(("QueryString",)),
    "execute": _RUN,
    "executemany": _RUN,
    "executescript": _RUN,
}
"""What runs a query: operations of Athena, Redshift Data, RDS Data, DynamoDB and Timestream, and database cursors."""

TEMPLATE = """
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Audit:
        Type: AWS::Serverless::Function
        Properties:
          Runtime: python3.12
          CodeUri: functions/audit/
          Handler: handler.handler
    """


@rule(
    code="S3AP315",
    subject=Function,
    severity=Severity.ERROR,
    since="0.1.0",
    examples=[
        bad(
            "conditions that are joined",
            {
                "template.yaml": TEMPLATE,
                "functions/audit/handler.py": """
                    import boto3

                    def handler(event, context):
                        prefix = event.get("prefix", "")
                        until = event["filter"]["until"]
                        conditions = ["source = 's3'"]
                        if prefix:
                            conditions.append(f"key LIKE '{prefix}%'")  # <- S3AP315
                        if until:
                            conditions.append("at <= '" + until + "'")  # <- S3AP315
                        where = " AND ".join(conditions)
                        sql = f"SELECT * FROM events WHERE {where}"
                        boto3.client("athena").start_query_execution(QueryString=sql)
                    """,
            },
        ),
        bad(
            "in a function that the handler calls for each object",
            {
                "template.yaml": TEMPLATE,
                "functions/audit/handler.py": """
                    import boto3

                    QUERY = "SELECT * FROM {table} WHERE name = '{name}'"

                    def handler(event, context):
                        for record in event["objects"]:
                            key = record.get("Key", "")
                            ask(boto3.client("athena"), key.lower())

                    def ask(client, key):
                        query = QUERY.format(table="events", name=key)  # <- S3AP315

                        def start():
                            return client.start_query_execution(QueryString=query, WorkGroup="primary")

                        return start()
                    """,
            },
        ),
        bad(
            "a cursor of a database",
            {
                "template.yaml": TEMPLATE,
                "functions/audit/handler.py": """
                    import json
                    import os

                    import psycopg2

                    def handler(event, context):
                        body = json.loads(event["body"])
                        with psycopg2.connect(os.environ["DSN"]) as connection, connection.cursor() as cur:
                            cur.execute(f"SELECT * FROM events WHERE q = '{event['q']}'")  # <- S3AP315
                            cur.execute("DELETE FROM events WHERE key = '%s'" % body["key"])  # <- S3AP315
                            cur.executemany("UPDATE {} SET n = %s".format(body["table"]), [(1,)])  # <- S3AP315
                    """,
            },
        ),
        bad(
            "a connection that another module opens",
            {
                "template.yaml": TEMPLATE,
                "functions/audit/handler.py": """
                    from database import connect

                    def handler(event, context):
                        cursor = connect().cursor()
                        name = event["queryStringParameters"].get("name", "")
                        query = "SELECT * FROM users WHERE name = '" + name + "'"  # <- S3AP315
                        cursor.execute(query)
                        return cursor.fetchall()
                    """,
                "functions/audit/database.py": """
                    import pymysql

                    def connect():
                        return pymysql.connect(host="db")
                    """,
            },
        ),
        good(
            "parameters that the database takes apart from the query",
            {
                "template.yaml": TEMPLATE,
                "functions/audit/handler.py": """
                    import os
                    import sqlite3

                    from psycopg2 import sql

                    def handler(event, context):
                        cur = sqlite3.connect(os.environ["FILE"]).cursor()
                        marks = ", ".join("?" * len(event["keys"]))
                        cur.execute(f"SELECT * FROM {os.environ['TABLE']} WHERE key IN ({marks})", event["keys"])
                        cur.execute("SELECT * FROM events WHERE q = '%s'", (event["q"],))
                        cur.executemany("INSERT INTO events VALUES (?)", [(f"{key}",) for key in event["keys"]])
                        cur.execute(sql.SQL("SELECT * FROM {}").format(sql.Identifier(event["table"])))
                        cur.execute(f"SELECT * FROM events LIMIT {int(event['limit'])}")
                    """,
            },
        ),
        good(
            "something else that is executed",
            {
                "template.yaml": TEMPLATE,
                "functions/audit/handler.py": """
                    from commands import Runner

                    def handler(event, context):
                        return Runner().execute(f"greet {event['name']}")
                    """,
                "functions/audit/commands.py": """
                    class Runner:
                        def execute(self, line):
                            return line.split()
                    """,
            },
        ),
        good(
            "checked, converted, quoted or looked up",
            {
                "template.yaml": TEMPLATE,
                "functions/audit/handler.py": """
                    import re

                    import boto3

                    TABLES = {"audit": "audit_2026"}
                    DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")

                    def literal(value):
                        return "'" + value.replace("'", "''") + "'"

                    def date(event):
                        since = event["since"]
                        if not DATE.fullmatch(since):
                            raise ValueError(since)
                        return since

                    def handler(event, context):
                        kind = event["kind"]
                        if kind not in ("READ", "WRITE"):
                            raise ValueError(kind)
                        table = TABLES[event["table"]]
                        limit = int(event.get("limit", 10))
                        sql = (
                            f"SELECT * FROM {table} WHERE kind = '{kind}' AND at > '{date(event)}' "
                            f"AND key = {literal(event['key'])} LIMIT {limit} OFFSET %d" % event["offset"]
                        )
                        boto3.client("athena").start_query_execution(QueryString=sql)
                    """,
            },
        ),
        good(
            "parameters of the query, and names from the environment",
            {
                "template.yaml": TEMPLATE,
                "functions/audit/handler.py": """
                    import os

                    import boto3

                    def handler(event, context):
                        boto3.client("athena").start_query_execution(
                            QueryString=f"SELECT * FROM {os.environ['TABLE']} WHERE key = ?",
                            ExecutionParameters=[event["key"]],
                        )
                    """,
            },
        ),
        good(
            "a function that is there to run queries as they are",
            {
                "template.yaml": TEMPLATE,
                "functions/audit/handler.py": """
                    import boto3

                    def handler(event, context):
                        params = {"QueryString": event["sql"]}
                        boto3.client("athena").start_query_execution(**params)
                    """,
            },
        ),
        good(
            "properties of a custom resource, which the template writes",
            {
                "template.yaml": TEMPLATE,
                "functions/audit/handler.py": """
                    import boto3

                    def handler(event, context):
                        database = event["ResourceProperties"]["Database"]
                        boto3.client("athena").start_query_execution(QueryString=f"CREATE DATABASE {database}")
                    """,
            },
        ),
    ],
)
def interpolated_query(function: Function) -> Iterator[Finding]:
    """
    A value of the event is formatted into the text of a query.

    Whoever can send the event, or choose the name of the object that it is about, closes the literal and runs a query
    of their own under the function's role.

    Hand the value over as a parameter (`ExecutionParameters` with `?`, the second argument of a cursor's `execute`), or
    check it against a pattern or a list, convert it with `int()`, or render it by a function that doubles its quotes.
    Each of these makes the rule silent.
    """
    for one, call in function.inserted(QUERIES):
        runs = function.at.noted(f"{function.id} runs this")
        yield _finding(one, function.placed(one.at), (runs, function.placed(call).noted("the query")))


@detects(
    "S3AP315",
    subject=PythonFile,
    examples=[
        bad(
            "a handler that something else than a template deploys",
            {
                "audit/index.py": """
                    import boto3

                    def handler(event, context):
                        table = event["table"].strip()
                        boto3.client("athena").start_query_execution(
                            QueryString="SELECT * FROM {}".format(table),  # <- S3AP315
                        )
                    """,
            },
        )
    ],
)
def interpolated_query_of_handler(file: PythonFile) -> Iterator[Finding]:
    """The same in a handler that no template here deploys, as far as its own file tells."""
    if not file.vendored:
        for one, call in file.inserted(QUERIES):
            yield _finding(one, one.at, (call.noted("the query"),))


def _finding(one: Inserted, at: Location, related: tuple[Location, ...]) -> Finding:
    return Finding(
        f"{ast.unparse(one.value)} comes from the event and is formatted into a query; "
        "who sends the event can make it another query",
        at=at,
        related=related,
    )
