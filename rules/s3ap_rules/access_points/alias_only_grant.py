"""S3AP101: a role reaches an S3 access point by its alias only."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial

from s3ap_lint.api import (
    Access,
    Finding,
    Level,
    Role,
    S3Grant,
    Severity,
    Span,
    Target,
    bad,
    good,
    level_of,
    rule,
    s3_outcomes,
    way,
)
from s3ap_rules.access_points.access_point_forms import beside_aliases
from s3ap_rules.access_points.role_example import role_with

WRITES = """
- Effect: Allow
  Action: [s3:PutObject]
  Resource:
    - !Sub "arn:aws:s3:::${OutputAlias}/*"  # 出力先  # <- S3AP101
"""
WRITES_FIXED = (
    WRITES
    + """\
    - !Sub "arn:${AWS::Partition}:s3:${AWS::Region}:${AWS::AccountId}:accesspoint/*/object/*"
"""
)
LISTS = """
- Effect: Allow
  Action: s3:ListBucket
  Resource: !Join ["", ["arn:aws:s3:::", !Ref OutputAlias]]  # <- S3AP101
"""
LISTS_FIXED = """
- Effect: Allow
  Action: s3:ListBucket
  Resource:  # <- S3AP101
    - !Join ["", ["arn:aws:s3:::", !Ref OutputAlias]]
    - !Sub "arn:${AWS::Partition}:s3:${AWS::Region}:${AWS::AccountId}:accesspoint/*"
"""
NAMED = """
    Parameters:
      ApAlias: {Type: String}
      ApName: {Type: String}
      ApOutAlias: {Type: String}
      ApOutName: {Type: String, Default: ""}
      Mode: {Type: String, Default: volume, AllowedValues: [volume, bucket]}
    Conditions:
      SameAp: !Equals [!Ref ApOutName, ""]
      ToVolume: !Equals [!Ref Mode, volume]
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


def named(statements: str) -> str:
    """A template whose aliases come with names, and whose role has these statements."""
    return NAMED.rstrip(" ") + "".join(f"{' ' * 18}{line}\n" for line in statements.strip("\n").splitlines())


@rule(
    code="S3AP101",
    subject=Role,
    severity=Severity.ERROR,
    since="0.1.0",
    security=5.0,
    examples=[
        bad(
            "writes granted by alias",
            role_with(WRITES),
            fixed=role_with(WRITES_FIXED),
        ),
        bad(
            "reads too, and through a list joined together",
            role_with(LISTS),
            fixed=role_with(LISTS_FIXED),
        ),
        bad(
            "one arm of an If lacks the access point, and no name decides it",
            role_with("""
- Effect: Allow
  Action: s3:GetObject
  Resource: !If
    - ToVolume
    - !Sub "arn:aws:s3:::${OutputAlias}/*"  # <- S3AP101
    - !Sub "arn:aws:s3:${AWS::Region}:${AWS::AccountId}:accesspoint/${AWS::StackName}/object/*"
"""),
            fixed=role_with("""
- Effect: Allow
  Action: s3:GetObject
  Resource: !If
    - ToVolume
    - - !Sub "arn:aws:s3:::${OutputAlias}/*"
      - !Sub "arn:${AWS::Partition}:s3:${AWS::Region}:${AWS::AccountId}:accesspoint/*/object/*"
    - !Sub "arn:aws:s3:${AWS::Region}:${AWS::AccountId}:accesspoint/${AWS::StackName}/object/*"
"""),
        ),
        bad(
            "the name is a parameter that must be given, and one that may be left empty",
            named("""
- Effect: Allow
  Action: [s3:GetObject, s3:ListBucket]
  Resource: [
    !Sub "arn:aws-cn:s3:::${ApAlias}",  # <- S3AP101
    !Sub "arn:aws-cn:s3:::${ApAlias}/in/*"
  ]
- Effect: Allow
  Action: s3:PutObject
  Resource:
    - !If
      - ToVolume
      - !Sub "arn:aws-cn:s3:::${ApOutAlias}/*"  # <- S3AP101
      - !Ref AWS::NoValue
    - arn:aws-cn:s3:::results/*
"""),
            fixed=named("""
- Effect: Allow
  Action: [s3:GetObject, s3:ListBucket]
  Resource: [
    !Sub "arn:aws-cn:s3:::${ApAlias}",
    !Sub "arn:aws-cn:s3:::${ApAlias}/in/*",
    !Sub "arn:${AWS::Partition}:s3:${AWS::Region}:${AWS::AccountId}:accesspoint/${ApName}",
    !Sub "arn:${AWS::Partition}:s3:${AWS::Region}:${AWS::AccountId}:accesspoint/${ApName}/object/in/*"
  ]
- Effect: Allow
  Action: s3:PutObject
  Resource:
    - !If
      - ToVolume
      - !Sub "arn:aws-cn:s3:::${ApOutAlias}/*"
      - !Ref AWS::NoValue
    - arn:aws-cn:s3:::results/*
    - !If
      - ToVolume
      - !If
        - SameAp
        - !Sub "arn:${AWS::Partition}:s3:${AWS::Region}:${AWS::AccountId}:accesspoint/*/object/*"
        - !Sub "arn:${AWS::Partition}:s3:${AWS::Region}:${AWS::AccountId}:accesspoint/${ApOutName}/object/*"
      - !Ref AWS::NoValue
"""),
        ),
        bad(
            "a policy template of SAM, which takes one bucket only",
            """
            Transform: AWS::Serverless-2016-10-31
            Parameters:
              InputAlias: {Type: String}
            Resources:
              Reader:
                Type: AWS::Serverless::Function
                Properties:
                  InlineCode: "def handler(e, c): pass"
                  Handler: index.handler
                  Runtime: python3.12
                  Policies:
                    - S3WritePolicy:
                        BucketName: !Ref InputAlias  # <- S3AP101
            """,
            fixed="""
            Transform: AWS::Serverless-2016-10-31
            Parameters:
              InputAlias: {Type: String}
            Resources:
              Reader:
                Type: AWS::Serverless::Function
                Properties:
                  InlineCode: "def handler(e, c): pass"
                  Handler: index.handler
                  Runtime: python3.12
                  Policies:
                    - S3WritePolicy:
                        BucketName: !Ref InputAlias
                    - Version: "2012-10-17"
                      Statement:
                        - Effect: Allow
                          Action:
                            - s3:PutObject
                          Resource:
                            - !Sub "arn:${AWS::Partition}:s3:${AWS::Region}:${AWS::AccountId}:accesspoint/*/object/*"
            """,
        ),
        bad(
            "an access point of the template itself",
            """
            Resources:
              Point:
                Type: AWS::S3::AccessPoint
                Properties: {Bucket: example}
              Reader:
                Type: AWS::IAM::Role
                Properties:
                  AssumeRolePolicyDocument: {}
                  Policies:
                    - PolicyName: Read
                      PolicyDocument:
                        Statement:
                          - Effect: Allow
                            Action: [s3:GetObject, s3:ListBucket]
                            Resource:
                              - !Sub "arn:aws:s3:::${Point.Alias}"  # <- S3AP101
                              - !Sub "arn:aws:s3:::${Point.Alias}/*"
            """,
            fixed="""
            Resources:
              Point:
                Type: AWS::S3::AccessPoint
                Properties: {Bucket: example}
              Reader:
                Type: AWS::IAM::Role
                Properties:
                  AssumeRolePolicyDocument: {}
                  Policies:
                    - PolicyName: Read
                      PolicyDocument:
                        Statement:
                          - Effect: Allow
                            Action: [s3:GetObject, s3:ListBucket]
                            Resource:
                              - !Sub "arn:aws:s3:::${Point.Alias}"
                              - !Sub "arn:aws:s3:::${Point.Alias}/*"
                              - !GetAtt Point.Arn
                              - !Sub "${Point.Arn}/object/*"
            """,
        ),
        bad(
            "the alias hides in a two-argument Sub",
            role_with("""
- Effect: Allow
  Action: s3:PutObject
  Resource:
    - !Sub  # <- S3AP101
      - "arn:${AWS::Partition}:s3:::${Where}/*"
      - Where: !If [ToVolume, !Ref OutputAlias, !Ref OutputAlias]
"""),
        ),
        good(
            "alias and access point ARN",
            role_with("""
- Effect: Allow
  Action: [s3:PutObject]
  Resource:
    - !Sub "arn:aws:s3:::${OutputAlias}/*"
    - !Sub "arn:${AWS::Partition}:s3:${AWS::Region}:${AWS::AccountId}:accesspoint/*/object/*"
"""),
        ),
        good(
            "the access point is granted in another statement of the role",
            role_with("""
- Effect: Allow
  Action: [s3:PutObject]
  Resource: !Sub "arn:aws:s3:::${OutputAlias}/*"
- Effect: Allow
  Action: "s3:Put*"
  Resource: !Sub "arn:aws:s3:*:*:accesspoint/${AWS::StackName}-*"
"""),
        ),
        good(
            "only an optional name decides: that is optional-access-point-name",
            role_with("""
- Effect: Allow
  Action: [s3:PutObject]
  Resource:
    - !Sub "arn:aws:s3:::${OutputAlias}/*"
    - !If
      - HasOutputName
      - !Sub "arn:aws:s3:${AWS::Region}:${AWS::AccountId}:accesspoint/${OutputName}/object/*"
      - !Ref AWS::NoValue
"""),
        ),
        good(
            "a plain bucket, a wildcard, and an ARN that a parameter holds",
            """
            Parameters:
              ResultsBucket: {Type: String}
              AccessPointAlias: {Type: String}
              AccessPointArn: {Type: String}
            Resources:
              Reader:
                Type: AWS::IAM::Role
                Properties:
                  Policies:
                    - PolicyName: Read
                      PolicyDocument:
                        Statement:
                          - {Effect: Allow, Action: "s3:GetObject", Resource: !Sub "arn:aws:s3:::${ResultsBucket}/*"}
                          - {Effect: Allow, Action: "s3:GetObject", Resource: !Sub "arn:aws:s3:::${AccessPointAlias}/*"}
                          - {Effect: Allow, Action: "s3:GetObject", Resource: !Sub "${AccessPointArn}/object/*"}
                          - {Effect: Allow, Action: "s3:ListBucket", Resource: !Sub "arn:aws:s3:::${AccessPointAlias}"}
                          - {Effect: Allow, Action: "s3:List*", Resource: "*"}
            """,
        ),
        good(
            "the access point's own policy admits the role",
            """
            Parameters:
              InputAlias: {Type: String}
            Resources:
              Reader:
                Type: AWS::IAM::Role
                Properties:
                  Policies:
                    - PolicyName: Read
                      PolicyDocument:
                        Statement:
                          - {Effect: Allow, Action: "s3:GetObject", Resource: !Sub "arn:aws:s3:::${InputAlias}/*"}
              Point:
                Type: AWS::S3::AccessPoint
                Properties:
                  Bucket: example
                  Policy:
                    Statement:
                      - {Effect: Allow, Action: "s3:*", Resource: "*", Principal: {AWS: !GetAtt Reader.Arn}}
            """,
        ),
    ],
)
def alias_only_grant(role: Role) -> Iterator[Finding]:
    """
    Access to an S3 access point is granted by its alias only.

    IAM does not recognise `arn:aws:s3:::<alias>` for an access point: the alias is an address
    (what goes into `Bucket=`), not a name that policies are matched against. Only
    `arn:aws:s3:<region>:<account>:accesspoint/<name>` authorises listing, and
    `…:accesspoint/<name>/object/*` objects. The stack deploys cleanly, looks permitted, and
    answers AccessDenied on its first request.

    Every policy of the role is read, in every scenario in which the template can be deployed: a
    grant on the access point anywhere in the role, or in a policy of the access point itself, is
    enough. Where only an optional name decides whether the grant is there, S3AP102 speaks instead.

    The fix adds the ARN. It is safe where a parameter holds the name and is never empty, or the access point is in the
    template. Otherwise it grants `accesspoint/*` where the name is not known: put the name there.

    Source: AWS, "Troubleshooting access points" in the FSx for ONTAP user guide.
    """
    outcomes = [replace(o, answer=_denied(o.answer)) for o in s3_outcomes(role, Target.ALIAS)]
    grants = [grant for outcome in outcomes for grant in outcome.answer]
    alone = {grant.action for grant in grants if grant.standing.access is Access.NOT_GRANTED}
    for aliases in _groups(grant for grant in grants if grant.action in alone):
        concerned = [grant for grant in grants if grant.name in aliases and grant.action in alone]
        actions = list(dict.fromkeys(grant.action for grant in concerned))
        verdict = role.template.verdict(outcomes, partial(_concerns, aliases, alone))
        if verdict is None:
            continue
        places = {grant.leaf.node.span: grant.leaf.at for grant in concerned}
        first, *others = (places[span] for span in sorted(places))
        yield Finding(
            f"{role.id} is granted {', '.join(actions)} on {' or '.join(sorted(aliases))} by alias only, "
            f"which IAM ignores; every request is denied unless {_form(actions)} is granted too",
            at=first,
            related=(
                role.at.noted("the role"),
                *(at.noted("the same alias") for at in others),
                *(user.at.noted("runs under the role") for user in role.users if user.id != role.id),
            ),
            severity=None if verdict.in_defaults else Severity.WARNING,
            scenario=verdict.scenario,
            fix=beside_aliases(role, concerned, [grant for grant in grants if grant.action in alone]),
            flow=(
                *way(role.template, verdict.scenario, *dict.fromkeys(grant.statement.node for grant in concerned)),
                first.noted("the grant is by alias only"),
                *(user.at.noted("runs under the role, and is denied") for user in role.users),
            ),
        )


def _denied(grants: tuple[S3Grant, ...]) -> tuple[S3Grant, ...]:
    """What the role is granted on aliases and on no access point of the right level, whoever is named."""
    denied = (Access.NOT_GRANTED, Access.WRONG_LEVEL)
    return tuple(grant for grant in grants if grant.standing.access in denied)


def _form(actions: Iterable[str]) -> str:
    """The resource that authorises the actions."""
    levels = {level_of(action) for action in actions}
    forms = [("accesspoint/NAME", Level.BUCKET), ("accesspoint/NAME/object/*", Level.OBJECT)]
    return " and ".join(form for form, level in forms if level in levels)


def _concerns(aliases: set[str], actions: set[str], grants: tuple[S3Grant, ...]) -> bool:
    return any(grant.name in aliases and grant.action in actions for grant in grants)


def _groups(grants: Iterable[S3Grant]) -> list[set[str]]:
    """The aliases that are reported together, because one resource is the one or the other."""
    found: list[tuple[set[str], set[Span]]] = []
    for grant in grants:
        aliases, spans = {grant.name}, {grant.leaf.node.span}
        apart = []
        for group in found:
            if group[0] & aliases or group[1] & spans:
                aliases |= group[0]
                spans |= group[1]
            else:
                apart.append(group)
        found = [*apart, (aliases, spans)]
    return [aliases for aliases, _ in sorted(found, key=lambda group: min(group[1]))]
