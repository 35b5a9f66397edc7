"""S3AP316: a test replaces a name that is not there."""

from collections.abc import Iterator

from s3ap_lint.api import Finding, PythonFile, Severity, bad, good, rule

HANDLER = """
    import os

    from shared.writer import Writer

    TABLE = os.environ.get("TABLE", "")

    def handler(event, context):
        return Writer().put(event)
    """
WRITER = """
    import boto3

    class Writer:
        def put(self, item):
            return boto3.client("s3").put_object(Body=item)
    """


def project(test: str, **more: str) -> dict[str, str]:
    """A handler, the helper it uses, and a test."""
    return {
        "functions/ocr/__init__.py": "",
        "functions/ocr/handler.py": HANDLER,
        "functions/__init__.py": "",
        "shared/writer.py": WRITER,
        "tests/test_ocr.py": test,
        **more,
    }


@rule(
    code="S3AP316",
    subject=PythonFile,
    severity=Severity.WARNING,
    since="0.1.0",
    examples=[
        bad(
            "an import that the handler no longer has",
            project("""
                from unittest.mock import patch

                @patch("functions.ocr.handler.Writer")
                @patch("functions.ocr.handler.boto3.client")  # <- S3AP316
                def test_ocr(client, writer):
                    from functions.ocr.handler import handler

                    assert handler({}, None)
                """),
        ),
        bad(
            "a method that was renamed, and a name of an imported module",
            project("""
                from unittest import mock

                from functions.ocr import handler

                def test_ocr(monkeypatch):
                    monkeypatch.setattr(handler, "BUCKET", "reports")  # <- S3AP316
                    with mock.patch("shared.writer.Writer.put_json"):  # <- S3AP316
                        handler.handler({}, None)
                """),
        ),
        good(
            "what is there",
            project("""
                from unittest.mock import patch

                from functions.ocr import handler
                from shared.writer import Writer

                @patch("functions.ocr.handler.Writer.put")
                @patch("functions.ocr.handler.os.environ", {})
                @patch("functions.ocr.handler.open")
                @patch("shared.writer.boto3.client")
                @patch("boto3.session.nothing_of_ours")
                @patch.object(Writer, "put")
                @patch.object(handler, "TABLE", "reports")
                def test_ocr(*mocks):
                    assert handler.handler({}, None)
                """),
        ),
        good(
            "a name that need not be there",
            project("""
                from unittest.mock import patch

                @patch("functions.ocr.handler.boto3", create=True)
                def test_ocr(client):
                    pass

                def test_other(monkeypatch):
                    monkeypatch.setattr("functions.ocr.handler.LIMIT", 1, raising=False)
                """),
        ),
        good(
            "a module that the test makes itself",
            project("""
                import sys
                import types
                from unittest.mock import patch

                sys.modules["functions.ocr.handler"] = types.ModuleType("functions.ocr.handler")

                @patch("functions.ocr.handler.boto3")
                def test_ocr(client):
                    pass
                """),
        ),
        good(
            "a package of the tests has the name of the package that they are about",
            project(
                """
                from unittest.mock import patch

                @patch("functions.report.client")
                def test_report(client):
                    pass
                """,
                **{"tests/functions/__init__.py": "", "src/functions/report.py": "client = None\n"},
            ),
        ),
        good(
            "another folder on sys.path has it",
            project(
                """
                import os
                import sys
                from unittest.mock import patch

                sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "elsewhere"))

                @patch("functions.ocr.handler.boto3")
                def test_ocr(client):
                    pass
                """,
                **{"elsewhere/functions/ocr/handler.py": "import boto3\n"},
            ),
        ),
    ],
)
def patched_name_missing(file: PythonFile) -> Iterator[Finding]:
    """
    A test replaces a name that the module does not have.

    `patch` raises AttributeError before the test begins, so it says nothing about the handler any more. Often an
    unused import was removed from the handler and the tests were left as they were.

    Replace the name where it is used now, or remove the patch. `create=True` is for names that come about later.
    """
    for patch in file.missing_patches:
        yield Finding(
            f"{patch.target} cannot be replaced: {patch.owner} has no {patch.missing}, so the test fails at once",
            at=patch.at,
            related=(patch.defined.noted(f"has no {patch.missing}"),),
        )
