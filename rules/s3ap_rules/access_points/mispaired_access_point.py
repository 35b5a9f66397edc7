"""S3AP104: the alias of one access point beside the name of another."""

import re
from collections.abc import Iterator

from s3ap_lint.api import (
    Filler,
    Finding,
    Fix,
    Leaf,
    Location,
    Node,
    Role,
    S3Resource,
    Severity,
    Statement,
    Target,
    Template,
    World,
    bad,
    edits,
    given_when,
    good,
    guards,
    if_,
    offer,
    ref,
    references,
    rule,
    s3_resource,
    sub,
)

HEAD = """
    Parameters:
      S3AccessPointAlias: {Type: String}
      S3AccessPointName: {Type: String}
      OutputAccessPointAlias: {Type: String}
      OutputAccessPointName: {Type: String, Default: ""}
    Conditions:
      SameAccessPoint: !Equals [!Ref OutputAccessPointName, ""]
    Resources:
      Worker:
        Type: AWS::IAM::Role
        Properties:
          AssumeRolePolicyDocument: {}
          Policies:
            - PolicyName: Access
              PolicyDocument:
                Statement:
    """


def _role(statement: str) -> str:
    lines = statement.strip("\n").splitlines()
    return HEAD.rstrip(" ") + "".join(f"{' ' * 18}{line}\n" for line in lines)


@rule(
    code="S3AP104",
    subject=Role,
    severity=Severity.WARNING,
    since="0.1.0",
    security=4.0,
    examples=[
        bad(
            "writes go to the output, the grant names the input",
            _role("""
- Effect: Allow
  Action: s3:PutObject
  Resource:
    - !Sub "arn:aws:s3:::${OutputAccessPointAlias}/*"
    - !Sub "arn:aws:s3:*:*:accesspoint/${S3AccessPointName}/object/*"  # 入力側の名前  # <- S3AP104
"""),
            fixed=_role("""
- Effect: Allow
  Action: s3:PutObject
  Resource:
    - !Sub "arn:aws:s3:::${OutputAccessPointAlias}/*"
    - !Sub  # 入力側の名前
      - arn:aws:s3:*:*:accesspoint/${Name}/object/*
      - Name: !If [SameAccessPoint, !Ref S3AccessPointName, !Ref OutputAccessPointName]
"""),
        ),
        bad(
            "both names must be given",
            _role("""
- Effect: Allow
  Action: s3:PutObject
  Resource:
    - !Sub "arn:aws:s3:::${OutputAccessPointAlias}/*"
    - !Sub "arn:aws:s3:*:*:accesspoint/${S3AccessPointName}/object/*"  # <- S3AP104
- Effect: Allow
  Action: s3:GetObject
  Resource: !Sub "arn:aws:s3:*:*:accesspoint/${S3AccessPointName}/object/*"
""").replace('Name: {Type: String, Default: ""}', "Name: {Type: String, MinLength: 1}"),
            fixed=_role("""
- Effect: Allow
  Action: s3:PutObject
  Resource:
    - !Sub "arn:aws:s3:::${OutputAccessPointAlias}/*"
    - !Sub "arn:aws:s3:*:*:accesspoint/${OutputAccessPointName}/object/*"
- Effect: Allow
  Action: s3:GetObject
  Resource: !Sub "arn:aws:s3:*:*:accesspoint/${S3AccessPointName}/object/*"
""").replace('Name: {Type: String, Default: ""}', "Name: {Type: String, MinLength: 1}"),
        ),
        good(
            "each alias with its own name",
            _role("""
- Effect: Allow
  Action: s3:PutObject
  Resource:
    - !Sub "arn:aws:s3:::${OutputAccessPointAlias}/*"
    - !Sub "arn:aws:s3:*:*:accesspoint/${OutputAccessPointName}/object/*"
- Effect: Allow
  Action: s3:GetObject
  Resource:
    - !Sub "arn:aws:s3:::${S3AccessPointAlias}/*"
    - !Sub "arn:aws:s3:*:*:accesspoint/${S3AccessPointName}/object/*"
"""),
        ),
        good(
            "a declared fallback to the input's name",
            _role("""
- Effect: Allow
  Action: s3:PutObject
  Resource:
    - !Sub "arn:aws:s3:::${OutputAccessPointAlias}/*"
    - !Sub
      - "arn:aws:s3:*:*:accesspoint/${Name}/object/*"
      - Name: !If [SameAccessPoint, !Ref S3AccessPointName, !Ref OutputAccessPointName]
"""),
        ),
        bad(
            "the output has an alias of its own, but no name",
            _role("""
- Effect: Allow
  Action: s3:PutObject
  Resource:
    - !Sub "arn:aws:s3:::${OutputAccessPointAlias}/*"
    - !Sub "arn:aws:s3:*:*:accesspoint/${S3AccessPointName}/object/*"  # <- S3AP104
""")
            .replace('      OutputAccessPointName: {Type: String, Default: ""}\n', "")
            .replace("!Equals [!Ref OutputAccessPointName", "!Equals [!Ref S3AccessPointName"),
        ),
        good(
            "the alias falls back to the input's as well",
            _role("""
- Effect: Allow
  Action: s3:PutObject
  Resource:
    - !Sub
      - "arn:aws:s3:::${Alias}/*"
      - Alias: !If [SameAccessPoint, !Ref S3AccessPointAlias, !Ref OutputAccessPointAlias]
    - !Sub "arn:aws:s3:*:*:accesspoint/${S3AccessPointName}/object/*"
    - !Sub "arn:aws:s3:*:*:accesspoint/${OutputAccessPointName}/object/*"
"""),
        ),
    ],
)
def mispaired_access_point(role: Role) -> Iterator[Finding]:
    """
    The alias of the output stands beside the name of the input access point, or the reverse.

    The alias grants nothing, so the role may use the access point that is named, and not the one it
    writes to: as soon as the two are different access points, every request to the other is denied.

    Which side a parameter is on is told by what it calls itself (output, destination, target, result; the input
    is often plain). A fallback from one to the other in the statement counts as right. Give the other access
    point a name parameter of its own, and grant that.
    """
    names = _name_parameters(role)
    found: dict[Location, tuple[str, str]] = {}
    leaves: dict[Location, Leaf] = {}
    right: set[tuple[str, ...]] = set()
    for outcome in role.template.outcomes(lambda world: _pairs(role, world)):
        for leaf, alias, name in outcome.answer:
            place = leaf.at
            leaves[place] = leaf
            if _side(alias) == _side(name):
                right.add(_statement_of(place))
            else:
                found.setdefault(place, (alias, name))
    for place, (alias, name) in sorted(found.items(), key=lambda item: str(item[0].path)):
        if _statement_of(place) in right:
            continue
        better = next((other for other in names if _side(other) == _side(alias)), "")
        named = role.template.space.parameters.get(better)
        yield Finding(
            f"{role.id} uses the alias {alias}, but what is granted is {name}; "
            f"{_when(role, alias)}every request is denied{f', and {better} is its name' if better else ''}",
            at=place,
            fix=_fix(leaves[place].node, name, better, role.template) if better else None,
            related=(
                role.at.noted("the role"),
                role.template.space.parameters[alias].node.key_at.noted("the alias"),
                *((named.node.key_at.noted("the name that belongs here"),) if named else ()),
            ),
        )


def _fix(node: Node, name: str, better: str, template: Template) -> Fix | None:
    """The name that belongs to the alias in place of the other, which stays for when that is empty."""
    found = node.function
    guard = given_when(better, template)
    if found is None or found[0] != "Fn::Sub" or not found[1].is_scalar or given_when(name, template) in guards(node):
        return None
    hole, text = f"${{{name}}}", found[1].text
    if not template.space.may_be_empty(better):
        if all(one.name != name or one.node is node for one in references(template)):
            return None  # a parameter that nothing uses any more would be the next question
        edit = edits.replace_text(node, template.source, text.replace(hole, f"${{{better}}}"))
    elif guard is not None and "${Name}" not in text:
        first, second = (better, name) if guard[1] else (name, better)
        either = {"Name": if_(guard[0], ref(first), ref(second))}
        edit = edits.replace(node, template.source, sub(text.replace(hole, "${Name}"), either))
    else:
        return None
    return offer(f"Grant the access point that {better} names", edit)


def _when(role: Role, alias: str) -> str:
    """The condition under which the two are told apart at all."""
    given = f"when {alias} is given and" if role.template.space.may_be_empty(alias) else "when it"
    return f"{given} belongs to another access point, "


def _pairs(role: Role, world: World) -> tuple[tuple[Leaf, str, str], ...]:
    """(resource with the name, alias parameter, name parameter) of each statement that has both."""
    if not role.exists(world):
        return ()
    out = []
    for statement in role.policies(world).statements:
        aliases = _aliases(statement, role)
        for resource in access_points(statement, role):
            for name in _parameters(resource):
                out += [(resource.leaf, alias, name) for alias in aliases]
    return tuple(out)


def is_mispaired(statement: Statement, named: S3Resource, role: Role) -> bool:
    """Whether a statement that names an access point has an alias that belongs to another."""
    aliases = _aliases(statement, role)
    return any(_side(alias) != _side(name) for alias in aliases for name in _parameters(named))


def access_points(statement: Statement, role: Role) -> list[S3Resource]:
    """The access points that a statement names."""
    return [one for one in _resources(statement, role) if one.target is Target.ACCESS_POINT]


def _aliases(statement: Statement, role: Role) -> list[str]:
    return [p for r in _resources(statement, role) if r.target is Target.ALIAS for p in _parameters(r)]


def _resources(statement: Statement, role: Role) -> list[S3Resource]:
    leaves: list[Leaf] = list(statement.resources) if statement.allows else []
    return [s3_resource(leaf, role.template) for leaf in leaves]


def _parameters(resource: S3Resource) -> list[str]:
    return [piece.name for piece in resource.name if not isinstance(piece, str) and piece.filler is Filler.PARAMETER]


def _side(parameter: str) -> str:
    """ "output" or "input", by what a parameter calls itself; without a word for either it is the input."""
    return "output" if re.search(r"output|dest|target|result|write", parameter, re.IGNORECASE) else "input"


def _name_parameters(role: Role) -> list[str]:
    """The parameters that name access points."""
    pattern = re.compile(r"(access_?point|s3ap|ap)_?name$", re.IGNORECASE)
    return [name for name in role.template.space.parameters if pattern.search(name)]


def _statement_of(at: Location) -> tuple[str, ...]:
    """The path of the statement that a place lies in: what stands above its Resource."""
    path = at.path
    return path[: path.index("Resource")] if "Resource" in path else path
