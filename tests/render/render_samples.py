"""Reports to render: placed by hand in real text, and any report at all for hypothesis."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st

from s3ap_lint.diagnostic import Diagnostic, Paths, Place, PlacedEdit, PlacedFix, Report, Stats, Tool
from s3ap_lint.model import Group, Location, Rule, Safety, Scenario, Severity, Span, Unchecked
from s3ap_lint.offers import Catalogued
from s3ap_lint.source import Source

TEMPLATE = """\
Resources:
  WriterRole:
    Resource:
      - !Sub "arn:aws:s3:::${出力Alias}/*"  # 出力先
      - !Ref Other
"""

RULES: dict[str, Rule | Catalogued] = {
    "S3AP101": Rule(
        "S3AP101",
        "alias-only-grant",
        Severity.ERROR,
        "0.1",
        "An alias is an address, not an authorisation.\n\nGrant the access point ARN as well.",
        security=7.5,
    ),
    "S3AP303": Rule(
        "S3AP303", "unread-variable", Severity.WARNING, "0.1", "A variable that nobody reads.", strict=True
    ),
    "E3012": Catalogued(
        "E3012", "value-type", Severity.ERROR, "Check the type of a value", "https://example.org/E3012"
    ),
    "W1001": Catalogued("W1001", "relationship", Severity.WARNING, "Ref to a conditional resource"),
}

HAS_NAME = Scenario("when HasName is false (the default)", (("HasName", False),), (("Name", ""),), True)
PATHS = Paths(root="/srv/repo/solutions", cwd="/srv/repo/solutions", top="/srv/repo")


def place(part: str, note: str = "", *, path: str = "template.yaml", text: str = TEMPLATE) -> Place:
    """The place of a part of a text."""
    start = len(text[: text.index(part)].encode())
    return Source(path, text.encode()).place(Location(path, Span(start, start + len(part.encode())), note=note))


ALIAS = Diagnostic(
    code="S3AP101",
    name="alias-only-grant",
    severity=Severity.ERROR,
    message="granted by alias only; requests are authorised against the access point ARN",
    place=place('!Sub "arn:aws:s3:::${出力Alias}/*"'),
    logical_path="Resources/WriterRole/Properties/Policies/0/Resource",
    related=(place("WriterRole", "the role that has no other grant"),),
    flow=(place("WriterRole", "the role"), place("!Ref Other")),
    scenario=HAS_NAME,
    fix=PlacedFix(
        "Also grant the access point ARN",
        Safety.REVIEW,
        (PlacedEdit(replace(place("!Ref Other"), end_line=5, end_column=9, utf16_end_column=9), "- !Ref Arn\n      "),),
    ),
    fingerprint="0123456789abcdef",
    line_hash="271789c17abda88f:1",
)

UNREAD = Diagnostic(
    code="E3012",
    name="value-type",
    severity=Severity.WARNING,
    message="'Other' is no string",
    place=place("!Ref Other"),
)


def report(*findings: Diagnostic, **parts: object) -> Report:
    """A report on two small templates."""
    stats = Stats(files=4, templates=2, modules=1, applications=1, functions=3, functions_joined=2)
    tool = Tool("0.1.0", (("cfn-lint", "1.58.0"), ("pyflakes", "4.1.0")))
    return replace(Report(tuple(findings), stats=stats, tool=tool, paths=PATHS), **parts)  # type: ignore[arg-type]


UNCHECKED = (
    Unchecked("template.yaml", "Transform Acme", "a macro may rewrite it", 1),
    Unchecked("other.yaml", "Transform Acme", "a macro may rewrite it"),
    Unchecked("functions/app.py", "boto3.client(name)", "the service is computed", 7),
)

words = st.text(max_size=12)
codes = st.sampled_from([*RULES, "F401", "X[0](1),:%"])


@st.composite
def places(draw: st.DrawFn) -> Place:
    """Any place that a source can give, and any path."""
    text = draw(st.text(alphabet=st.sampled_from("ab [](){}\t\n\r出😀é\x1b\u202e"), max_size=60))
    source = Source(draw(st.text(max_size=8)) or "a", text.encode())
    start = draw(st.integers(0, len(source.data)))
    span = Span(start, start + draw(st.integers(0, 20)))
    return source.place(Location(source.path, draw(st.none() | st.just(span)), note=draw(words)))


scenarios = st.builds(
    Scenario,
    words,
    st.lists(st.tuples(words, st.booleans()), max_size=2).map(tuple),
    st.lists(st.tuples(words, words), max_size=2).map(tuple),
    st.booleans(),
)
fixes = st.builds(
    PlacedFix, words, st.sampled_from(Safety), st.lists(st.builds(PlacedEdit, places(), words), max_size=3).map(tuple)
)
several_places = st.lists(places(), max_size=3).map(tuple)
diagnostics = st.builds(
    Diagnostic,
    code=codes,
    name=words,
    severity=st.sampled_from(Severity),
    message=words,
    place=places(),
    logical_path=words,
    related=several_places,
    flow=several_places,
    scenario=st.none() | scenarios,
    fix=st.none() | fixes,
    fingerprint=st.sampled_from(["", "aa", "bb"]),
    line_hash=st.sampled_from(["", "1:1", "2:1"]),
    reason=words,
    group=st.none() | st.builds(Group, words, words, words, words, st.integers(0, 3), words, words),
)
several_diagnostics = st.lists(diagnostics, max_size=4).map(tuple)
reports = st.builds(
    Report,
    several_diagnostics,
    several_diagnostics,
    st.lists(st.builds(Unchecked, words, words, words, st.integers(0, 9)), max_size=3).map(tuple),
    st.builds(Stats, *[st.integers(0, 2000)] * 6),
    st.builds(
        Tool, st.sampled_from(["", "0.1.0", "0.1.0.dev1"]), st.lists(st.tuples(words.filter(bool), words)).map(tuple)
    ),
    st.sampled_from([PATHS, Paths("/", "/elsewhere", "/other"), Paths("/a", "/a/b", "/a")]),
)
