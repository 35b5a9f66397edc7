"""S3AP308: a function's package has a name that no function's package has."""

import re
from collections.abc import Iterator
from difflib import get_close_matches
from posixpath import basename

from s3ap_lint.api import (
    FUNCTION_TYPES,
    Application,
    Finding,
    Fix,
    Node,
    Options,
    Resource,
    Severity,
    Template,
    bad,
    code_key,
    edits,
    good,
    offer,
    rule,
)

TEMPLATE = """
    Parameters:
      CodeBucket: {Type: String}
    Resources:
      Discovery:
        Type: AWS::Lambda::Function
        Properties:
          Runtime: python3.12
          Handler: handler.handler
          Role: arn:aws:iam::123456789012:role/discovery
          Code: {S3Bucket: !Ref CodeBucket, S3Key: claims-discovery.zip}
      Report:
        Type: AWS::Lambda::Function
        Properties:
          Runtime: python3.12
          Handler: handler.handler
          Role: arn:aws:iam::123456789012:role/report
          Code:
            S3Bucket: !Ref CodeBucket
            S3Key: claims-reports.zip  # <- S3AP308
    """
RIGHT = TEMPLATE.replace("claims-reports.zip  # <- S3AP308", "claims-report.zip")
CODE = {
    "claims/functions/discovery/handler.py": "def handler(event, context): ...",
    "claims/functions/report/handler.py": "def handler(event, context): ...",
}


@rule(
    code="S3AP308",
    subject=Application,
    severity=Severity.WARNING,
    strict=True,
    since="0.1.0",
    options={"package-name": ""},
    examples=[
        bad(
            "a package of another name",
            {"claims/template.yaml": TEMPLATE, **CODE},
            fixed={"claims/template.yaml": RIGHT},
        ),
        bad(
            "not the name that the packaging script gives",
            {
                "claims/template.yaml": RIGHT.replace("S3Key: claims-report.zip", "S3Key: report.zip  # <- S3AP308"),
                **CODE,
            },
            fixed={"claims/template.yaml": RIGHT},
            options={"package-name": "{application}-{function}.zip"},
        ),
        bad(
            "the package that is meant is another function's",
            {
                "claims/template.yaml": TEMPLATE.replace("claims-reports", "claims-discovry"),
                **CODE,
            },
        ),
        good("the names of the folders", {"claims/template.yaml": RIGHT, **CODE}),
        good(
            "the names of the folders, as agreed",
            {"claims/template.yaml": RIGHT, **CODE},
            options={"package-name": "{application}-{function}.zip"},
        ),
        good("no folder is named after any package", {"claims/template.yaml": RIGHT, "claims/app.py": "VALUE = 1"}),
        good(
            "a key that a parameter gives",
            {"claims/template.yaml": RIGHT.replace("S3Key: claims-report.zip", "S3Key: !Ref CodeBucket"), **CODE},
        ),
    ],
)
def code_key_mismatch(application: Application, options: Options) -> Iterator[Finding]:
    """
    A function's `S3Key` names a package that no folder of the application is packed into.

    The deployment fails with NoSuchKey, or runs an old package that still lies in the bucket under that name.

    `package-name` is the pattern by which the packaging script names packages, such as `{application}-{function}.zip`;
    underscores in folder names may be hyphens. Without it, a key counts as wrong when other keys of the template
    end in the name of a folder with code and this one does not.
    """
    folders = application.code_folders
    if not folders:
        return
    name = basename(application.folder)
    for template in application.templates:
        if template.unknown_macros:
            continue
        keyed = [(one, key) for one in template.of_type(*FUNCTION_TYPES) if (key := _file(one))]
        pattern = options["package-name"]
        packages = {package for folder in folders for package in _packages(pattern, name, folder)}
        wrong = [(one, key) for one, key in keyed if not _names_one(key, packages, exact=bool(pattern))]
        if len(wrong) == len(keyed) and not pattern:
            continue  # they are named by another habit
        for function, key in wrong:
            node = function.properties["Code"]["S3Key"] or function.properties["CodeUri"]
            near = get_close_matches(key, sorted(packages), 2, 0.6)
            free = [one for one in near if one not in {other for _, other in keyed}]
            hint = f" (did you mean {near[0]!r}?)" if near else ""
            yield Finding(
                f"no folder is packed into {key!r}{hint}; {function.id} gets no code, or old code",
                at=node.at,
                related=(function.at.noted("the function"),),
                fix=_named(node, key, free[0], template) if near[:1] == free else None,
            )


def _named(node: Node, key: str, package: str, template: Template) -> Fix | None:
    """A fix that names another package in the same folder of the bucket."""
    text = node.text or node["Fn::Sub"].text
    if not text.endswith(key):
        return None
    whole = text.removesuffix(key) + package
    return offer(f"Take the package {package}", edits.replace_text(node, template.source, whole))


def _file(function: Resource) -> str:
    """The file name of a function's package where it is written out; "" where it is computed."""
    name = basename(code_key(function))
    return name if name.endswith(".zip") and "$" not in name else ""


def _packages(pattern: str, application: str, folder: str) -> Iterator[str]:
    given = pattern or "{application}-{function}.zip"
    for function in (folder, folder.replace("_", "-")):
        yield given.replace("{application}", application).replace("{function}", function)


def _names_one(key: str, packages: set[str], *, exact: bool) -> bool:
    """Whether a key is a package, or, unless it has to be exact, ends in the last words of one."""
    if key in packages:
        return True
    if exact:
        return False
    words = re.split(r"[-_.]", key.removesuffix(".zip"))
    ends = {"-".join(words[at:]) for at in range(len(words))}
    plain = {package.removesuffix(".zip").replace("_", "-") for package in packages}
    return any(end == package or package.endswith(f"-{end}") for end in ends for package in plain)
