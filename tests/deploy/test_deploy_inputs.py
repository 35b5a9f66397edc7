"""Deploy inputs as a run meets them: found, compared with their templates, silenced; and no account is given away."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent

import pytest

from s3ap_lint import run
from s3ap_lint.config import Config
from s3ap_lint.diagnostic import Report
from s3ap_lint.offers import RenderOptions
from s3ap_lint.plugins import make_manager
from s3ap_lint.registry import load
from s3ap_lint.render import RENDERERS

TEMPLATE = """
AWSTemplateFormatVersion: "2010-09-09"
Parameters:
  VpcId: {Type: "AWS::EC2::VPC::Id"}
  Level: {Type: String, Default: INFO}
Resources:
  Group:
    Type: AWS::EC2::SecurityGroup
    Properties: {GroupDescription: !Ref Level, VpcId: !Ref VpcId}
"""
SAMCONFIG = """\
version = 0.1
[default.deploy.parameters]
stack_name = "app"
parameter_overrides = [
    "VpcId=vpc-1",
    "Retention=7",{comment}
]
"""
ACCOUNT = "487236510948"


def write(root: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def check(root: Path, *paths: str, select: str = "S3AP7") -> Report:
    config = Config(root, root, root, engine="none", jobs=1, select=(select, "S3AP901", "S3AP903"))
    return run.check(paths or (".",), config)[0]


def found(report: Report) -> list[str]:
    return [f"{one.place.path}:{one.place.line} {one.code} {one.message}" for one in report.findings]


LOST = "Retention is no parameter of template.yaml; sam deploy leaves it out, so the value never arrives"


def test_a_configuration_alone_is_checked_against_the_template_beside_it(tmp_path: Path):
    """As pre-commit passes it; the template is read and not reported."""
    write(tmp_path, {"a/template.yaml": TEMPLATE, "a/samconfig.toml": SAMCONFIG.format(comment="")})
    report = check(tmp_path, "a/samconfig.toml")
    assert [f"a/samconfig.toml:6 S3AP705 {LOST}"] == found(report)
    assert (1, 0) == (report.stats.files, report.stats.templates)


def test_a_folder_with_nothing_but_a_configuration_is_checked(tmp_path: Path):
    write(tmp_path, {"samconfig.toml": SAMCONFIG.format(comment="")})
    report = check(tmp_path)
    assert [] == found(report)
    assert ["which template it is of cannot be told"] == [gap.reason for gap in report.unchecked]


def test_asking_about_the_template_shows_what_is_wrong_where_it_is_deployed(tmp_path: Path):
    write(tmp_path, {"a/template.yaml": TEMPLATE, "a/samconfig.toml": SAMCONFIG.format(comment="")})
    assert [f"a/samconfig.toml:6 S3AP705 {LOST}"] == found(check(tmp_path, "a/template.yaml"))


def test_every_kind_of_input_in_one_application(tmp_path: Path):
    guide = """\
    # 配備

    ```bash
    cd app
    aws cloudformation deploy --template-file template.yaml --stack-name x --parameter-overrides Retention=7
    ```

    <!-- s3ap-lint: ignore[S3AP705] an older release -->
    ```bash
    sam deploy --parameter-overrides Retention=7
    ```
    """
    script = """\
    #!/bin/bash
    cd "$(dirname "$0")/.."
    aws cloudformation create-stack --stack-name x --template-body file://template.yaml \\
      --parameters ParameterKey=VpcId,ParameterValue=$VPC \\
        ParameterKey=Retention,ParameterValue=7
    # s3ap-lint: ignore[S3AP706] created by hand
    aws cloudformation create-stack --stack-name x --template-body file://template.yaml
    """
    listed = (
        '[{"ParameterKey": "VpcId", "ParameterValue": "vpc-1"},\n {"ParameterKey": "Level2", "ParameterValue": ""}]'
    )
    write(
        tmp_path,
        {
            "app/template.yaml": TEMPLATE,
            "app/samconfig.toml": SAMCONFIG.format(comment="  # s3ap-lint: ignore[S3AP705] of the next release"),
            "app/dev-params.json": listed,
            "app/docs/guide.md": dedent(guide),
            "app/scripts/deploy.sh": dedent(script),
        },
    )
    report = check(tmp_path)
    left = "no parameter of template.yaml"
    assert [
        f"app/dev-params.json:2 S3AP705 Level2 is {left}; the deployment is refused",
        f"app/docs/guide.md:5 S3AP705 Retention is {left}; "
        "aws cloudformation deploy leaves it out, so the value never arrives",
        f"app/scripts/deploy.sh:5 S3AP705 Retention is {left}; the deployment is refused",
    ] == found(report)
    assert ["an older release", "of the next release", "created by hand"] == [
        one.reason for one in sorted(report.suppressed, key=lambda one: one.place.path)
    ]
    assert 5 == report.stats.files


def test_an_unused_ignore_is_told_in_every_kind(tmp_path: Path):
    right = SAMCONFIG.replace("Retention=7", "Level=INFO").format(comment="  # s3ap-lint: ignore[S3AP705] once")
    guide = "<!-- s3ap-lint: ignore[S3AP705] once -->\n```bash\nsam deploy --parameter-overrides Level=INFO\n```\n"
    write(tmp_path, {"template.yaml": TEMPLATE, "samconfig.toml": right, "README.md": guide})
    assert ["README.md:1 S3AP903", "samconfig.toml:6 S3AP903"] == [
        line[: line.index("S3AP903") + 7] for line in found(check(tmp_path))
    ]


def test_broken_toml_is_one_finding(tmp_path: Path):
    write(tmp_path, {"template.yaml": TEMPLATE, "samconfig.toml": 'version = 0.1\nparameter_overrides = ["A=1"\n'})
    (line,) = found(check(tmp_path))
    assert line.startswith("samconfig.toml:") and "S3AP901" in line


def test_the_template_of_another_folder(tmp_path: Path):
    """A script of the project deploys an application; both are found by their paths from the root."""
    script = (
        "aws cloudformation deploy --template-file apps/one/template.yaml --parameter-overrides VpcId=v Retention=7\n"
    )
    write(
        tmp_path, {"apps/one/template.yaml": TEMPLATE, "scripts/deploy.sh": script, "scripts/template.yaml": TEMPLATE}
    )
    assert ["S3AP705"] == [one.code for one in check(tmp_path, "scripts").findings if one.code != "S3AP708"]


@pytest.mark.parametrize("name", [renderer.name for renderer in RENDERERS])
def test_no_format_gives_an_account_away(tmp_path: Path, name: str):
    """Neither the finding about it nor another one on its line."""
    template = f"""
Resources:
  Policy:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      PolicyDocument:
        Version: "2012-10-17"
        Statement:
          - {{Effect: Allow, Action: "s3:*", Resource: "arn:aws:s3:us-east-1:{ACCOUNT}:accesspoint/<YOUR_NAME>"}}
"""
    code = f'ROLE = "arn:aws:iam::{ACCOUNT}:role/reader"\n'
    write(tmp_path, {"template.yaml": template, "handler.py": code})
    report = check(tmp_path)
    assert ["S3AP704", "S3AP703", "S3AP704"] == [one.code for one in report.findings]
    renderer = next(renderer for renderer in RENDERERS if renderer.name == name)
    told = renderer.render(report, load(make_manager(), RENDERERS).rules, RenderOptions(verbose=True))
    assert ACCOUNT not in told
    assert ("*" * 12 in told) == (name in {"text", "sarif"})


def test_a_guide_that_shows_a_template_is_none(tmp_path: Path):
    write(
        tmp_path,
        {"README.md": f"{TEMPLATE}\n- this: is: no YAML\n", "deploy.sh": f"cat <<EOF\n{TEMPLATE}\nEOF\naws s3 ls\n"},
    )
    assert ([], 0) == (found(check(tmp_path)), check(tmp_path).stats.templates)
