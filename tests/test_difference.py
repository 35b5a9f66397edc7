"""The differences of two templates: whole outputs of small examples, where they are placed, and what cannot be told."""

from __future__ import annotations

import json
import textwrap
import time
from typing import Any

import pytest
from differences import comparison, found, placed

from s3ap_lint.difference import joint
from s3ap_lint.difference.differences import Difference

ROLE = """\
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      Policies:
        - PolicyName: access
          PolicyDocument:
            Statement:
              - Effect: Allow
                Action:
                  - s3:GetObject
                  - s3:PutObject
                Resource: !Sub "${Bucket.Arn}/*"
"""

MACHINE = """\
Resources:
  Machine:
    Type: AWS::StepFunctions::StateMachine
    Properties:
      DefinitionString: !Sub |
        {
          "StartAt": "Work",
          "States": {
            "Work": {
              "Type": "Task",
              "Resource": "${Worker.Arn}",
              "Retry": [
                {"ErrorEquals": ["States.ALL"],
                 "MaxAttempts": 3}
              ],
              "TimeoutSeconds": ${Seconds},
              "Next": "Done"
            },
            "Done": {"Type": "Succeed"}
          }
        }
"""

WORKER = """\
Parameters:
  Level: {Type: String, Default: INFO}
Resources:
  Worker:
    Type: AWS::Lambda::Function
    Properties:
      Environment:
        Variables:
          LEVEL: !Ref Level
          OTHER: "1"
  Bucket:
    Type: AWS::S3::Bucket
    Properties:
      CorsConfiguration:
        CorsRules:
          - AllowedMethods: [GET]
            MaxAge: 300
"""


def changed(text: str, old: str, new: str) -> str:
    assert text.count(old) == 1, old
    return text.replace(old, new)


# -- places ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "old", "new", "expected"),
    [
        (WORKER, "!Ref Level", "DEBUG", [("variable Worker.LEVEL", "LEVEL: !Ref Level", "LEVEL: DEBUG")]),
        (WORKER, '          OTHER: "1"\n', "", [("variable Worker.OTHER", 'OTHER: "1"', "Variables:")]),
        (
            WORKER,
            "MaxAge: 300",
            "MaxAge: 60",
            [("property Bucket.CorsConfiguration.CorsRules", "MaxAge: 300", "MaxAge: 60")],
        ),
        (
            WORKER,
            "Default: INFO",
            "Default: DEBUG",
            [
                (
                    "default Level.Default",
                    "Level: {Type: String, Default: INFO}",
                    "Level: {Type: String, Default: DEBUG}",
                )
            ],
        ),
        (
            ROLE,
            "                  - s3:PutObject\n",
            "",
            [("grant Role: s3:PutObject on ${Bucket.Arn}/*", "- s3:PutObject", "- s3:GetObject")],
        ),
        (
            ROLE,
            "${Bucket.Arn}/*",
            "*",
            [
                ("grant Role: s3:GetObject on ${Bucket.Arn}/*", "- s3:GetObject", "- s3:GetObject"),
                ("grant Role: s3:PutObject on ${Bucket.Arn}/*", "- s3:PutObject", "- s3:PutObject"),
                ("grant Role: s3:GetObject on *", "- s3:GetObject", "- s3:GetObject"),
                ("grant Role: s3:PutObject on *", "- s3:PutObject", "- s3:PutObject"),
            ],
        ),
        (
            MACHINE,
            '"MaxAttempts": 3',
            '"MaxAttempts": 5',
            [("state Machine.Work", '"MaxAttempts": 3}', '"MaxAttempts": 5}')],
        ),
        (
            MACHINE,
            "${Seconds}",
            "${Minutes}",
            [("state Machine.Work", '"TimeoutSeconds": ${Seconds},', '"TimeoutSeconds": ${Minutes},')],
        ),
        (
            MACHINE,
            ',\n      "Next": "Done"'.replace("\n", "\n        "),
            "",
            [("state Machine.Work", '"Next": "Done"', '"Work": {')],
        ),
    ],
)
def test_a_difference_is_placed_where_a_person_would_look(
    text: str, old: str, new: str, expected: list[tuple[str, str, str]]
) -> None:
    assert expected == placed(text, changed(text, old, new), by_name=True)
    assert [(name, b, a) for name, a, b in expected] == sorted(
        placed(changed(text, old, new), text, by_name=True), key=lambda row: [one[0] for one in expected].index(row[0])
    )


# -- scenarios ------------------------------------------------------------------------------------

SCENARIOS = """\
Parameters:
  Mode: {Type: String, Default: a, AllowedValues: [a, b]}
  Names: {Type: CommaDelimitedList, Default: "x,y"}
  Key: {Type: AWS::SSM::Parameter::Value<String>, Default: /one}
Mappings:
  Sizes:
    a: {Timeout: 10}
    b: {Timeout: 20}
Conditions:
  IsB: !Equals [!Ref Mode, b]
Resources:
  Worker:
    Type: AWS::Lambda::Function
    Condition: IsB
    Properties:
      Timeout: !FindInMap [Sizes, !Ref Mode, Timeout]
      Layers: !Ref Names
      Description: !Ref Key
  Always:
    Type: AWS::SNS::Topic
    Properties:
      DisplayName: !If [IsB, second, first]
Outputs:
  Name:
    Condition: IsB
    Value: !Ref Always
"""


def test_only_scenarios_in_which_it_says_something_else_are_told() -> None:
    other = changed(SCENARIOS, "b: {Timeout: 20}", "b: {Timeout: 30}")
    said = "!FindInMap [Sizes, ${Mode}, Timeout]"
    assert [f"property Worker.Timeout: {said} | {said} · when IsB is true: Mode is 'b'"] == found(SCENARIOS, other)
    assert [] == found(SCENARIOS, other, defaults=True)
    assert ["mapping Sizes.b.Timeout: 20 | 30"] == found(SCENARIOS, other, by_name=True)


def test_a_condition_that_says_something_else_counts_where_it_is_asked() -> None:
    other = changed(SCENARIOS, "!Equals [!Ref Mode, b]", "!Equals [!Ref Mode, a]")
    assert ["condition IsB: !Equals [${Mode}, b] | !Equals [${Mode}, a]"] == found(SCENARIOS, other, by_name=True)
    assert [
        "resource Worker: AWS::Lambda::Function | – · when IsB is false: Mode is 'b'",
        "resource Worker: – | AWS::Lambda::Function · when IsB is true (the default): Mode is 'a'",
        "property Always.DisplayName: !If [IsB, second, first] | !If [IsB, second, first]",
        "output Name: ${Always} | ${Always} · when IsB is false: Mode is 'b'",
        "output Name: ${Always} | ${Always} · when IsB is true (the default): Mode is 'a'",
    ] == found(SCENARIOS, other)


def test_the_default_of_a_list_and_the_key_of_a_stored_parameter_count_in_default_scenarios() -> None:
    text = changed(SCENARIOS, "    Condition: IsB\n    Properties", "    Properties")
    other = changed(changed(text, '"x,y"', '"x,z"'), "/one", "/two")
    assert [
        "property Worker.Layers: ${Names} | ${Names}",
        "property Worker.Description: ${Key} | ${Key}",
    ] == found(text, other, defaults=True)
    assert [] == found(text, other)


def test_a_resource_differs_where_it_is_deployed() -> None:
    """And by name wherever it stands."""
    other = changed(SCENARIOS, "!Ref Key", "!Ref Mode")
    said = "property Worker.Description: ${Key} | ${Mode}"
    assert [f"{said} · when IsB is true: Mode is 'b'"] == found(SCENARIOS, other)
    assert [said] == found(SCENARIOS, other, by_name=True)


def test_who_breaks_a_rule_is_told_nothing_that_counts() -> None:
    def rules(operand: str, words: str) -> dict[str, Any]:
        assertion = {"Assert": {"Fn::Equals": [{"Ref": "Mode"}, operand]}, "AssertDescription": words}
        return {"Rules": {"Only": {"Assertions": [assertion]}}}

    assert [] == found(rules("a", "one"), rules("a", "two"), by_name=True)
    assert ["rule Only.Assertions: [0].Assert !Equals [${Mode}, a] | [0].Assert !Equals [${Mode}, b]"] == found(
        rules("a", "one"), rules("b", "two"), by_name=True
    )


def test_by_name_a_condition_that_both_have_holds_in_both() -> None:
    """What hangs on it is written in other words, and is no difference of its own."""

    def topic(operand: str, value: Any) -> dict[str, Any]:
        conditions = {"C": {"Fn::Equals": [{"Ref": "AWS::Region"}, operand]}}
        return {"Conditions": conditions, **resource("AWS::SNS::Topic", X=value)}

    one = topic("a", {"Fn::If": ["C", ["x", "y"], ["x"]]})
    other = topic("b", ["x", maybe("y")])
    assert ["condition C: !Equals [${AWS::Region}, a] | !Equals [${AWS::Region}, b]"] == found(one, other, by_name=True)


def test_the_default_of_a_list_is_the_list() -> None:
    def function(value: Any) -> dict[str, Any]:
        names = {"Names": {"Type": "CommaDelimitedList", "Default": "x, y"}}
        return {"Parameters": names, **resource("AWS::Lambda::Function", X=value)}

    one = function({"Ref": "Names"})
    assert [] == found(one, function(["x", "y"]), defaults=True)
    assert [] == found(function({"Fn::Select": ["1", {"Ref": "Names"}]}), function("y"), defaults=True)
    assert ["property It.X: ${Names} | [x, y]"] == found(one, function(["x", "y"]))


def test_a_policy_that_is_attached_in_other_scenarios_grants_in_those() -> None:
    def attached(operand: str, condition: str = "C") -> dict[str, Any]:
        document = {"Statement": {"Effect": "Allow", "Action": "a:B", "Resource": "*"}}
        properties = {"PolicyName": "p", "PolicyDocument": document, "Roles": [{"Ref": "It"}]}
        top: dict[str, Any] = resource("AWS::IAM::Role")
        top["Resources"]["Policy"] = {"Type": "AWS::IAM::Policy", "Condition": condition, "Properties": properties}
        equals = {name: {"Fn::Equals": [{"Ref": "P"}, value]} for name, value in (("C", operand), ("D", "c"))}
        return {"Parameters": {"P": {"Type": "String", "Default": "a"}}, "Conditions": equals, **top}

    assert [
        "resource Policy.Condition: C | D · when C is true and D is false (the default): P is 'a'",
        "grant It: a:B on *: * | – · when C is true and D is false (the default): P is 'a'",
        "grant It: a:B on *: – | * · when C is false and D is true: P is 'c'",
    ] == found(attached("a"), attached("a", "D"), by_name=True)
    assert [
        "resource Policy: AWS::IAM::Policy | – · when C is false (the default): P is 'a'",
        "resource Policy: – | AWS::IAM::Policy · when C is true: P is 'b'",
        "grant It: a:B on *: * | – · when C is false (the default): P is 'a'",
        "grant It: a:B on *: – | * · when C is true: P is 'b'",
    ] == found(attached("a"), attached("b"))


def test_scenarios_that_rules_forbid_are_not_told() -> None:
    rules = textwrap.dedent(
        """\
        Rules:
          OnlyA:
            Assertions:
              - Assert: !Equals [!Ref Mode, a]
        """
    )
    other = changed(SCENARIOS, "second", "other")
    said = "property Always.DisplayName: !If [IsB, second, first] | !If [IsB, other, first]"
    assert [f"{said} · when IsB is true: Mode is 'b'"] == found(SCENARIOS, other)
    assert [] == found(SCENARIOS + rules, other + rules)
    assert [] == found(SCENARIOS, other + rules)


# -- in other words -------------------------------------------------------------------------------


def maybe(value: Any) -> dict[str, Any]:
    return {"Fn::If": ["C", value, {"Ref": "AWS::NoValue"}]}


def attribute(name: str) -> dict[str, Any]:
    return {"Fn::GetAtt": ["A", {"Ref": name}]}


def resource(kind: str, **properties: Any) -> dict[str, Any]:
    return {"Resources": {"It": {"Type": kind, "Properties": properties}}}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"Tags": []}, {}),
        ({"Tags": [{"Key": "a", "Value": "1"}]}, {"Tags": {"a": "1"}}),
        (
            {"Tags": [{"Key": "a", "Value": "1"}, maybe({"Key": "b", "Value": "2"})]},
            {
                "Tags": {
                    "Fn::If": [
                        "C",
                        [{"Key": "b", "Value": "2"}, {"Key": "a", "Value": "1"}],
                        [{"Key": "a", "Value": "1"}],
                    ]
                }
            },
        ),
        (
            {"SubnetIds": {"Fn::If": ["C", ["a", "b"], ["c", "d"]]}},
            {"SubnetIds": {"Fn::If": ["C", ["b", "a"], ["d", "c"]]}},
        ),
        ({"X": {"A": maybe("a")}}, {"X": maybe({"A": "a"})}),
        ({"X": {"Fn::Select": [1, ["a", "b"]]}}, {"X": "b"}),
        ({"X": {"Fn::Split": [",", "a,b"]}}, {"X": ["a", "b"]}),
        ({"X": {"Fn::Sub": ["${A}-${B}", {"A": {"Ref": "Q"}, "B": "b"}]}}, {"X": {"Fn::Sub": "${Q}-b"}}),
        ({"X": {"Fn::Join": ["-", ["a", {"Ref": "AWS::NoValue"}, "b"]]}}, {"X": "a-b"}),
        (
            {"X": {"Fn::Sub": ["${A}-${B}/*", {"A": {"Fn::ImportValue": "a"}, "B": {"Ref": "Q"}}]}},
            {"X": {"Fn::Join": ["", [{"Fn::Join": ["-", [{"Fn::ImportValue": "a"}, {"Ref": "Q"}]]}, "/*"]]}},
        ),
        ({"X": {"Fn::Join": ["", [{"Fn::ImportValue": "a"}]]}}, {"X": {"Fn::ImportValue": "a"}}),
        (
            {"SecurityGroupIngress": [{"FromPort": 1, "ToPort": 1}, {"FromPort": 2, "ToPort": 2}]},
            {"SecurityGroupIngress": [{"ToPort": 2, "FromPort": 2}, {"FromPort": 1, "ToPort": 1}]},
        ),
        ({"X": "$${"}, {"X": {"Fn::Sub": "$${!"}}),
        (
            {"Policy": maybe({"Statement": [{"Effect": "Allow", "Action": ["a:B", "a:C"], "Resource": "*"}]})},
            {"Policy": maybe({"Statement": {"Effect": "Allow", "Action": ["A:c", "a:b"], "Resource": ["*"]}})},
        ),
    ],
    ids=str,
)
def test_this_is_the_same(one: dict[str, Any], other: dict[str, Any]) -> None:
    first, second = resource("AWS::SQS::QueuePolicy", **one), resource("AWS::SQS::QueuePolicy", **other)
    conditions = {"Conditions": {"C": {"Fn::Equals": [{"Ref": "AWS::Region"}, "x"]}}}
    for how in ({"by_name": True}, {}, {"defaults": True}):
        assert [] == found(first | conditions, second | conditions, **how)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ({"X": "${A}"}, {"X": {"Fn::Sub": "${A}"}}, "X: ${!A} | ${A}"),
        ({"X": "${!A}"}, {"X": {"Fn::Sub": "${!A}"}}, "X: ${!!A} | ${!A}"),
        ({"X": ["a", "b"]}, {"X": ["b", "a"]}, "X: [a, b] | [b, a]"),
        ({"X": {}}, {}, "X: {} | –"),
        ({"X": attribute("P")}, {"X": attribute("Q")}, "X: !GetAtt [A, ${P}] | !GetAtt [A, ${Q}]"),
        ({"X": {"Fn::Cidr": ["a", 1]}}, {"X": {"Fn::Cidr": ["a", 2]}}, "X: !Cidr [a, 1] | !Cidr [a, 2]"),
        (
            {"PolicyDocument": {"Statement": [{"Effect": "Deny", "NotAction": ["a:B", "a:C"], "Resource": "*"}]}},
            {
                "PolicyDocument": {
                    "Statement": [
                        {"Effect": "Deny", "NotAction": "a:B", "Resource": "*"},
                        {"Effect": "Deny", "NotAction": "a:C", "Resource": "*"},
                    ]
                }
            },
            "PolicyDocument: Deny all but a:B, a:C on *: * | –",
        ),
        ({"X": "a" * 70 + "b"}, {"X": "a" * 70 + "c"}, f"X: …{'a' * 20}b | …{'a' * 20}c"),
        ({"X": "one\ntwo"}, {"X": "one\nthree"}, "X: 'one\\ntwo' | 'one\\nthree'"),
        ({"SubnetIds": ["a", "b"]}, {"SubnetIds": ["c", "a"]}, "SubnetIds: [b] | [c]"),
        ({"X": ["a", "b", "c"]}, {"X": ["a", "c"]}, "X: [b] | –"),
    ],
    ids=str,
)
def test_this_is_not_the_same(one: dict[str, Any], other: dict[str, Any], expected: str) -> None:
    lines = found(resource("AWS::SQS::QueuePolicy", **one), resource("AWS::SQS::QueuePolicy", **other), by_name=True)
    assert lines[0].partition(" It.")[2] == expected


def test_one_grant_under_other_conditions_is_one_difference() -> None:
    def role(operator: str) -> dict[str, Any]:
        statement = {"Effect": "Allow", "Action": "a:B", "Resource": "*", "Condition": {operator: {"k": "v"}}}
        return resource("AWS::IAM::Role", Policies=[{"PolicyName": "p", "PolicyDocument": {"Statement": statement}}])

    assert ["grant It: a:B on *: if {StringEquals: {k: v}} | if {StringLike: {k: v}}"] == found(
        role("StringEquals"), role("StringLike"), by_name=True
    )


def test_the_default_of_a_secret_is_not_told() -> None:
    one = {"Parameters": {"Password": {"Type": "String", "NoEcho": True, "Default": "a"}}}
    other = {"Parameters": {"Password": {"Type": "String", "NoEcho": True, "Default": "b"}}}
    assert ["default Password.Default: a secret | a secret"] == found(one, other, by_name=True)
    assert ["parameter Password: String, default a secret | –"] == found(one, {}, by_name=True)


def test_the_policies_of_a_function_of_sam_are_told_grant_by_grant() -> None:
    def function(*policies: Any) -> dict[str, Any]:
        return {
            "Transform": "AWS::Serverless-2016-10-31",
            **resource("AWS::Serverless::Function", Policies=list(policies)),
        }

    read = {"Statement": {"Effect": "Allow", "Action": ["s3:GetObject", "s3:ListBucket"], "Resource": "*"}}
    one = function("AWSLambdaBasicExecutionRole", read, {"SQSPollerPolicy": {"QueueName": {"Ref": "Queue"}}})
    less = {"Statement": [{"Sid": "Read", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}
    other = function(less, {"SQSPollerPolicy": {"QueueName": "other"}}, "AWSLambdaBasicExecutionRole")
    assert [
        "grant It: s3:ListBucket on *: * | –",
        "grant It: what {SQSPollerPolicy: {QueueName: ${Queue}}} allows:"
        " what {SQSPollerPolicy: {QueueName: ${Queue}}} allows | –",
        "grant It: what {SQSPollerPolicy: {QueueName: other}} allows:"
        " – | what {SQSPollerPolicy: {QueueName: other}} allows",
    ] == found(one, other, by_name=True)


RULES = """\
Resources:
  Group:
    Type: AWS::EC2::SecurityGroup
    Properties:
      SecurityGroupIngress:
        - {IpProtocol: tcp, FromPort: 443, ToPort: 443, CidrIp: 10.0.0.0/8}
        - {IpProtocol: tcp, FromPort: 80, ToPort: 80, CidrIp: 10.0.0.0/8}
"""


def test_of_a_list_only_the_items_that_the_other_lacks_are_told() -> None:
    added = RULES + "        - {IpProtocol: udp, FromPort: 53, ToPort: 53, CidrIp: 10.0.0.0/8}\n"
    assert [
        "property Group.SecurityGroupIngress: – | [{IpProtocol: udp, FromPort: 53, ToPort: 53, CidrIp: 10.0.0…"
    ] == found(RULES, added, by_name=True)
    assert [
        (
            "property Group.SecurityGroupIngress",
            "SecurityGroupIngress:",
            "- {IpProtocol: udp, FromPort: 53, ToPort: 53, CidrIp: 10.0.0.0/8}",
        )
    ] == placed(RULES, added, by_name=True)


def test_a_policy_of_deletion_that_is_computed_is_not_the_usual_one() -> None:
    def topic(**attributes: Any) -> dict[str, Any]:
        return {"Resources": {"It": {"Type": "AWS::SNS::Topic", **attributes}}}

    assert [] == found(topic(), topic(DeletionPolicy="Delete"), by_name=True)
    computed = topic(DeletionPolicy={"Ref": "Kept"})
    assert ["resource It.DeletionPolicy: – | ${Kept}"] == found(topic(), computed, by_name=True)
    assert ["resource It.DeletionPolicy: Delete | ${Kept}"] == found(topic(DeletionPolicy="Delete"), computed)


def test_policies_are_compared_as_iam_reads_them() -> None:
    """Actions in either case, and everybody in either form."""

    def policy(action: str, principal: Any) -> dict[str, Any]:
        statement = {"Effect": "Allow", "Action": action, "Principal": principal, "Resource": "*"}
        return resource("AWS::SQS::QueuePolicy", PolicyDocument={"Statement": [statement]})

    assert [] == found(policy("sqs:SendMessage", "*"), policy("SQS:sendmessage", {"AWS": "*"}), by_name=True)
    assert [] == found(policy("a:B", {"AWS": ["b", "c"]}), policy("a:B", {"AWS": ["c", "b"]}), by_name=True)
    assert [
        "grant It.PolicyDocument: a:B on * for AWS b: * | –",
        "grant It.PolicyDocument: a:B on * for *: – | *",
    ] == found(policy("a:B", {"AWS": "b"}), policy("a:B", "*"), by_name=True)


MAP = """\
Resources:
  Machine:
    Type: AWS::StepFunctions::StateMachine
    Properties:
      Definition:
        StartAt: Each
        States:
          Each:
            Type: Map
            ItemProcessor:
              StartAt: Work
              States:
                Work: {Type: Pass, End: true}
            End: true
"""


def test_a_map_in_its_older_words_is_the_same_and_placed_in_its_own() -> None:
    older = changed(MAP, "ItemProcessor:", "Iterator:")
    assert [] == found(MAP, older, by_name=True)
    other = changed(changed(older, "StartAt: Work", "StartAt: Other"), "Work: {", "Other: {")
    assert ("state Machine.Each", "StartAt: Work", "StartAt: Other") in placed(MAP, other, by_name=True)


def test_a_state_under_an_if_is_compared_in_each_scenario() -> None:
    def machine(error: str, condition: str = "C") -> dict[str, Any]:
        state = {"Fn::If": [condition, {"Type": "Fail", "Error": error}, {"Type": "Succeed"}]}
        definition = {"StartAt": "A", "States": {"A": state}}
        conditions = {name: {"Fn::Equals": [{"Ref": "AWS::Region"}, "x"]} for name in "CD"}
        return {"Conditions": conditions, **resource("AWS::StepFunctions::StateMachine", Definition=definition)}

    assert [] == found(machine("E"), machine("E", "D"), by_name=True)
    assert ["state It.A: Error E | Error F · when C is true: AWS::Region is 'x'"] == [
        line.replace("C is true and D is true", "C is true") for line in found(machine("E"), machine("F"))
    ]


def test_the_same_machine_under_another_if_is_compared_state_by_state() -> None:
    def machine(*branches: Any) -> dict[str, Any]:
        conditions = {
            "Yes": {"Fn::Equals": [{"Ref": "AWS::Region"}, "x"]},
            "No": {"Fn::Not": [{"Condition": "Yes"}]},
        }
        return {
            **resource("AWS::StepFunctions::StateMachine", DefinitionString={"Fn::If": list(branches)}),
            "Conditions": conditions,
        }

    first = json.dumps({"StartAt": "A", "States": {"A": {"Type": "Succeed"}}})
    second = json.dumps({"StartAt": "A", "States": {"A": {"Type": "Fail"}}})
    third = json.dumps({"StartAt": "A", "States": {"A": {"Type": "Fail", "Error": "E"}}})
    assert [] == found(machine("Yes", first, second), machine("No", second, first), by_name=True)
    assert ["state It.A: – | Error E · when Yes is false: AWS::Region is any other value"] == [
        line.replace("No is true and ", "")
        for line in found(machine("Yes", first, second), machine("No", third, first), by_name=True)
    ]


# -- what cannot be told ---------------------------------------------------------------------------


def undecided(one: Any, other: Any, **how: bool) -> tuple[list[str], list[str]]:
    compared = comparison(one, other, **how)
    lines = [f"{difference.kind.value} {difference.name}" for difference in compared.differences()]
    return lines, ["/".join(node.path) for node in compared.undecided]


def test_a_macro_that_nobody_knows_leaves_nothing_to_compare() -> None:
    one = {"Transform": ["AWS::Serverless-2016-10-31", "Ours"], **resource("AWS::SNS::Topic", DisplayName="a")}
    other = {"Transform": ["AWS::Serverless-2016-10-31", "Ours"], **resource("AWS::SNS::Topic", DisplayName="b")}
    assert ([], ["Transform", "Transform"]) == undecided(one, other, by_name=True)


def test_a_loop_that_cannot_be_written_out_is_undecided_unless_it_is_the_same() -> None:
    def loop(name: str) -> dict[str, Any]:
        topic = {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": name}}
        loops = {"Fn::ForEach::Topics": ["Name", {"Ref": "Names"}, {"Topic${Name}": topic}]}
        return {
            "Transform": "AWS::LanguageExtensions",
            "Parameters": {"Names": {"Type": "CommaDelimitedList"}},
            "Resources": {**loops, "Rest": {"Type": "AWS::SNS::Topic"}},
        }

    assert ([], []) == undecided(loop("a"), loop("a"), by_name=True)
    assert ([], ["Resources/Fn::ForEach::Topics"]) == undecided(loop("a"), loop("b"), by_name=True)
    written = loop("a")
    written["Resources"] = {"TopicOne": {"Type": "AWS::SNS::Topic"}, "Rest": {"Type": "AWS::SNS::Topic"}}
    assert ([], ["Resources/Fn::ForEach::Topics"]) == undecided(loop("a"), written, by_name=True)


def test_a_loop_that_is_written_out_is_what_it_makes() -> None:
    topics = {f"Topic{name}": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": name}} for name in "AB"}
    loop = {
        "Fn::ForEach::T": [
            "N",
            ["A", "B"],
            {"Topic${N}": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": {"Ref": "N"}}}},
        ]
    }
    assert [] == found({"Transform": "AWS::LanguageExtensions", "Resources": loop}, {"Resources": topics}, by_name=True)


def test_a_resource_that_is_no_mapping_is_undecided() -> None:
    one, other = {"Resources": {"It": "text"}}, {"Resources": {"It": "other"}}
    assert ([], []) == undecided(one, one, by_name=True)
    assert ([], ["Resources/It"]) == undecided(one, other, by_name=True)


def test_too_many_scenarios_are_undecided_and_no_answer() -> None:
    """A value that depends on twenty parameters."""
    names = [f"P{index}" for index in range(20)]
    text = {
        "Parameters": {name: {"Type": "String", "AllowedValues": ["a", "b"]} for name in names},
        "Conditions": {f"C{name}": {"Fn::Equals": [{"Ref": name}, "a"]} for name in names},
    }
    one = [{"Fn::If": [f"C{name}", name, {"Ref": "AWS::NoValue"}]} for name in names]
    first, second = (
        {**text, **resource("AWS::SNS::Topic", X=items, Y=last, Z={"Fn::If": ["CP0", last, "3"]})}
        for items, last in ((one, "1"), (one[::-1], "2"))
    )
    told, left = undecided(first, second, by_name=True)
    assert (["property It.Y", "property It.Z"], ["Resources/It/Properties/X"]) == (told, left)


@pytest.mark.parametrize("depth", [60, 190])
def test_values_nested_deep_are_compared_or_undecided(depth: int) -> None:
    def nested(value: str) -> dict[str, Any]:
        out: Any = value
        for _ in range(depth):
            out = [out, {"Fn::Join": ["", [out]]}] if isinstance(out, str) else [out]
        return resource("AWS::SNS::Topic", X=out)

    lines, left = undecided(nested("a"), nested("b"), by_name=True)
    assert bool(lines) != bool(left)
    assert undecided(nested("a"), nested("a"), by_name=True) in (([], []), ([], ["Resources/It"]))


def test_what_python_has_no_stack_left_for_is_undecided() -> None:
    def nested(value: str) -> dict[str, Any]:
        out: Any = value
        for _ in range(150):
            out = [out, "x"]
        return resource("AWS::SNS::Topic", X=out)

    compared = comparison(nested("a"), nested("b"), by_name=True)

    def deep(left: int) -> list[Difference]:
        return deep(left - 1) if left else compared.differences()

    assert [] == deep(700)
    assert ["Resources/It"] == ["/".join(node.path) for node in compared.undecided]


def test_all_questions_together_have_a_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(joint, "MOST_WORLDS", 10)
    values = {f"X{index}": maybe(str(index)) for index in range(10)}
    others = {name: maybe(f"other {name}") for name in values}
    conditions = {"Conditions": {"C": {"Fn::Equals": [{"Ref": "AWS::Region"}, "x"]}}}
    one, other = (conditions | resource("AWS::SNS::Topic", **properties) for properties in (values, others))
    told, left = undecided(one, other, by_name=True)
    assert (["property It.X0", "property It.X1", "property It.X2"], 7) == (told, len(left))


def test_templates_with_next_to_nothing_in_them_are_compared() -> None:
    assert [] == found("{}", "{}", by_name=True)
    assert ["output A: – | b"] == found("Resources:\n", "Resources: {}\nOutputs: {A: {Value: b}}\n", by_name=True)
    assert ["resource It: – | AWS::SNS::Topic"] == found("[]", resource("AWS::SNS::Topic"), by_name=True)


def test_of_two_keys_the_last_counts_and_aliases_are_what_they_stand_for() -> None:
    one = "Resources:\n  A: &a\n    Type: AWS::SNS::Topic\n    Properties: {X: '1', X: '2'}\n  B: *a\n"
    topic = "{Type: AWS::SNS::Topic, Properties: {X: '%s'}}"
    other = f"Resources:\n  A: {topic % 2}\n  B: {topic % 3}\n"
    assert ["property B.X: 2 | 3"] == found(one, other, by_name=True)


def test_a_template_of_a_megabyte_is_compared_in_a_second() -> None:
    variables = {f"NAME_{index}": {"Fn::Sub": "${AWS::StackName}-" + "x" * 50} for index in range(20)}
    statements = [
        {
            "Effect": "Allow",
            "Action": [f"s3:Action{index}", "s3:GetObject"],
            "Resource": {"Fn::Sub": f"arn:aws:s3:::b{index}/*"},
        }
        for index in range(20)
    ]
    resources: dict[str, Any] = {}
    for index in range(185):
        resources[f"Worker{index}"] = {
            "Type": "AWS::Lambda::Function",
            "Condition": f"C{index % 8}",
            "Properties": {
                "Environment": {"Variables": {**variables, "LEVEL": {"Fn::If": [f"C{index % 8}", "a", "b"]}}}
            },
        }
        policy = {"PolicyName": "p", "PolicyDocument": {"Statement": statements}}
        resources[f"Role{index}"] = {"Type": "AWS::IAM::Role", "Properties": {"Policies": [policy]}}
    one = {
        "Parameters": {f"P{index}": {"Type": "String"} for index in range(8)},
        "Conditions": {f"C{index}": {"Fn::Equals": [{"Ref": f"P{index}"}, "x"]} for index in range(8)},
        "Resources": resources,
    }
    text = json.dumps(one)
    assert 1_000_000 > len(text) > 800_000
    compared = comparison(text, text.replace("s3:Action7", "s3:Action77").replace('"a", "b"', '"a", "c"'), by_name=True)
    started = time.process_time()
    assert len(compared.differences()) == 185 * 2
    assert time.process_time() - started < 2
