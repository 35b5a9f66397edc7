"""Every call of the AWS SDK in what a handler reaches, in whatever way its client is made, kept and handed on."""

from __future__ import annotations

from collections.abc import Mapping
from textwrap import dedent, indent

import pytest
from project import closure, module

from s3ap_lint.python.calls import Calls, SdkCall


def found(files: Mapping[str, str] | str) -> tuple[SdkCall, ...]:
    """The calls in some files, or in a module."""
    return Calls(closure({"handler.py": files} if isinstance(files, str) else files).reach()).all()


def line(call: SdkCall) -> str:
    """A call in one line: service.operation(Member=text), "?" for an argument that cannot be told, "…" for more."""
    given = {name: "|".join("".join(map(str, one.pieces)) for one in call.texts(name)) for name in call.keywords}
    arguments = [f"{name}={text or '?'}" for name, text in sorted(given.items())]
    return f"{call.service}.{call.operation}({', '.join([*arguments, *([] if call.complete else ['…'])])})"


def handler(before: str, body: str) -> str:
    """A module with a handler; what comes `before` it finds boto3 and os imported."""
    code = indent(dedent(body).strip(), "    ")
    return f"import os\nimport boto3\n{dedent(before)}\ndef handler(event, context):\n{code}\n"


def calls(before: str, body: str) -> list[str]:
    """Each call of a module in one line."""
    return [line(call) for call in found(handler(before, body))]


def untold(before: str, body: str) -> int:
    """How many calls of a module cannot be told."""
    return len(Calls(closure({"handler.py": handler(before, body)}).reach()).untold)


PUT = 's3.put_object(Bucket="b")'


@pytest.mark.parametrize(
    "client",
    [
        's3 = boto3._get_default_session().client("s3")',
        's3 = boto3.session.Session(region_name="eu-west-1").client("s3")',
        'import botocore.session\ns3 = botocore.session.get_session().create_client("s3")',
        'make = boto3.client\ns3 = make("s3")',
        'from functools import partial\nmake = partial(boto3.client, region_name="eu-west-1")\ns3 = make("s3")',
        'from typing import cast\ns3 = cast("S3Client", boto3.client("s3"))',
        's3, sqs = boto3.client("s3"), boto3.client("sqs")',
        'def make():\n    return boto3.client("s3"), boto3.client("sqs")\ns3, sqs = make()',
        's3 = None\ndef start():\n    global s3\n    s3 = boto3.client("s3")\nstart()',
        's3 = {"s3": boto3.client("s3"), "sqs": boto3.client("sqs")}["s3"]',
        's3 = {"s3": boto3.client("s3")}.get("s3")',
        'CLIENTS = {name: boto3.client(name) for name in ("s3",)}\ns3 = CLIENTS["s3"]',
        's3 = [boto3.client("s3")][0]',
        "try:\n    s3 = boto3.client('s3')\nexcept Exception:\n    s3 = None",
    ],
)
def test_ways_to_get_a_client(client: str):
    assert ["s3.put_object(Bucket=b)"] == calls(client, PUT)


@pytest.mark.parametrize(
    "body",
    [
        'if s3 := boto3.client("s3"):\n    s3.put_object(Bucket="b")',
        '(lambda: boto3.client("s3").put_object(Bucket="b"))()',
        'for s3 in (boto3.client("s3"),):\n    s3.put_object(Bucket="b")',
        'for name, s3 in {"s3": boto3.client("s3")}.items():\n    s3.put_object(Bucket="b")',
        'getattr(boto3.client("s3"), "put_object")(Bucket="b")',
    ],
)
def test_ways_to_call_it(body: str):
    assert ["s3.put_object(Bucket=b)"] == calls("", body)


@pytest.mark.parametrize(
    "code",
    [
        "import aioboto3\nsession = aioboto3.Session()\nasync def work():\n"
        "    async with session.client('s3') as s3:\n",
        "from aiobotocore.session import get_session\nasync def work():\n"
        "    async with get_session().create_client('s3') as s3:\n",
    ],
)
def test_asynchronous_clients(code: str):
    assert ["s3.put_object(Bucket=b)"] == calls(f"{code}        await s3.put_object(Bucket='b')", "work()")


def test_a_context_manager_of_the_project():
    before = """
        from contextlib import contextmanager
        @contextmanager
        def client():
            yield boto3.client("s3")
        """
    assert ["s3.put_object(Bucket=b)"] == calls(before, f"with client() as s3:\n    {PUT}")


def test_a_factory_is_worth_what_each_call_asks_it_for():
    before = """
        import functools
        @functools.lru_cache(maxsize=None)
        def client(name):
            return boto3.client(name, region_name="eu-west-1")
        """
    body = 'client("s3").put_object(Bucket="b")\nclient(name="sqs").send_message(QueueUrl="q")'
    assert ["s3.put_object(Bucket=b)", "sqs.send_message(QueueUrl=q)"] == calls(before, body)


@pytest.mark.parametrize(
    "factory",
    [
        """
        CLIENTS = {}
        def client(name):
            if name not in CLIENTS:
                CLIENTS[name] = boto3.client(name)
            return CLIENTS[name]
        """,
        """
        class Clients:
            def __init__(self):
                self._clients = {}
            def get(self, name):
                if name not in self._clients:
                    self._clients[name] = boto3.client(name)
                return self._clients[name]
        def client(name):
            return Clients().get(name)
        """,
    ],
)
def test_a_factory_that_keeps_what_it_made(factory: str):
    body = 'client("s3").put_object(Bucket="b")\nclient("sqs").send_message(QueueUrl="q")'
    assert {"s3.put_object(Bucket=b)", "sqs.send_message(QueueUrl=q)"} <= set(calls(factory, body))


@pytest.mark.parametrize(
    "body",
    [
        "def __init__(self):\n    self._c = boto3.client('s3')\ndef write(self):\n    self._c.put_object(Bucket='b')",
        "s3 = boto3.client('s3')\ndef write(self):\n    self.s3.put_object(Bucket='b')",
        "s3 = boto3.client('s3')\n@classmethod\ndef write(cls):\n    cls.s3.put_object(Bucket='b')",
        """
_c = None
@property
def s3(self):
    if self._c is None:
        self._c = boto3.client("s3")
    return self._c
def write(self):
    self.s3.put_object(Bucket="b")
""",
        """
def __init__(self, client=None):
    self.client = client or boto3.client("s3")
def write(self):
    self.client.put_object(Bucket="b")
""",
    ],
)
def test_a_client_that_a_class_keeps(body: str):
    assert ["s3.put_object(Bucket=b)"] == calls(f"class Writer:\n{indent(body, '    ')}\n", "Writer().write()")


def test_a_client_of_a_base_class():
    before = """
        class Base:
            def __init__(self):
                self.s3 = boto3.client("s3")
        class Writer(Base):
            def write(self):
                self.s3.put_object(Bucket="b")
        """
    assert ["s3.put_object(Bucket=b)"] == calls(before, "Writer().write()")


def test_a_client_that_is_handed_over():
    before = """
        from dataclasses import dataclass
        from functools import partial

        def put(s3, bucket):
            s3.put_object(Bucket=bucket)

        def by_default(bucket, client=boto3.client("sqs")):
            client.send_message(QueueUrl=bucket)

        def by_part(sns):
            sns.publish(TopicArn="t")

        @dataclass
        class Reader:
            s3: object
            bucket: str
            def read(self):
                self.s3.get_object(Bucket=self.bucket)

        class Helper:
            def __init__(self, client):
                self.client = client

        class Outer:
            def __init__(self, helper):
                self.helper = helper
            def head(self):
                self.helper.client.head_object(Bucket="c")
        """
    body = """
        put(boto3.client("s3"), "a")
        by_default("q")
        partial(by_part, boto3.client("sns"))()
        Reader(boto3.client("s3"), bucket="b").read()
        outer = Outer(Helper(boto3.client("s3")))
        outer.head()
        outer.helper.client.delete_object(Bucket="d")
        """
    assert [
        "s3.put_object(Bucket=a)",
        "sqs.send_message(QueueUrl=q)",
        "sns.publish(TopicArn=t)",
        "s3.get_object(Bucket=b)",
        "s3.head_object(Bucket=c)",
        "s3.delete_object(Bucket=d)",
    ] == calls(before, body)


def test_a_client_of_another_module():
    files = {
        "handler.py": """
            import lib.clients
            from lib import clients as same
            from lib.clients import s3

            def handler(event, context):
                s3.put_object(Bucket="a")
                same.s3.put_object(Bucket="b")
                lib.clients.s3.put_object(Bucket="c")
            """,
        "lib/__init__.py": "",
        "lib/clients.py": "import boto3\ns3 = boto3.client('s3')\n",
    }
    assert [f"s3.put_object(Bucket={name})" for name in "abc"] == [line(call) for call in found(files)]


def test_a_shared_module_is_handed_something_else_by_another_handler():
    files = {
        "handler.py": "import boto3\nfrom shared import Sender\n"
        "def handler(event, context):\n    Sender(boto3.client('lambda')).send()\n",
        "other.py": "import boto3\nfrom shared import Sender\n"
        "def handler(event, context):\n    Sender(boto3.client('sns')).send()\n",
        "shared.py": """
            from clients import s3
            class Sender:
                def __init__(self, client, bucket="b"):
                    self.client, self.bucket = client, bucket
                def send(self):
                    self.client.tag_resource(Tags=[])
                    s3.put_object(Bucket=self.bucket)
            """,
        "clients.py": "import boto3\ns3 = boto3.client('s3')\n",
    }
    known = {path: module(code, path) for path, code in files.items()}
    told = [
        [line(call) for call in Calls(closure(files, entry, known=known).reach()).all()]
        for entry in ("handler.py", "other.py", "handler.py")
    ]
    first, other = ([f"{service}.tag_resource(Tags=?)", "s3.put_object(Bucket=b)"] for service in ("lambda", "sns"))
    assert [first, other, first] == told


def test_a_method_that_is_handed_on_is_called_with_what_is_handed_on_with_it():
    before = 'from concurrent.futures import ThreadPoolExecutor\nfrom functools import partial\ns3 = boto3.client("s3")'
    body = """
        with ThreadPoolExecutor() as pool:
            pool.submit(s3.put_object, Bucket="a")
            pool.map(partial(s3.get_object, Bucket="b"), [])
        retry(s3.head_object, Bucket="c", tries=3)
        delete = s3.delete_object
        delete(Bucket="d")
        """
    assert [
        "s3.put_object(Bucket=a, …)",
        "s3.get_object(Bucket=b, …)",
        "s3.head_object(Bucket=c, …)",
        "s3.delete_object(…)",
    ] == calls(before, body)


def test_a_method_that_is_looked_up_by_one_of_a_few_names():
    body = 's3 = boto3.client("s3")\nfor name in ("get_object", "head_object"):\n    getattr(s3, name)(Bucket="b")'
    assert ["s3.get_object(Bucket=b)", "s3.head_object(Bucket=b)"] == calls("", body)


def test_paginators_and_waiters_count_as_what_they_call():
    body = """
        boto3.client("s3").get_paginator("list_objects_v2").paginate(Bucket="b")
        waiter = boto3.client("s3").get_waiter("object_exists")
        waiter.wait(Bucket="b", Key="k")
        boto3.client("cloudformation").get_waiter("stack_create_complete").wait(StackName="s")
        """
    assert [
        "s3.list_objects_v2(Bucket=b)",
        "s3.head_object(Bucket=b, Key=k)",
        "cloudformation.describe_stacks(StackName=s)",
    ] == calls("", body)


def test_a_presigned_url_is_a_call_of_what_it_signs():
    body = """
        s3 = boto3.client("s3")
        s3.generate_presigned_url("get_object", Params={"Bucket": "b", "Key": "k"}, ExpiresIn=60)
        s3.generate_presigned_url(ClientMethod="put_object", Params={"Bucket": "c"})
        s3.generate_presigned_post("d", "k")
        """
    assert [
        "s3.get_object(Bucket=b, Key=k)",
        "s3.put_object(Bucket=c)",
        "s3.generate_presigned_post(Bucket=d, Key=k)",
    ] == calls("", body)


def test_transfers_take_arguments_by_position():
    body = """
        s3 = boto3.client("s3")
        s3.upload_file("f", "b", "k")
        s3.download_fileobj("b", "k", Fileobj=event)
        s3.copy({"Bucket": "a"}, "b", Key="k")
        """
    assert [
        "s3.upload_file(Bucket=b, Filename=f, Key=k)",
        "s3.download_fileobj(Bucket=b, Fileobj=?, Key=k)",
        "s3.copy(Bucket=b, CopySource=?, Key=k)",
    ] == calls("", body)


def test_a_resource_fills_in_what_it_was_made_with():
    before = 'table = boto3.resource("dynamodb").Table(os.environ["TABLE"])\ns3 = boto3.resource("s3")'
    body = """
        table.put_item(Item={})
        with table.batch_writer() as batch:
            batch.put_item(Item={})
        table.meta.client.query(TableName="t")
        table.wait_until_exists()
        s3.Object("b", "k").get()
        s3.Object(bucket_name="b", key="l").upload_file("f")
        s3.Bucket("b").Object("m").put(Body=b"")
        s3.Bucket("b").upload_file("f", "n")
        """
    assert [
        "dynamodb.put_item(Item=?, TableName=TABLE)",
        "dynamodb.batch_write_item(RequestItems[keys]=TABLE)",
        "dynamodb.query(TableName=t)",
        "dynamodb.describe_table(TableName=TABLE)",
        "s3.get_object(Bucket=b, Key=k)",
        "s3.upload_file(Bucket=b, Filename=f, Key=l)",
        "s3.put_object(Body=?, Bucket=b, Key=m)",
        "s3.upload_file(Bucket=b, Filename=f, Key=n)",
    ] == calls(before, body)


def test_a_collection_is_listed_and_its_items_are_resources():
    body = """
        bucket = boto3.resource("s3").Bucket("b")
        for item in bucket.objects.filter(Prefix="p").limit(3):
            item.delete()
        bucket.objects.all().delete()
        queue = boto3.resource("sqs").get_queue_by_name(QueueName="q")
        for message in queue.receive_messages():
            message.delete()
        """
    assert [
        "s3.list_objects(Bucket=b, Prefix=p)",
        "s3.delete_object(Bucket=b, Key=?)",
        "s3.delete_objects(Bucket=b)",
        "s3.list_objects(Bucket=b)",
        "sqs.get_queue_url(QueueName=q)",
        "sqs.receive_message(QueueUrl=?)",
        "sqs.delete_message(QueueUrl=?, ReceiptHandle=?)",
    ] == calls("", body)


def test_one_of_several_clients_is_the_one_that_can_do_it():
    before = 'CLIENTS = {"s3": boto3.client("s3"), "sqs": boto3.client("sqs")}'
    assert ["s3.put_object(Bucket=b)"] == calls(before, 'CLIENTS[event["kind"]].put_object(Bucket="b")')


def test_what_cannot_be_told_is_counted():
    assert 1 == untold("", 'boto3.client(event["service"]).put_object(Bucket="b")')
    assert 1 == untold("", 'getattr(boto3.client("s3"), event["name"])(Bucket="b")')
    several = 'CLIENTS = {"a": boto3.client("lambda"), "b": boto3.client("sns")}'
    assert 1 == untold(several, 'CLIENTS[event["kind"]].tag_resource(Tags=[])')


def test_nobody_elses_methods_are_calls_or_untold():
    before = """
        from typing import TYPE_CHECKING
        from helper import Helper
        if TYPE_CHECKING:
            boto3.client("s3").put_object(Bucket="b")
        def never():
            boto3.client("s3").put_object(Bucket="b")
        class Store:
            def get_item(self, Key=None):
                return Key
        """
    body = """
        Store().get_item(Key="k")
        Helper().put_object(Bucket="b")
        event["client"].put_object(Bucket="b")
        boto3.client("s3").close()
        """
    assert [] == calls(before, body)
    assert 0 == untold(before, body)


@pytest.mark.parametrize(
    ("client", "own"),
    [
        ("boto3.client('s3')", False),
        ("boto3.client('s3', aws_access_key_id=None)", False),
        ("boto3.client('s3', aws_access_key_id=os.environ['AWS_ACCESS_KEY_ID'])", False),
        ("boto3.client('s3', aws_access_key_id=event['a'], aws_secret_access_key=event['b'])", True),
        ("boto3.Session(profile_name='other').client('s3')", True),
        ("boto3.Session(aws_session_token=boto3.client('sts').assume_role()['Credentials']['T']).client('s3')", True),
        ("boto3.client('s3', **event['more'])", None),
        ("boto3.Session(**event['more']).resource('s3').Bucket('b').meta.client", None),
    ],
)
def test_whose_credentials_a_client_uses(client: str, own: bool | None):
    (call,) = (call for call in found(handler("", f"s3 = {client}\n{PUT}")) if call.service == "s3")
    assert own is call.own_credentials


def test_a_call_says_when_it_runs_how_it_is_reached_and_whether_its_failure_is_caught():
    before = """
        s3 = boto3.client("s3")
        s3.list_buckets()
        def inner():
            try:
                s3.put_object(Bucket="b")
            except Exception:
                pass
        def outer():
            inner()
        """
    listed, put = found(handler(before, "outer()"))
    assert (True, False, ()) == (listed.on_import, listed.caught, listed.via)
    assert (False, True) == (put.on_import, put.caught)
    assert ["the handler", "uses outer", "uses inner"] == [at.note for at in put.via]


def test_what_powertools_calls():
    before = """
        from aws_lambda_powertools.utilities import parameters
        from aws_lambda_powertools.utilities.feature_flags import AppConfigStore
        from aws_lambda_powertools.utilities.idempotency import DynamoDBPersistenceLayer
        from aws_lambda_powertools.utilities.parameters import DynamoDBProvider, SSMProvider, get_secret

        ssm = SSMProvider()
        items = DynamoDBProvider(table_name="t")
        """
    body = """
        parameters.get_parameter("/x", decrypt=True)
        get_secret("s")
        ssm.get_multiple("/p")
        items.get("k")
        AppConfigStore(environment="e", application="a", name="n")
        DynamoDBPersistenceLayer(table_name=os.environ["TABLE"])
        """
    profile = "ApplicationIdentifier=a, ConfigurationProfileIdentifier=n, EnvironmentIdentifier=e"
    assert [
        "ssm.get_parameter(Name=/x)",
        "secretsmanager.get_secret_value(SecretId=s)",
        "ssm.get_parameters_by_path(Path=/p)",
        "dynamodb.get_item(TableName=t)",
        f"appconfigdata.start_configuration_session({profile})",
        f"appconfigdata.get_latest_configuration({profile})",
        "dynamodb.get_item(TableName=TABLE)",
        "dynamodb.put_item(TableName=TABLE)",
        "dynamodb.update_item(TableName=TABLE)",
        "dynamodb.delete_item(TableName=TABLE)",
    ] == calls(before, body)


def test_what_the_cache_of_secrets_calls():
    before = "from aws_secretsmanager_caching import SecretCache\ncache = SecretCache()"
    assert [
        "secretsmanager.describe_secret(SecretId=s)",
        "secretsmanager.get_secret_value(SecretId=s)",
    ] == calls(before, 'cache.get_secret_string("s")')
