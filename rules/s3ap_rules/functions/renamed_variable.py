"""S3AP304: a variable is set under one name and read under another."""

from collections.abc import Iterator

from s3ap_lint.api import Finding, Fix, Function, Node, Severity, bad, edits, good, offer, rule
from s3ap_rules.functions.environment_names import names_of

TEMPLATE = """
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Discovery:
        Type: AWS::Serverless::Function
        Properties:
          Runtime: python3.12
          CodeUri: functions/discovery/
          Handler: handler.handler
          Environment:
            Variables:
              ACCESS_POINT: reports-alias
              GRANT_PREFIX: !Ref GrantPrefix  # <- S3AP304
    Parameters:
      GrantPrefix: {Type: String, Default: grants/}
    """
HERE = TEMPLATE.replace("  # <- S3AP304", "")
HANDLER = """
    import os

    def handler(event, context):
        prefix = os.environ.get("GRANT_APPLICATION_PREFIX", "grant-applications/")
        return os.environ["ACCESS_POINT"], prefix
    """

ARMS = """
    Transform: AWS::Serverless-2016-10-31
    Conditions:
      Here: !Equals [!Ref AWS::Region, ap-northeast-1]
    Resources:
      Discovery:
        Type: AWS::Serverless::Function
        Properties:
          Runtime: python3.12
          CodeUri: functions/discovery/
          Handler: handler.handler
          Environment:
            Variables: !If
              - Here
              - {ACCESS_POINT: reports, GRANT_PREFIX: grants/}  # <- S3AP304
              - ACCESS_POINT: reports-alias
                "GRANT_PREFIX": grants-elsewhere/
    """


@rule(
    code="S3AP304",
    subject=Function,
    severity=Severity.WARNING,
    since="0.1.0",
    examples=[
        bad(
            "a word is missing",
            {"template.yaml": TEMPLATE, "functions/discovery/handler.py": HANDLER},
            fixed={"template.yaml": HERE.replace("GRANT_PREFIX", "GRANT_APPLICATION_PREFIX")},
        ),
        bad(
            "spelt in another way",
            {
                "template.yaml": TEMPLATE.replace("GRANT_PREFIX", "GRANTS_PREFIXES"),
                "functions/discovery/handler.py": HANDLER.replace("GRANT_APPLICATION_PREFIX", "GRANT_PREFIX"),
            },
            fixed={"template.yaml": HERE},
        ),
        bad(
            "in both of two ways to be deployed",
            {"template.yaml": ARMS, "functions/discovery/handler.py": HANDLER},
            fixed={
                "template.yaml": ARMS.replace("GRANT_PREFIX", "GRANT_APPLICATION_PREFIX").replace("  # <- S3AP304", "")
            },
        ),
        good(
            "the same name",
            {
                "template.yaml": HERE,
                "functions/discovery/handler.py": HANDLER.replace("GRANT_APPLICATION_PREFIX", "GRANT_PREFIX"),
            },
        ),
        good(
            "something else altogether",
            {
                "template.yaml": HERE,
                "functions/discovery/handler.py": HANDLER.replace("GRANT_APPLICATION_PREFIX", "PAGE_SIZE"),
            },
        ),
        good(
            "the opposite",
            {
                "template.yaml": HERE.replace("GRANT_PREFIX", "OUTPUT_PREFIX"),
                "functions/discovery/handler.py": HANDLER.replace("GRANT_APPLICATION_PREFIX", "INPUT_PREFIX"),
            },
        ),
        good(
            "both are read",
            {
                "template.yaml": HERE,
                "functions/discovery/handler.py": """
                    import os

                    def handler(event, context):
                        old = os.environ.get("GRANT_PREFIX", "")
                        return os.environ["ACCESS_POINT"], os.environ.get("GRANT_APPLICATION_PREFIX", old)
                    """,
            },
        ),
    ],
)
def renamed_variable(function: Function) -> Iterator[Finding]:
    """
    A function sets a variable under one name, and its code reads another, nearly the same.

    The code has a default, so nothing fails: what the stack is deployed with is thrown away, and the default runs.
    A prefix that is wrong in this way finds no files, and the run succeeds.

    Use one name on both sides. The rule asks for one variable that nothing reads and one optional read
    that nothing sets in the same function; for such a pair S3AP303 and S3AP305 are silent.
    """
    for name, node, read in names_of(function).renamed:
        default = f"the default {read.default!r}" if read.default is not None else "its default"
        guess = f" (its code was found by {function.guess})" if function.guess else ""
        yield Finding(
            f"{name} is set, but {function.id} reads {read.name}, which is not; {default} always holds{guess}",
            at=node.key_at,
            fix=_under_one_name(function, name, read.name),
            related=(read.at.noted("the read"), function.at.noted("the function"), *read.related),
            flow=(node.key_at.noted("set here"), *read.via, read.at.noted("read under another name")),
        )


def _under_one_name(function: Function, name: str, wanted: str) -> Fix | None:
    """A fix that sets a variable under the name that is read, in whichever way the function is deployed."""
    found = [node for node in function.resource.properties["Environment"].walk() if _is_variable(node, name)]
    source = function.template.source
    return offer(f"Set {wanted} in its place", *(edits.rename(node, source, wanted) for node in found))


def _is_variable(node: Node, name: str) -> bool:
    """Whether a node below Environment is a variable of a name, in some arm of an `!If`."""
    return node.key == name and [part for part in node.path[4:] if part not in _ARMS] == ["Variables", name]


_ARMS = frozenset({"Fn::If", "1", "2"})
