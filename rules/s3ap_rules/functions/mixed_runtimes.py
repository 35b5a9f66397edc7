"""S3AP320: functions of one project run on different versions of a language."""

import re
from collections.abc import Iterator, Mapping

from s3ap_lint.api import (
    FUNCTION_TYPES,
    Application,
    Finding,
    Fix,
    Node,
    Options,
    Severity,
    Template,
    bad,
    can_run_on,
    edits,
    good,
    offer,
    references,
    rule,
)

INLINE = "def handler(event, context): pass"
MIXED = """
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Discovery:
        Type: AWS::Serverless::Function
        Properties:
          InlineCode: "def handler(event, context): pass"
          Handler: index.handler
          Runtime: python3.13
      Report:
        Type: AWS::Serverless::Function
        Properties:
          InlineCode: "def handler(event, context): pass"
          Handler: index.handler
          Runtime: python3.13
      Notify:
        Type: AWS::Serverless::Function
        Properties:
          InlineCode: "def handler(event, context): pass"
          Handler: index.handler
          Runtime: python3.12  # <- S3AP320
    """
SAME = MIXED.replace("python3.12  # <- S3AP320", "python3.13")

MARK = "  # <- S3AP320"
GIVEN = (
    SAME
    + """
      Index:
        Type: AWS::Serverless::Function
        Properties:
          InlineCode: "def handler(event, context): pass"
          Handler: index.handler
          Runtime: !Ref Python  # <- S3AP320
    Parameters:
      Python: {Type: String, Default: python3.12, AllowedValues: [python3.13, python3.12]}
    """
)


@rule(
    code="S3AP320",
    subject=Application,
    severity=Severity.WARNING,
    strict=True,
    since="0.1.0",
    options={"runtime": ""},
    examples=[
        bad("one is behind the others", MIXED, fixed=SAME),
        bad("a parameter that is for runtimes alone", GIVEN, fixed=GIVEN.replace("3.12", "3.13", 1).replace(MARK, "")),
        bad("one is ahead of the others", MIXED.replace("3.12", "3.14")),
        bad(
            "a layer or package that is made for a version, and a handler of another language",
            {
                "layer/template.yaml": MIXED.replace(
                    MARK,
                    f"{MARK}\n          Layers: [arn:aws:lambda:us-east-1:336392948345:layer:AWSSDKPandas-Python312:1]",
                ),
                "package/template.yaml": MIXED.replace(
                    'InlineCode: "def handler(event, context): pass"', "CodeUri: s3://packages/notify.zip"
                ),
                "node/template.yaml": MIXED.replace("python3.13", "nodejs24.x").replace("python3.12", "nodejs22.x"),
            },
        ),
        bad(
            "what it imports is gone from the others' version",
            MIXED.replace("3.12", "3.11").replace(INLINE, "import asyncore; handler = lambda event, context: asyncore"),
        ),
        bad(
            "Globals differ from the rest of the project",
            {
                "ocr/template.yaml": """
                    Transform: AWS::Serverless-2016-10-31
                    Globals:
                      Function:
                        Runtime: python3.12  # <- S3AP320
                    Resources:
                      Ocr:
                        Type: AWS::Serverless::Function
                        Properties:
                          CodeUri: .
                          Handler: app.handler
                    """,
                "reports/template.yaml": SAME,
            },
        ),
        bad(
            "not the one that was agreed on",
            SAME.replace("Runtime: python3.13", "Runtime: python3.13  # <- S3AP320"),
            options={"runtime": "python3.14"},
        ),
        good("all the same", SAME),
        good("another language", SAME.replace("Runtime: python3.13", "Runtime: nodejs22.x", 1)),
        good(
            "as many of each",
            MIXED.replace("  # <- S3AP320", "").replace("python3.13", "python3.12", 1)
            + """
      Fourth:
        Type: AWS::Lambda::Function
        Properties:
          Runtime: python3.13
    """,
        ),
        good(
            "a parameter decides",
            SAME.replace("Runtime: python3.13", "Runtime: !Ref Runtime", 1).replace(
                "Resources:", "Parameters: {Runtime: {Type: String, Default: python3.13}}\n    Resources:"
            ),
        ),
    ],
)
def mixed_runtimes(application: Application, options: Options) -> Iterator[Finding]:
    """
    A function runs on another version of its language than most functions of the project.

    Shared modules and layers must then work on both, what was tested on one breaks on the other, and the older one is
    switched off first.

    `runtime` names the version that was agreed on, such as `python3.13`; without it, the one that more than half of the
    project's templates' functions of that language have.
    """
    counts = application.project.runtimes()
    agreed = options["runtime"]
    for template in application.templates:
        if template.unknown_macros:
            continue
        for node, owner in _runtimes(template):
            text = _runtime(node, template)
            wanted = agreed if agreed and language(agreed) == language(text) else "" if agreed else most(counts, text)
            if not text or not wanted or text == wanted:
                continue
            others = f"where {wanted} is agreed" if agreed else f"most others on {wanted}"
            yield Finding(
                f"{owner} runs on {text}, {others}; what they share must work on both",
                at=node.at,
                fix=_on(application, template, node, text, wanted, agreed),
            )


def _on(application: Application, template: Template, node: Node, text: str, wanted: str, agreed: str) -> Fix | None:
    """A fix that takes the wanted version of Python: a later one, or that which was agreed on.

    What is built for one version, such as a layer from elsewhere, may not work on another; other languages change what
    a handler is from one version to the next.
    """
    if not text.startswith("python3") or not (agreed or _version(text) < _version(wanted)):
        return None
    mine = [one for one in application.functions if one.template is template and one.runtime == text]
    if not all(can_run_on(one, wanted) for one in mine):
        return None
    name = node["Ref"].text
    parameter = template.space.parameters.get(name)
    if parameter is None:
        return offer(f"Run it on {wanted}", edits.replace_text(node, template.source, wanted) if node.is_text else None)
    others = [one for one in references(template) if one.name == name and one.node.key != "Runtime"]
    if others or not parameter.admits(wanted):
        return None
    return offer(f"Run it on {wanted}", edits.replace_text(parameter.node["Default"], template.source, wanted))


def _version(runtime: str) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", runtime)))


def _runtimes(template: Template) -> Iterator[tuple[Node, str]]:
    inherited = template.top["Globals"]["Function"]["Runtime"]
    if template.is_sam and inherited:
        yield inherited, "what does not say otherwise"
    for function in template.of_type(*FUNCTION_TYPES):
        if function.properties["Runtime"]:
            yield function.properties["Runtime"], function.id


def _runtime(node: Node, template: Template) -> str:
    parameter = template.space.parameters.get(node["Ref"].text)
    return (parameter.default or "") if parameter is not None else node.text


def language(runtime: str) -> str:
    """The language of a runtime: "python" of python3.13."""
    found = re.match(r"[a-z]+", runtime)
    return found.group() if found else ""


def most(counts: Mapping[str, int], runtime: str) -> str:
    """The version that more than half of a language's functions have; "" if there is none."""
    same = {name: count for name, count in counts.items() if language(name) == language(runtime)}
    best = max(same, key=lambda name: same[name], default="")
    return best if best and same[best] > 1 and same[best] * 2 > sum(same.values()) else ""
