"""What a template names in the project becomes the same objects everywhere, or it is said why not."""

from __future__ import annotations

import io
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from s3ap_lint.workspace import Workspace
from s3ap_ops.errors import OpsError
from s3ap_ops.local import LocalProject
from s3ap_ops.packaging.archive import Payload
from s3ap_ops.packaging.folders import Gathered
from s3ap_ops.packaging.package import Packaged, packaged

LIBRARY = Path(__file__).resolve().parents[2] / "fixtures/library"
BUCKET, REGION = "artifacts-123456789012", "ap-northeast-1"
HANDLER = "def handler(event, context):\n    return event\n"


def write(root: Path, files: Mapping[str, str | bytes]) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())


def pack(files: Mapping[str, str], path: str = "template.yaml", **more: object) -> Packaged:
    """A project in the working directory, with one of its templates packaged."""
    write(Path.cwd(), files)
    project = LocalProject()
    return packaged(project.template(path), project, BUCKET, "code", region=REGION, **more)  # type: ignore[arg-type]


def messages(done: Packaged) -> list[str]:
    return [problem.message for problem in done.problems]


def unzipped(done: Packaged, logical_id: str) -> dict[str, bytes]:
    (upload,) = [one for one in done.uploads if logical_id in one.logical_ids]
    with zipfile.ZipFile(io.BytesIO(upload.payload.data())) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


# -- archives


def gathered(root: Path) -> Payload:
    found = Gathered(Workspace(root))
    found.folder("")
    assert [] == found.problems
    return Payload(tuple(found.entries.values()))


_NAMES = st.text("abc_é", min_size=1, max_size=4).map(lambda name: f"{name}.py")
_TREES = st.dictionaries(
    st.tuples(st.sampled_from(["", "lib/", "lib/deep/"]), _NAMES).map("".join), st.binary(max_size=40), max_size=6
)


@settings(max_examples=15, deadline=None)
@given(files=_TREES, seed=st.integers(0, 1000))
def test_the_same_files_are_the_same_archive_in_whatever_order_and_at_whatever_time(
    files: dict[str, bytes], seed: int
) -> None:
    if not files:
        return
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        write(Path(one), files)
        names = list(files)
        random.Random(seed).shuffle(names)
        for at, name in enumerate(names):
            write(Path(other), {name: files[name]})
            os.utime(Path(other, name), (at * 1e6, at * 1e6))
        write(Path(other), {"lib/__pycache__/x.pyc": "left out", ".git/config": "left out"})
        first, second = gathered(Path(one)), gathered(Path(other))
        assert first.sha256 == second.sha256
        assert first.data() == second.data()
        with zipfile.ZipFile(io.BytesIO(first.data())) as archive:
            assert sorted(files) == archive.namelist()
            assert {(1980, 1, 1, 0, 0, 0)} == {info.date_time for info in archive.infolist()}


def test_another_byte_name_or_mode_is_another_key(home: Path) -> None:
    seen = set()
    for files, mode in (({"a": "1"}, 0o644), ({"a": "2"}, 0o644), ({"b": "1"}, 0o644), ({"a": "1"}, 0o755)):
        root = home / str(len(seen))
        write(root, files)
        (root / next(iter(files))).chmod(mode)
        seen.add(gathered(root).sha256)
    assert 4 == len(seen)


def test_modes_are_the_two_that_matter(home: Path) -> None:
    write(home, {"run.sh": "#!/bin/sh\n", "secret.py": ""})
    (home / "run.sh").chmod(0o700)
    (home / "secret.py").chmod(0o600)
    with zipfile.ZipFile(io.BytesIO(gathered(home).data())) as archive:
        assert {"run.sh": 0o100755, "secret.py": 0o100644} == {
            info.filename: info.external_attr >> 16 for info in archive.infolist()
        }


def test_a_file_that_changes_after_it_was_looked_at_is_not_archived(home: Path) -> None:
    write(home, {"a.py": "1"})
    payload = gathered(home)
    write(home, {"a.py": "2"})
    with pytest.raises(OpsError, match="is not what it was when it was looked at"):
        payload.data()


def test_a_link_out_of_the_project_and_one_in_a_circle_are_said(home: Path) -> None:
    write(home, {"code/handler.py": HANDLER})
    (home / "code/out.py").symlink_to("/etc/hostname")
    (home / "code/round").symlink_to(home / "code", target_is_directory=True)
    found = Gathered(Workspace(home))
    found.folder("code")
    assert ["code/out.py is a link out of the project", "code/round is a link to a folder around it"] == found.problems


# -- functions

KEYED = """\
Parameters:
  DeployBucket: {Type: String}
Resources:
  Discovery:  # reads the folder
    Type: AWS::Lambda::Function
    Properties:
      Handler: handler.handler
      Runtime: python3.12
      Role: arn:aws:iam::123456789012:role/r
      Code:
        S3Bucket: !Ref DeployBucket
        S3Key: lambda/uc-discovery.zip  # put there by a script
"""
HANDLER_WITH_SHARED = "from shared.rows import read\n\n\ndef handler(event, context):\n    return read()\n"
SHARED = {
    "uc/functions/discovery/handler.py": HANDLER_WITH_SHARED,
    "uc/functions/discovery/prompts/first.txt": "hello",
    "shared/__init__.py": "",
    "shared/rows.py": "from pathlib import Path\n\nfrom shared.words import WORD\n\n\ndef read():\n"
    "    return WORD + (Path(__file__).parent / 'tables' / 'a.json').read_text()\n",
    "shared/words.py": "WORD = 'w'\n",
    "shared/unused.py": "",
    "shared/limits.json": "{}",
    "shared/tables/a.json": "[]",
    "shared/schemas/b.json": "[]",
}


def test_a_handler_takes_along_what_it_imports_and_the_data_beside_that() -> None:
    done = pack({"uc/template.yaml": KEYED, **SHARED}, "uc/template.yaml")
    assert [] == messages(done)
    assert [
        "handler.py",
        "prompts/first.txt",
        "shared/__init__.py",
        "shared/limits.json",
        "shared/rows.py",
        "shared/tables/a.json",
        "shared/words.py",
    ] == [*unzipped(done, "Discovery")]


def test_only_the_bucket_and_the_key_of_the_template_change() -> None:
    done = pack({"uc/template.yaml": KEYED, **SHARED}, "uc/template.yaml")
    (upload,) = done.uploads
    assert upload.key == f"code/uc-discovery-{upload.payload.sha256[:16]}.zip"
    wanted = KEYED.replace("!Ref DeployBucket", BUCKET).replace("lambda/uc-discovery.zip", upload.key)
    assert wanted == done.text


def test_a_parameter_that_is_this_bucket_stays_and_a_version_is_named() -> None:
    first = pack({"uc/template.yaml": KEYED, **SHARED}, "uc/template.yaml")
    key = first.uploads[0].key
    done = pack({}, "uc/template.yaml", parameters={"DeployBucket": BUCKET}, versions={key: "v1"})
    wanted = KEYED.replace("lambda/uc-discovery.zip  # put there by a script\n", f"{key}  # put there by a script\n")
    assert f"{wanted}        S3ObjectVersion: v1\n" == done.text


def test_an_import_that_nobody_brings_is_named_with_its_place() -> None:
    broken = {**SHARED, "shared/words.py": "import somewhere_else\nWORD = 'w'\n"}
    done = pack({"uc/template.yaml": KEYED, **broken}, "uc/template.yaml")
    assert [
        "Handler 'handler.handler': shared/words.py:1 imports somewhere_else; nothing in the archive or Lambda has it"
    ] == messages(done)
    assert ((), KEYED) == (done.uploads, done.text)


def test_a_key_that_names_no_folder_stays_as_it_is() -> None:
    done = pack({"template.yaml": KEYED.replace("uc-discovery", "someone-elses")})
    assert ((), KEYED.replace("uc-discovery", "someone-elses"), ["Discovery"]) == (
        done.uploads,
        done.text,
        [one.logical_id for one in done.left],
    )


SAM = """\
Transform: AWS::Serverless-2016-10-31
Resources:
  Report:
    Type: AWS::Serverless::Function
    Properties: {CodeUri: report/, Handler: app.handler, Runtime: python3.12}  # one line
"""


def test_a_folder_is_packed_as_it_is() -> None:
    done = pack({"template.yaml": SAM, "report/app.py": HANDLER, "report/tests/test_app.py": "", "report/a.txt": "x"})
    (upload,) = done.uploads
    assert ["a.txt", "app.py", "tests/test_app.py"] == [*unzipped(done, "Report")]
    assert SAM.replace("report/,", f"s3://{BUCKET}/{upload.key},") == done.text


def test_a_folder_does_not_hold_what_lies_beside_it() -> None:
    done = pack({"template.yaml": SAM, "report/app.py": f"import shared\n{HANDLER}", "shared/__init__.py": ""})
    assert ["Handler 'app.handler': report/app.py:1 imports shared; shared/__init__.py is not in the archive"] == (
        messages(done)
    )


def test_json_is_rewritten_as_it_is_written() -> None:
    text = json.dumps(
        {
            "Resources": {
                "F": {
                    "Type": "AWS::Lambda::Function",
                    "Properties": {"Code": "report", "Handler": "app.handler", "Runtime": "python3.12"},
                }
            }
        },
        indent=4,
    )
    done = pack({"template.json": text, "report/app.py": HANDLER}, "template.json")
    code = json.loads(done.text)["Resources"]["F"]["Properties"]["Code"]
    assert {"S3Bucket": BUCKET, "S3Key": done.uploads[0].key} == code
    assert [line for line in text.splitlines() if "report" not in line] == [
        line for line in done.text.splitlines() if line in text.splitlines()
    ]


REQUIRING = {
    "template.yaml": SAM,
    "report/app.py": f"import requests\n{HANDLER}",
    "report/requirements.txt": "requests\n",
}


def test_requirements_that_lie_nowhere_are_not_installed() -> None:
    (said,) = messages(pack(REQUIRING))
    assert said.startswith("report/requirements.txt asks for requests, which no folder beside it holds")


def test_requirements_that_lie_beside_the_code_are_packed() -> None:
    done = pack({**REQUIRING, "report/requests/__init__.py": "", "report/requests-2.0.dist-info/METADATA": ""})
    assert ([], True) == (messages(done), "requests/__init__.py" in unzipped(done, "Report"))


def test_what_a_build_made_is_packed_instead() -> None:
    made = {"out/Report/app.py": REQUIRING["report/app.py"], "out/Report/requests/__init__.py": ""}
    done = pack({**REQUIRING, **made}, built="out")
    assert ([], ["app.py", "requests/__init__.py"]) == (messages(done), [*unzipped(done, "Report")])


def test_a_build_of_other_code_is_refused() -> None:
    done = pack({**REQUIRING, "out/Report/app.py": HANDLER, "out/Report/requests/__init__.py": ""}, built="out")
    assert ["out/Report/app.py is not report/app.py as it is now; build again"] == messages(done)


def test_a_handler_that_is_not_in_the_folder_is_said() -> None:
    done = pack({"template.yaml": SAM, "report/main.py": HANDLER})
    assert ["Handler 'app.handler': there is no app.py in the archive; Lambda could not load it"] == messages(done)


def test_more_than_lambda_takes_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("s3ap_ops.packaging.package.MOST_UNZIPPED", 100)
    done = pack({"template.yaml": SAM, "report/app.py": HANDLER, "report/big.bin": "x" * 100})
    assert [f"it has {100 + len(HANDLER)} bytes with its layers; Lambda takes 100"] == messages(done)


# -- everything else that is local

OTHERS = """\
Transform: AWS::Serverless-2016-10-31
Resources:
  Machine:
    Type: AWS::Serverless::StateMachine
    Properties:
      DefinitionUri: flow.asl.json
  Layer:
    Type: AWS::Serverless::LayerVersion
    Properties:
      ContentUri: layer
  Inner:
    Type: AWS::CloudFormation::Stack
    Properties:
      TemplateURL: inner/template.yaml
"""


def test_layers_definitions_and_nested_templates_are_uploaded_too() -> None:
    inner = {"inner/template.yaml": SAM, "inner/report/app.py": HANDLER}
    done = pack({"template.yaml": OTHERS, "flow.asl.json": "{}", "layer/python/a.py": "", **inner})
    keys = {one.logical_ids: one.key for one in done.uploads}
    assert [("Machine",), ("Layer",), ("Inner/Report",), ("Inner",)] == [*keys]
    wanted = OTHERS.replace("flow.asl.json", f"s3://{BUCKET}/{keys['Machine',]}")
    wanted = wanted.replace("ContentUri: layer", f"ContentUri: s3://{BUCKET}/{keys['Layer',]}")
    host = f"https://{BUCKET}.s3.{REGION}.amazonaws.com"
    assert wanted.replace("inner/template.yaml", f"{host}/{keys['Inner',]}") == done.text
    assert SAM.replace("report/,", f"s3://{BUCKET}/{keys['Inner/Report',]},") == done.uploads[-1].payload.text


def test_a_template_that_nests_itself_is_refused() -> None:
    inner = {"inner/template.yaml": OTHERS.replace("inner/template.yaml", "../template.yaml")}
    files = {"flow.asl.json": "{}", "layer/a": "", "inner/flow.asl.json": "{}", "inner/layer/a": ""}
    assert ["template.yaml nests itself"] == messages(pack({"template.yaml": OTHERS, **files, **inner}))


def test_what_is_not_packaged_is_refused_and_never_passed_over() -> None:
    text = """\
Resources:
  Job:
    Type: AWS::Glue::Job
    Properties:
      Command: {Name: glueetl, ScriptLocation: job.py}
  Fn::Transform: {Name: AWS::Include, Parameters: {Location: more.yaml}}
"""
    assert [
        "job.py is a script, which is not packaged here; upload it, and write its address",
        "more.yaml is text that AWS::Include takes in, which is not packaged here; upload it, and write its address",
    ] == messages(pack({"template.yaml": text}))


def test_functions_of_one_codeuri_share_one_object() -> None:
    text = """\
Transform: AWS::Serverless-2016-10-31
Globals:
  Function: {CodeUri: both/, Runtime: python3.12}
Resources:
  A: {Type: AWS::Serverless::Function, Properties: {Handler: a.handler}}
  B: {Type: AWS::Serverless::Function, Properties: {Handler: b.handler}}
"""
    done = pack({"template.yaml": text, "both/a.py": HANDLER, "both/b.py": HANDLER})
    (upload,) = done.uploads
    assert (("A", "B"), text.replace("both/", f"s3://{BUCKET}/{upload.key}")) == (upload.logical_ids, done.text)


# -- for real


IMPORTING = """
import importlib, sys
for folder in sys.argv[1:]:
    for name in [name for name in sys.modules if name.partition(".")[0] in ("handler", "shared")]:
        del sys.modules[name]
    sys.path.insert(0, folder)
    handler = importlib.import_module("handler")
    print(callable(handler.handler), handler.__file__)
    sys.path.remove(folder)
"""


def test_python_imports_the_handlers_from_their_archives_alone(home: Path) -> None:
    shutil.copytree(LIBRARY, home / "library")
    done = pack({}, "library/contract-review/template-deploy.yaml")
    assert [] == messages(done)
    folders = [home / f"task{number}" for number in range(4)]
    for folder, upload in zip(folders, done.uploads, strict=True):
        with zipfile.ZipFile(io.BytesIO(upload.payload.data())) as archive:
            archive.extractall(folder)
    code = [one.read_text("utf-8") for folder in folders for one in folder.rglob("*.py")]
    env = {name: "1" for text in code for name in re.findall(r"[A-Z][A-Z_]{3,}", text)} | {"LOG_LEVEL": "INFO"}
    env |= {"AWS_REGION": REGION, "AWS_DEFAULT_REGION": REGION}
    env |= {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}
    env |= {"PYTHONPATH": next(path for path in sys.path if Path(path, "boto3").is_dir())}
    command = [sys.executable, "-S", "-c", IMPORTING, *map(str, folders)]
    ran = subprocess.run(command, cwd="/", env=env, capture_output=True, text=True)
    assert [f"True {folder}/handler.py" for folder in folders] == ran.stdout.splitlines(), ran.stderr
