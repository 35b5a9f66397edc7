"""Hostile inputs: the run ends, says what it did not look at, and is the same twice. docs/budgets.md has the budgets.

Nothing here looks at a clock. What would take for ever fails by never ending, and growth is told by counting calls.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from s3ap_lint.discovery import Glob
from s3ap_lint.template.allowed import admitted

COUNTING = Path(__file__).with_name("counting.py")
Files = Mapping[str, str]

HEAD = "AWSTemplateFormatVersion: '2010-09-09'\nTransform: AWS::Serverless-2016-10-31\n"
FUNCTION = """\
  F{number}:
    Type: AWS::Serverless::Function
    Properties: {{Handler: h.handler, Runtime: python3.12, CodeUri: src}}
"""
TOPIC = """\
Resources:
  B: {Type: AWS::S3::Bucket, Condition: C}
  T: {Type: AWS::SNS::Topic, Properties: {TopicName: !Ref B}}
"""


def report(folder: Path) -> dict[str, Any]:
    """What a run in a folder says."""
    command = [sys.executable, "-m", "s3ap_lint", "--engine", "none", "--no-cache", "--exit-zero", "--format", "json"]
    done = subprocess.run([*command, "."], cwd=folder, capture_output=True, text=True, check=False)
    assert (0, "") == (done.returncode, done.stderr)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def handler(code: str) -> Files:
    """An application of one function."""
    return {"template.yaml": f"{HEAD}Resources:\n{FUNCTION.format(number=0)}", "src/h.py": code}


def everybody_calls_everybody(count: int) -> Files:
    """Functions that hand a value on to each other, in every order there is."""
    calls = "".join(f"    f{number}(client, key + '{number}')\n" for number in range(count))
    rest = "".join(f"def f{n}(client, key):\n{calls}    client.put_object(Bucket=key, Key=key)\n" for n in range(count))
    return handler(f"import boto3\n\ndef handler(event, context):\n    f0(boto3.client('s3'), 'a')\n\n{rest}")


def doubled_floats(count: int) -> Files:
    """Each value is the sum of the one before with itself."""
    sums = "".join(f"    x{n} = x{n - 1} + x{n - 1}\n" for n in range(1, count))
    return handler(
        f"import boto3\n\ndef handler(event, context):\n    x0 = 1.5\n{sums}"
        f"    boto3.resource('dynamodb').Table('t').put_item(Item={{'a': x{count - 1}}})\n"
    )


def doubled_returns(count: int) -> Files:
    """Each function returns what the next one does, in two ways."""
    rest = "".join(
        f"def f{n}(e):\n    if e:\n        return f{n + 1}(e)\n    return f{n + 1}(e)\n" for n in range(count)
    )
    caught = "    except Exception:\n        return {'statusCode': 500}\n"
    last = f"def f{count}(e):\n    try:\n        return {{'a': 1}}\n{caught}"
    files = handler(f"{rest}{last}\ndef handler(event, context):\n    return f0(event)\n")
    machine = "  M: {Type: AWS::Serverless::StateMachine, Properties: {Definition: {StartAt: A, States: {A: "
    return {**files, "template.yaml": files["template.yaml"] + machine + "{Type: Task, Resource: !GetAtt F0.Arn}}}}}\n"}


def free_conditions(count: int) -> Files:
    """A role whose statement stands behind one condition after the other."""
    parameters = "".join(f"  P{n}: {{Type: String, Default: x}}\n" for n in range(count))
    conditions = "".join(f"  C{n}: !Equals [!Ref P{n}, a]\n" for n in range(count))
    value = "b"
    for number in range(count):
        value = f"{{'Fn::If': [C{number}, 'v{number}', {value}]}}"
    policy = f"[{{Statement: [{{Effect: Allow, Action: 's3:GetObject', Resource: {value}}}]}}]"
    more = f"CodeUri: src, Environment: {{Variables: {{A: {value}}}}}, Policies: {policy}}}"
    function = FUNCTION.format(number=0).replace("CodeUri: src}", more)
    template = f"{HEAD}Parameters:\n{parameters}Conditions:\n{conditions}Resources:\n{function}"
    code = "import boto3, os\n\ndef handler(event, context):\n"
    call = "    boto3.client('s3').get_object(Bucket=os.environ['A'], Key='k')\n"
    return {**handler(code + call), "template.yaml": template}


def nested_loops(count: int) -> Files:
    """Loops in loops: two turns each, and in the end nothing."""
    text, indent = "AWSTemplateFormatVersion: '2010-09-09'\nTransform: AWS::LanguageExtensions\nResources:\n", "  "
    for number in range(count):
        text += f"{indent}Fn::ForEach::L{number}:\n{indent}  - L{number}\n{indent}  - [a, b]\n{indent}  -\n"
        indent += "    "
    return {"template.yaml": f"{text}{indent}A: {{Type: AWS::SNS::Topic}}\n"}


def costly_pattern(count: int) -> Files:
    """A pattern on which trying a value takes twice as long for each letter more."""
    parameter = "Parameters:\n  P: {Type: String, Default: '', AllowedPattern: '^(a+)+$'}\n"
    return {"template.yaml": f"{HEAD}{parameter}Conditions:\n  C: !Equals [!Ref P, '{'a' * count}!']\n{TOPIC}"}


def aliases(count: int) -> Files:
    """A thousand million laughs."""
    lists = "".join(f"  a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, count))
    return {"template.yaml": f"{HEAD}Metadata:\n  a0: &a0 [ha]\n{lists}Resources:\n  T: {{Type: AWS::SNS::Topic}}\n"}


def unknown_parameters(count: int) -> Files:
    """A configuration in which everything is wrong, and can be mended."""
    one = "[e{n}.deploy.parameters]\nstack_name = 's'\nparameter_overrides = \"Q{n}=2\"\n"
    config = "version = 0.1\n" + "".join(one.format(n=n) for n in range(count))
    return {"samconfig.toml": config, "template.yaml": f"{HEAD}Resources:\n  T: {{Type: AWS::SNS::Topic}}\n"}


TOO_MUCH = [
    (everybody_calls_everybody, 30, "would have to follow what calls are given through too many steps"),
    (doubled_floats, 60, "S3AP314 would have to follow a value through too many expressions"),
    (doubled_returns, 60, "S3AP310 would have to follow what is returned through too many values"),
    (free_conditions, 40, "S3AP101 would have to look at too many scenarios"),
    (nested_loops, 40, "the loops of the template make more than 20,000 values"),
    (costly_pattern, 60, "trying it on what the parameter is compared with may take too many steps"),
    (unknown_parameters, 300, "it has more findings than fixes can be proven for"),
    (aliases, 12, "its aliases expand to more than 400000 values"),
]


@pytest.mark.parametrize(("make", "size", "said"), TOO_MUCH, ids=lambda given: getattr(given, "__name__", None))
def test_what_is_too_much_is_given_up_and_told(
    make: Callable[[int], Files], size: int, said: str, write: Callable[[Files], Path]
):
    """Each of these took minutes, or the age of the universe, and none is told by a clock."""
    folder = write(make(size))
    first = report(folder)
    told = [gap["reason"] for gap in first["unchecked"]] + [finding["message"] for finding in first["findings"]]
    assert any(said in one for one in told), told
    assert first == report(folder)


QUIET = {
    "values that are worked out from each other": "".join(f"x{n} = x{n - 1} or x{n - 1}\n" for n in range(1, 60)),
    "texts that double": "".join(f"x{n} = f'{{x{n - 1}}}{{x{n - 1}}}'\n" for n in range(1, 60)),
    "collections that double": "".join(f"x{n} = (x{n - 1}, x{n - 1})\n" for n in range(1, 60)),
}


@pytest.mark.parametrize("name", QUIET)
def test_a_value_that_grows_beyond_all_bounds_cannot_be_told(name: str, write: Callable[[Files], Path]):
    """Like one that comes from the event: no rule speaks of it."""
    first = {"values": "os.environ.get('A')", "texts": "'aa'", "collections": "('a', 'b')"}[name.partition(" ")[0]]
    code = (
        f"import os\n\nx0 = {first}\n{QUIET[name]}\n\ndef handler(event, context):\n    return os.environ[str(x59)]\n"
    )
    assert [] == [one for one in report(write(handler(code)))["findings"] if one["code"] == "S3AP302"]


def test_modules_that_import_each_other_in_a_long_row_do_not_end_the_run(write: Callable[[Files], Path]):
    """Each has an import that nobody uses, and whether it may go depends on what importing the next one does."""
    modules = {f"src/m{n}.py": f"import m{n + 1}\n" for n in range(400)}
    found = report(write({**handler("import m0\n\ndef handler(event, context):\n    return 1\n"), **modules}))
    assert 401 == sum(one["code"] == "F401" for one in found["findings"])


def test_a_comment_of_many_signs_before_an_empty_item_is_read_once(write: Callable[[Files], Path]):
    """Where a comment might end was tried in every way there is: twice as many for each `#`."""
    listed = f"Metadata:\n  a:\n    - a{' #' * 60}\n    -\n    - b\n"
    assert (
        []
        == report(write({"template.yaml": f"{HEAD}{listed}Resources:\n  T: {{Type: AWS::SNS::Topic}}\n"}))["findings"]
    )


def test_a_glob_asks_each_of_its_levels_once_about_each_folder():
    """Sixteen `**` and forty folders."""
    path = "/".join(["a"] * 40)
    assert not Glob("", (*["**"] * 16, "x.py")).matches(f"{path}/y.py")
    assert Glob("", (*["**"] * 16, "x.py")).matches(f"{path}/x.py")


@pytest.mark.parametrize(
    ("pattern", "value", "answer"),
    [
        ("[a-z-]+", "a-b", True),
        ("[a-z-]+", "A", False),
        ("(a+)+", "a" * 20, True),
        ("(a+)+", "a" * 60, None),
        ("(?:[a-z]{1,63}\\.)*com", "b" * 60, None),
        ("a*a*a*a*a*a*a*b", "a" * 60, None),
        ("(ab)+c{3}", "ab" * 40, False),
        ("\\p{Alpha}+", "a", True),
    ],
)
def test_a_pattern_is_tried_where_that_ends(pattern: str, value: str, answer: bool | None):
    """None: not tried. A Java pattern that Python does not know may admit anything."""
    assert answer is admitted(pattern, value)


def functions(count: int) -> Files:
    """Functions with a handler each that share a module."""
    policy = "[{Statement: [{Effect: Allow, Action: 's3:PutObject', Resource: '*'}]}]"
    shared = "Globals: {Function: {Runtime: python3.12, CodeUri: src}}\n"
    one = "  F{n}: {{Type: AWS::Serverless::Function, Properties: {{Handler: h{n}.handler, Policies: {policy}}}}}\n"
    template = f"{HEAD}{shared}Resources:\n" + "".join(one.format(n=n, policy=policy) for n in range(count))
    code = "import common\n\ndef handler(event, context):\n    common.put(event)\n"
    common = "import boto3\n\ndef put(event):\n    boto3.client('s3').put_object(Bucket='b', Key=event['k'])\n"
    return {"template.yaml": template, "src/common.py": common, **{f"src/h{n}.py": code for n in range(count)}}


def statements(count: int) -> Files:
    """One role with many statements."""
    files = handler(
        "import boto3\n\ndef handler(event, context):\n    boto3.client('s3').get_object(Bucket='b', Key='k')\n"
    )
    rest = "".join(f"{{Effect: Allow, Action: 's3:*{n}', Resource: 'arn:aws:s3:::*a*{n}*'}}, " for n in range(count))
    policies = f"CodeUri: src, Policies: [{{Statement: [{rest}]}}]}}"
    return {**files, "template.yaml": files["template.yaml"].replace("CodeUri: src}", policies)}


def states(count: int) -> Files:
    """One state machine with many states."""
    inside = ", ".join(f'"S{n}": {{"Type": "Task", "Resource": "${{F}}", "Next": "S{n + 1}"}}' for n in range(count))
    machine = "  M: {Type: AWS::Serverless::StateMachine, Properties: {DefinitionUri: m.asl.json}}\n"
    files = handler("def handler(event, context):\n    return 1\n")
    text = f'{{"StartAt": "S0", "States": {{{inside}}}}}'
    return {**files, "template.yaml": files["template.yaml"] + machine, "m.asl.json": text}


def unused_variables(count: int) -> Files:
    """One function with many variables that nobody reads."""
    return {"a.py": "def f():\n" + "".join(f"    x{n} = 1\n" for n in range(count))}


def one_line(count: int) -> Files:
    """The same on a single line."""
    return {"a.py": "def f(): " + "; ".join(f"x{n} = 1" for n in range(count)) + "\n"}


def environment(count: int) -> Files:
    """One handler that reads many variables that nobody sets."""
    reads = "".join(f"    os.environ['V{n}']\n" for n in range(count))
    return handler(f"import os\n\ndef handler(event, context):\n{reads}")


def callers(count: int) -> Files:
    """One function that many call."""
    calls = "".join(f"    put(client, 'k{n}')\n" for n in range(count))
    put = "def put(client, key):\n    client.put_object(Bucket='b', Key=key)\n"
    return handler(f"import boto3\n\n{put}\ndef handler(event, context):\n    client = boto3.client('s3')\n{calls}")


def scripts(count: int) -> Files:
    """A script with many deployments."""
    one = "aws cloudformation deploy --stack-name s --template-file t.yaml --parameter-overrides Q{n}=1\n"
    template = f"{HEAD}Resources:\n  T: {{Type: AWS::SNS::Topic}}\n"
    return {"t.yaml": template, "deploy.sh": "#!/bin/sh\n" + "".join(one.format(n=n) for n in range(count))}


@pytest.mark.parametrize(
    "make", [functions, statements, states, unused_variables, one_line, environment, callers, scripts]
)
def test_twice_as_much_takes_about_twice_the_calls(make: Callable[[int], Files], tmp_path: Path):
    """From n to 2n and on to 4n, what comes on top doubles; where it is four times as much, something is quadratic."""
    folders = []
    for size in (50, 100, 200):
        folders.append(tmp_path / str(size))
        for name, text in make(size).items():
            path = folders[-1] / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
    command = [sys.executable, str(COUNTING), "--calls", *map(str, folders)]
    environment = {**os.environ, "PYTHONHASHSEED": "0"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    _, small, middle, large = map(int, done.stdout.split())
    assert 2.5 >= (large - middle) / (middle - small), (small, middle, large)
