"""Shell, TOML and Markdown are read as far as deployments need, and every place is where it says."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from s3ap_lint.deploy import reading, samconfig, toml_edits
from s3ap_lint.deploy.commands import deployments
from s3ap_lint.deploy.markdown import fences
from s3ap_lint.deploy.model import Terms
from s3ap_lint.deploy.overrides import pairs
from s3ap_lint.deploy.recognition import Kind, is_example, kind_of
from s3ap_lint.deploy.shell import Command, parse
from s3ap_lint.deploy.toml_spans import Entry, Text, scan
from s3ap_lint.source import Source, apply


def said(command: Command) -> list[str | None]:
    return [word.text for word in command.words]


def spoken(text: str) -> list[list[str | None]]:
    return [said(command) for command in parse(text)]


def terms_of(text: str, path: str = "deploy.sh") -> list[Terms]:
    source = Source(path, text.encode())
    return list(deployments(source, parse(source.text)))


def values(terms: Terms) -> dict[str, str | None]:
    return {one.name: one.value for one in terms.given}


# -- shell --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a 'b c' \"d e\" f\\ g", [["a", "b c", "d e", "f g"]]),
        ("a \\\n  b # c\nd", [["a", "b"], ["d"]]),
        ("a \\\r\n  b\r\n", [["a", "b"]]),
        ("a; b && c | d & e", [["a"], ["b"], ["c"], ["d"], ["e"]]),
        ('a $B ${C:-d} "$(e f)" `g`', [["e", "f"], ["a", None, None, None, None]]),
        ("cat <<EOF\nit's; $(not a command\nEOF\nb", [["cat"], ["b"]]),
        ("cat <<-'EOF'\n\tx\n\tEOF\nb", [["cat"], ["b"]]),
        ("a > out 2>&1 < in b", [["a", "b"]]),
        ("a Vpc=<VPC_ID> <your-bucket>", [["a", "Vpc=<VPC_ID>", "<your-bucket>"]]),
        ("f() { a; }", [["f"], ["{", "a"], ["}"]]),
        ("a#b 'c#d'", [["a#b", "c#d"]]),
        ("日本=語 '値'", [["日本=語", "値"]]),
        ("echo 'never closed", [["echo", "never closed"]]),
        ("", []),
    ],
)
def test_commands_are_words_as_a_shell_has_them(text: str, expected: list[list[str | None]]):
    assert expected == spoken(text)


def test_items_of_an_array_are_kept_with_its_assignment():
    (command,) = parse('params=("A=$x" B=c)  # both')
    (word,) = command.assignments
    assert (None, ["A=", "B=c"]) == (word.text, [item.head for item in word.items])


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="ab$(){}\"'\\`#<>&|;= \n\t日-", max_size=60))
def test_nothing_that_is_written_stops_the_reader(text: str):
    """Words stand where they say, whatever the text is."""
    for command in parse(text):
        for word in command.words:
            assert 0 <= word.start <= word.end <= len(text)
    terms_of(f"aws cloudformation deploy --parameter-overrides {text}")


# -- parameters ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A=1 B=2", {"A": "1", "B": "2"}),
        ('A=\\"x y\\" B=2', {"A": "x y", "B": "2"}),
        ("Rate=rate(1 hour)", {"Rate": "rate(1 hour)"}),
        ("A= B=", {"A": "", "B": ""}),
        ('A=""', {"A": ""}),
        ("ParameterKey=A,ParameterValue=1 ParameterKey=B,ParameterValue=x,y", {"A": "1", "B": "x,y"}),
        ("Url=https://x/?a=b", {"Url": "https://x/?a=b"}),
        ("nothing", {}),
    ],
)
def test_parameters_in_a_text(text: str, expected: dict[str, str]):
    found = list(pairs(text))
    assert expected == {pair.name: pair.value for pair in found}
    for pair in found:
        assert pair.name == text[pair.name_start : pair.name_start + len(pair.name)]


def test_a_command_with_everything():
    (terms,) = terms_of(
        """
        aws --region eu-west-1 cloudformation deploy --template-file ./a/template.yaml \\
            --stack-name "$STACK" \\
            --parameter-overrides \\
                "VpcId=$VPC" Name='a b' Empty= \\
            --capabilities CAPABILITY_IAM CAPABILITY_NAMED_IAM --no-fail-on-empty-changeset
        """
    )
    assert ("aws cloudformation deploy", "a/template.yaml", True) == (terms.by, terms.template, terms.complete)
    assert {"VpcId": None, "Name": "a b", "Empty": ""} == values(terms)
    assert ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"] == [one.name for one in terms.capabilities or ()]


@pytest.mark.parametrize(
    ("text", "complete", "capabilities"),
    [
        ('sam deploy --parameter-overrides A=1 "${MORE[@]}"', False, None),
        ("sam deploy --guided --parameter-overrides A=1", False, None),
        ("sam deploy --parameter-overrides A=1 ...", False, None),
        ("aws cloudformation deploy --parameter-overrides A=1 --capabilities $C", True, None),
        ("aws cloudformation deploy --parameter-overrides A=1", True, ()),
        ("aws cloudformation create-stack --cli-input-json file://x.json", False, None),
    ],
)
def test_what_cannot_be_told_is_left_open(text: str, complete: bool, capabilities: tuple[()] | None):
    (terms,) = terms_of(text)
    assert (complete, capabilities) == (terms.complete, terms.capabilities)


def test_the_template_of_a_command():
    named = "aws cloudformation deploy --stack-name a --template-file"
    cases = {
        f"{named} x.yaml": "x.yaml",
        f'{named} "$PROJECT_ROOT/cfn/x.yaml"': "cfn/x.yaml",
        f'{named} "$UC/x.yaml"': None,
        f"T=x.yaml\n{named} $T": "x.yaml",
        f"T=x.yaml\nT=y.yaml\n{named} $T": None,
        f"for T in a b; do {named} $T; done": None,
        "aws cloudformation create-stack --template-body file://x.yaml": "x.yaml",
        "aws cloudformation create-stack --template-url https://x": None,
        "sam deploy": "",
        "sam build -t x.yaml && sam deploy": "x.yaml",
        "sam deploy --template-file .aws-sam/build/template.yaml": "",
        f"aws cloudformation package -t x.yaml --output-template-file out.yaml\n{named} out.yaml": "x.yaml",
    }
    assert cases == {text: terms_of(text)[-1].template for text in cases}


def test_the_folder_of_a_command():
    cases = {
        "cd a/b && sam deploy": "a/b",
        "cd a\ncd ../c\nsam deploy": "c",
        '(cd "$TMP" && zip x y)\nsam deploy': "",
        'cd "$TMP"\nsam deploy': None,
        'cd "$(dirname "$0")/.."\nsam deploy': "",
        'cd "$REPO_ROOT/a"\nsam deploy': "a",
        "cd a\ncd b\ncd -\nsam deploy": "a",
        'cd "$TMP"\naws cloudformation deploy --template-file "$SCRIPT_DIR/x.yaml"': "",
    }
    assert cases == {text: terms_of(text)[-1].folder for text in cases}


# -- TOML ---------------------------------------------------------------------------------------------

DOCUMENT = '''
version = 0.1  # "not a string"
[default.deploy.parameters]
"stack_name" = 'app'
parameter_overrides = [
    "A=1", # first
    # "B=2",
    'C=3'
]
[ prod . deploy.parameters ]
parameter_overrides = "A=1 B=\\"x y\\""
tags = { a = "b" }
text = """
one "two"
"""
done = true
'''


def test_every_string_is_where_it_stands():
    found = [one for one in scan(DOCUMENT) if isinstance(one, Entry)]
    assert [
        ("version",),
        ("default", "deploy", "parameters", "stack_name"),
        ("default", "deploy", "parameters", "parameter_overrides"),
        ("prod", "deploy", "parameters", "parameter_overrides"),
        ("prod", "deploy", "parameters", "tags"),
        ("prod", "deploy", "parameters", "text"),
        ("prod", "deploy", "parameters", "done"),
    ] == [one.path for one in found]
    there = tomllib.loads(DOCUMENT)
    for one in found:
        value: object = there
        for key in one.path:
            assert isinstance(value, dict)
            value = value[key]
        if isinstance(one.value, Text):
            assert value == one.value.text
            assert one.value.raw == DOCUMENT[one.value.raw_start : one.value.raw_start + len(one.value.raw)]
        elif one.value is not None:
            assert value == [text.text for text in one.value]


_WORDS = st.text(alphabet="AB=1 日#'[],", max_size=8)


@settings(max_examples=150, deadline=None)
@given(st.lists(_WORDS, min_size=1, max_size=5), st.booleans(), st.booleans(), st.data())
def test_an_item_is_taken_out_and_nothing_else_changes(items: list[str], lines: bool, crlf: bool, data: st.DataObject):
    """Every byte outside one edit stays, and the document says what it said but for the item."""
    between = ",  # あと\n    " if lines else ", "
    inner = between.join(f'"{item}"' for item in items)
    text = (
        f"# はじめ\na = 1\n[x]\nlist = [\n    {inner}\n]\nlast = 'y'\n" if lines else f"[x]\nlist = [{inner}]\nb = 2\n"
    )
    source = Source("samconfig.toml", (text.replace("\n", "\r\n") if crlf else text).encode())
    index = data.draw(st.integers(0, len(items) - 1))
    edit = toml_edits.without_item(source, ("x", "list"), index)
    if edit is None:
        return
    edited = tomllib.loads(apply(source.data, [edit]).decode().replace("\r\n", "\n"))
    expected = tomllib.loads(text)
    del expected["x"]["list"][index]
    assert expected == edited


def test_an_item_goes_with_its_line():
    source = Source("x.toml", b'[x]\nlist = [\n    "a",\n    # why\n    "b",  # so\n    "c",\n]\n')
    edit = toml_edits.without_item(source, ("x", "list"), 1)
    assert edit is not None
    assert b'[x]\nlist = [\n    "a",\n    # why\n    "c",\n]\n' == apply(source.data, [edit])


def test_environments_and_what_they_share():
    text = """
[default.global.parameters]
stack_name = "app"
capabilities = ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"]
[default.build.parameters]
template_file = "app.yaml"
[default.deploy.parameters]
parameter_overrides = ["A=1", "B="]
[prod.deploy.parameters]
stack_name = "app"
template = "other.yaml"
parameter_overrides = "A=2"
[table.deploy.parameters.parameter_overrides]
A = "3"
"""
    default, prod, table = samconfig.terms(Source("samconfig.toml", text.encode()))
    assert [{"A": "1", "B": ""}, {"A": "2"}, {"A": "3"}] == [values(one) for one in (default, prod, table)]
    assert ["app.yaml", "other.yaml", ""] == [one.template for one in (default, prod, table)]
    assert ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"] == [one.name for one in default.capabilities or ()]
    assert () == prod.capabilities
    assert table.capabilities is None


def test_broken_toml_is_told_with_its_line():
    source = Source("samconfig.toml", b"version = 0.1\n[default\n")
    with pytest.raises(reading.Broken) as told:
        reading.read(source, Kind.SAMCONFIG, lambda path: None)
    assert told.value.span is not None
    assert 2 == source.line_of(told.value.span.start)


# -- Markdown, and what a file is ---------------------------------------------------------------------


def test_fences_of_a_guide():
    text = "a\n```bash\nx\n```\n> ~~~\n> y\n> ~~~\n````sh\n```\nz\n````\n```python\nopen"
    assert [("bash", "x\n"), ("", "> y\n"), ("sh", "```\nz\n"), ("python", "open")] == [
        (block.language, text[block.start : block.end]) for block in fences(text)
    ]


@pytest.mark.parametrize(
    ("name", "data", "kind"),
    [
        ("samconfig.toml", b"", Kind.SAMCONFIG),
        ("samconfig.prod.toml.example", b"", Kind.SAMCONFIG),
        ("pyproject.toml", b"", None),
        ("deploy.sh", b"aws s3 ls", Kind.SHELL),
        ("hello.sh", b"echo jaws and sam", None),
        ("README.md", b"--parameter-overrides A=1", Kind.MARKDOWN),
        ("README.md", b"aws s3 ls", None),
        ("dev.json", b'[{"ParameterKey": "A", "ParameterValue": "1"}]', Kind.PARAMETERS),
        ("params.json", b'{"Parameters": {"A": "1"}}', Kind.PARAMETERS),
        ("settings.json", b'{"Parameters": {"A": "1"}}', None),
        ("flow.asl.json", b'{"States": {"A": {"Parameters": {}}}, "param": "ParameterKey"}', None),
    ],
)
def test_what_a_file_is(name: str, data: bytes, kind: Kind | None):
    assert kind == kind_of(name, data)


def test_examples_say_so_in_their_names():
    names = ["samconfig.toml.example", "params.example.json", "sample-params.json", "samconfig.toml", "template.yaml"]
    assert [True, True, True, False, False] == [is_example(f"a.example/{name}") for name in names]
