"""Which SDK calls run, of which service, and where their arguments come from."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from project import closure

from s3ap_lint.python.calls import Calls, SdkCall


def calls(files: Mapping[str, str] | str, *operations: str, **environment: str) -> tuple[SdkCall, ...]:
    """The calls of some operations in what a handler reaches."""
    project = closure({"handler.py": files} if isinstance(files, str) else files)
    return Calls(project.reach(environment or None)).of(operations or ("put_object",))


def buckets(files: Mapping[str, str] | str, *operations: str) -> list[str]:
    """Each text that a call's Bucket may be, behind its service."""
    found = calls(files, *operations)
    return [f"{call.service}:{''.join(map(str, one.pieces))}" for call in found for one in call.texts("Bucket")]


@pytest.mark.parametrize(
    "client",
    [
        's3 = boto3.client("s3")',
        's3 = boto3.client(service_name="s3", region_name="eu-west-1")',
        's3 = boto3.Session().client("s3")',
        'session = boto3.session.Session()\ns3 = session.client("s3")',
        'session = None or boto3.Session()\ns3 = session.client("s3")',
        'SERVICE = "s3"\ns3 = boto3.client(SERVICE)',
        'import boto3 as aws\ns3 = aws.client("s3")',
        'from boto3 import client\ns3 = client("s3")',
    ],
)
def test_ways_to_make_a_client(client: str):
    code = (
        f'import os\nimport boto3\n{client}\ndef handler(event, context):\n    s3.put_object(Bucket=os.environ["A"])\n'
    )
    assert ["s3:A"] == buckets(code)


def test_a_client_of_the_same_name_from_elsewhere_is_none():
    code = """
        import os
        from helper import S3ApHelper
        output = S3ApHelper(os.environ["A"])
        def handler(event, context):
            output.put_object(Bucket=os.environ["A"])
        """
    assert [] == buckets({"handler.py": code, "helper.py": "class S3ApHelper:\n    pass\n"})


def test_a_client_in_an_attribute_a_lazy_getter_and_another_module():
    files = {
        "handler.py": """
            import os
            import clients
            from clients import get_client, shared as store

            class Writer:
                def __init__(self, bucket, client=None):
                    self._client = client or clients.make("s3")
                    self._bucket = bucket

                def write(self):
                    self._client.put_object(Bucket=self._bucket)

            def handler(event, context):
                Writer(os.environ["A"]).write()
                get_client().put_object(Bucket=os.environ["B"])
                store.put_object(Bucket=os.environ["C"])
            """,
        "clients.py": """
            import boto3

            shared = boto3.client("s3")
            _client = None

            def get_client():
                global _client
                if _client is None:
                    _client = make("s3")
                return _client

            def make(name):
                return boto3.client(name)
            """,
    }
    assert ["s3:A", "s3:B", "s3:C"] == buckets(files)


def test_a_parameter_is_whatever_the_callers_hand_over():
    code = """
        import os
        import boto3
        def read(bucket, key, client=None):
            if client is None:
                client = boto3.client("textract")
            @retry
            def attempt():
                return client.detect_document_text(Document={"S3Object": {"Bucket": bucket, "Name": key}})
            return attempt()
        def handler(event, context):
            alias = os.environ.get("ALIAS", "")
            read(alias, "a")
            read(key="b", bucket=os.environ["OTHER"])
            read(event["bucket"], "c")
        def unused():
            read("never", "d")
        """
    (call,) = calls(code, "detect_document_text")
    assert "textract" == call.service
    found = call.texts("Document", "S3Object", "Bucket")
    assert ["ALIAS", "OTHER"] == ["".join(map(str, one.pieces)) for one in found]
    assert 1 == len(found[0].via)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ('os.environ["A"]', ["A"]),
        ('os.getenv("A", "b")', ["A"]),
        ('os.environ.get("A") or os.environ["B"]', ["A or B"]),
        ('os.environ.get("A", os.environ.get("B"))', ["A or B"]),
        ("f\"s3://{os.environ['A']}/x\"", ["s3://A/x"]),
        ('"s3://" + os.environ["A"] + "/x"', ["s3://A/x"]),
        ("f\"{event}-{os.environ['A']}\"", ["…-A"]),
        ('os.environ["A"].rstrip("/")', ["A"]),
        ('os.environ["A"] if event else "b"', []),
        ('os.environ["A"] if event else None', ["A"]),
        ('event.get("x", os.environ["A"])', []),
        ('event.get("x") or os.environ["A"]', []),
        ('"b"', ["b"]),
        ("context", []),
    ],
)
def test_what_a_value_is_made_of(value: str, expected: list[str]):
    code = f'import os\nimport boto3\ndef handler(event, context):\n    boto3.client("s3").put_object(Bucket={value})\n'
    assert expected == [found.removeprefix("s3:") for found in buckets(code)]


def test_a_name_that_is_bound_twice_is_told_only_when_both_agree():
    code = """
        import os
        import boto3
        s3 = boto3.client("s3")
        def handler(event, context):
            one = ""
            if event:
                one = os.environ["A"]
            two = os.environ["A"]
            if event:
                two = "other"
            for three in event:
                s3.put_object(Bucket=three)
            s3.put_object(Bucket=one)
            s3.put_object(Bucket=two)
        """
    assert ["s3:A"] == buckets(code)


def test_arguments_in_a_dictionary_that_grows():
    code = """
        import os
        import boto3
        def handler(event, context):
            params = {"Bucket": os.environ["A"]}
            params["ACL"] = "private"
            boto3.client("s3").put_object(**params, Key="k")
        """
    (call,) = calls(code)
    assert call.complete
    assert ["Bucket", "ACL", "Key"] == list(call.keywords)
    assert ["private"] == [one.text for one in call.texts("ACL")]


def test_a_paginator_counts_as_its_operation():
    code = """
        import boto3
        pages = boto3.client("s3").get_paginator("list_objects_v2")
        def handler(event, context):
            pages.paginate(Bucket="b")
        """
    assert ["s3:b"] == buckets(code, "list_objects_v2")


def test_how_the_client_was_made():
    code = """
        import boto3
        from botocore.config import Config
        region = "eu-west-1"
        config = Config(signature_version="s3v4")
        s3 = boto3.client("s3", endpoint_url=f"https://s3.{region}.amazonaws.com", config=config)
        def handler(event, context):
            s3.put_object(Bucket="b")
        """
    (call,) = calls(code)
    assert ("s3v4",) == call.made_with("config", "signature_version")
    assert ("https://s3.eu-west-1.amazonaws.com",) == call.made_with("endpoint_url")
    assert () == call.made_with("config", "s3", "addressing_style")


def test_a_branch_that_the_environment_rules_out():
    code = """
        import os
        import boto3
        s3 = boto3.client("s3")
        def handler(event, context):
            if os.environ.get("MODE") == "volume":
                return
            s3.put_object(Bucket="b")
        """
    assert 1 == len(calls(code, MODE="bucket"))
    assert 0 == len(calls(code, MODE="volume"))


def test_code_that_calls_itself_and_sums_without_end():
    code = f"""
        import boto3
        s3 = boto3.client("s3")
        def again(bucket, other):
            again(other, bucket)
            s3.put_object(Bucket=bucket)
        def handler(event, context):
            again("a", "b")
            s3.put_object(Bucket={" + ".join(['"x"'] * 700)})
        """
    assert ["s3:a", "s3:b", "s3"] == [found[:4].removesuffix(":…") for found in buckets(code)]
