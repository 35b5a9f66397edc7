"""Saying the same in other words is no difference; meaning something else is exactly the one that names it."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from differences import as_yaml, comparison, found, told
from hypothesis import given, settings
from hypothesis import strategies as st

Data = Any
Rewrite = Callable[[Data, Random], None]

MACHINE = {
    "StartAt": "Discover",
    "States": {
        "Discover": {
            "Type": "Task",
            "Resource": "arn:aws:states:::lambda:invoke",
            "Parameters": {"FunctionName": "${Worker}", "Payload.$": "$", "Comment": "kept"},
            "TimeoutSeconds": "@Seconds@",
            "Retry": [{"ErrorEquals": ["States.ALL"], "MaxAttempts": 3, "BackoffRate": 2}],
            "Next": "Any",
        },
        "Any": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.count", "NumericGreaterThan": 0, "Next": "Each"}],
            "Default": "Done",
        },
        "Each": {
            "Type": "Map",
            "ItemProcessor": {
                "StartAt": "Work",
                "States": {"Work": {"Type": "Task", "Resource": "${Worker}", "End": True}},
            },
            "Next": "Done",
        },
        "Done": {"Type": "Succeed"},
    },
}

BASE: Data = {
    "Parameters": {
        "Mode": {"Type": "String", "Default": "POLLING", "AllowedValues": ["POLLING", "EVENTS", "BOTH"]},
        "Alias": {"Type": "String", "Default": "", "Description": "A name"},
        "Memory": {"Type": "Number", "Default": 512},
        "Subnets": {"Type": "CommaDelimitedList", "Default": "subnet-1,subnet-2"},
    },
    "Mappings": {"Sizes": {"small": {"Seconds": 30}, "large": {"Seconds": 300}}},
    "Conditions": {
        "HasAlias": {"Fn::Not": [{"Fn::Equals": [{"Ref": "Alias"}, ""]}]},
        "IsPolling": {
            "Fn::Or": [
                {"Fn::Equals": [{"Ref": "Mode"}, "POLLING"]},
                {"Fn::Equals": [{"Ref": "Mode"}, "BOTH"]},
            ]
        },
        "Watches": {"Fn::And": [{"Condition": "HasAlias"}, {"Condition": "IsPolling"}]},
    },
    "Resources": {
        "Bucket": {
            "Type": "AWS::S3::Bucket",
            "DeletionPolicy": "Retain",
            "Properties": {
                "BucketName": {"Fn::Sub": "${AWS::StackName}-out"},
                "Tags": [{"Key": "team", "Value": "a"}, {"Key": "cost.center", "Value": {"Ref": "Alias"}}],
                "LifecycleConfiguration": {
                    "Rules": [{"Id": "old", "Status": "Enabled", "ExpirationInDays": 30, "Prefix": "tmp/"}]
                },
                "CorsConfiguration": {
                    "CorsRules": [{"AllowedMethods": ["GET", "PUT"], "AllowedOrigins": ["*"], "MaxAge": 300}]
                },
            },
        },
        "Role": {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "AssumeRolePolicyDocument": {
                    "Version": "2012-10-17",
                    "Statement": [
                        {
                            "Effect": "Allow",
                            "Principal": {"Service": ["lambda.amazonaws.com", "states.amazonaws.com"]},
                            "Action": "sts:AssumeRole",
                        }
                    ],
                },
                "ManagedPolicyArns": ["arn:aws:iam::aws:policy/A", "arn:aws:iam::aws:policy/B"],
                "Policies": [
                    {
                        "PolicyName": "access",
                        "PolicyDocument": {
                            "Version": "2012-10-17",
                            "Statement": [
                                {
                                    "Sid": "Read",
                                    "Effect": "Allow",
                                    "Action": ["s3:GetObject", "s3:ListBucket"],
                                    "Resource": [
                                        {"Fn::GetAtt": ["Bucket", "Arn"]},
                                        {"Fn::Sub": "${Bucket.Arn}/*"},
                                    ],
                                },
                                {
                                    "Effect": "Allow",
                                    "Action": "s3:PutObject",
                                    "Resource": {"Fn::Sub": "arn:aws:s3:::${Bucket}/*"},
                                    "Condition": {"StringEquals": {"aws:PrincipalTag/team": ["a", "b"]}},
                                },
                                {
                                    "Fn::If": [
                                        "HasAlias",
                                        {
                                            "Effect": "Allow",
                                            "Action": "s3:GetObject",
                                            "Resource": {"Fn::Sub": "arn:aws:s3:::${Alias}/*"},
                                        },
                                        {"Ref": "AWS::NoValue"},
                                    ]
                                },
                            ],
                        },
                    },
                    {
                        "PolicyName": "logs",
                        "PolicyDocument": {
                            "Version": "2012-10-17",
                            "Statement": {"Effect": "Allow", "Action": "logs:PutLogEvents", "Resource": "*"},
                        },
                    },
                ],
            },
        },
        "Worker": {
            "Type": "AWS::Lambda::Function",
            "DependsOn": ["Role", "Bucket"],
            "Properties": {
                "Handler": "index.handler",
                "Runtime": "python3.12",
                "MemorySize": {"Ref": "Memory"},
                "Timeout": {"Fn::FindInMap": ["Sizes", "small", "Seconds"]},
                "Role": {"Fn::GetAtt": "Role.Arn"},
                "Code": {"ZipFile": "def handler(event, context): ...\n"},
                "Environment": {
                    "Variables": {
                        "OUT": {"Ref": "Bucket"},
                        "SOURCE": {"Fn::If": ["HasAlias", {"Ref": "Alias"}, ""]},
                        "LEVEL": "INFO",
                    }
                },
                "VpcConfig": {"SubnetIds": {"Ref": "Subnets"}, "SecurityGroupIds": ["sg-1", "sg-2"]},
            },
        },
        "Schedule": {
            "Type": "AWS::Events::Rule",
            "Condition": "IsPolling",
            "Properties": {
                "EventPattern": {"source": ["aws.s3"], "detail": {"reason": ["PutObject", "CopyObject"]}},
                "Targets": [
                    {"Id": "worker", "Arn": {"Fn::GetAtt": ["Worker", "Arn"]}, "Input": "{}"},
                    {"Id": "machine", "Arn": {"Ref": "Machine"}},
                ],
            },
        },
        "Machine": {
            "Type": "AWS::StepFunctions::StateMachine",
            "Properties": {
                "RoleArn": {"Fn::GetAtt": "Role.Arn"},
                "DefinitionString": {
                    "Fn::Sub": [
                        json.dumps(MACHINE).replace('"@Seconds@"', "${Seconds}").replace("${Worker}", "${Worker.Arn}"),
                        {"Seconds": {"Fn::If": ["IsPolling", 60, 30]}},
                    ]
                },
            },
        },
    },
    "Outputs": {
        "Out": {"Value": {"Fn::GetAtt": "Bucket.Arn"}, "Export": {"Name": {"Fn::Sub": "${AWS::StackName}-Out"}}},
        "Source": {"Condition": "HasAlias", "Value": {"Ref": "Alias"}},
    },
}

LISTS = {"Subnets"}  # what a Ref to is a list, so that it cannot stand in a text


# -- the same in other words ----------------------------------------------------------------------


def slots(data: Data, within: tuple[str, ...] = ()) -> list[tuple[Data, Any, tuple[str, ...]]]:
    """Every (collection, key, path) of a template."""
    out = []
    entries = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in list(entries):
        out.append((data, key, within))
        out += slots(value, (*within, str(key)))
    return out


def in_values(top: Data) -> list[tuple[Data, Any]]:
    """The slots of values that may be functions: not the conditions, and no function's own argument."""
    return [
        (holder, key)
        for holder, key, path in slots(top)
        if path[:1] in (("Resources",), ("Outputs",))
        and not {"Fn::Sub", "Fn::If", "Fn::FindInMap", "Fn::GetAtt", "Ref"} & {*path[-1:], str(key)}
        and len(path) > 2
    ]


def ref_as_sub(top: Data, random: Random) -> None:
    for holder, key in in_values(top):
        name = holder[key].get("Ref") if isinstance(holder[key], dict) else None
        if name and name not in LISTS and name != "AWS::NoValue" and random.random() < 0.5:
            holder[key] = {"Fn::Sub": "${" + name + "}"}


def attribute_in_other_words(top: Data, random: Random) -> None:
    for holder, key in in_values(top):
        found_here = holder[key].get("Fn::GetAtt") if isinstance(holder[key], dict) else None
        if found_here:
            dotted = found_here if isinstance(found_here, str) else ".".join(found_here)
            forms = [dotted, dotted.split(".")]
            holder[key] = random.choice([*({"Fn::GetAtt": form} for form in forms), {"Fn::Sub": "${" + dotted + "}"}])


def sub_as_join(top: Data, random: Random) -> None:
    for holder, key in in_values(top):
        text = holder[key].get("Fn::Sub") if isinstance(holder[key], dict) else None
        if isinstance(text, str) and text.count("${") == 1 and random.random() < 0.5:
            before, _, rest = text.partition("${")
            name, _, after = rest.partition("}")
            one = {"Fn::GetAtt": name.split(".")} if "." in name else {"Ref": name}
            holder[key] = {"Fn::Join": ["", [piece for piece in (before, one, after) if piece]]}


def order_of_keys(top: Data, random: Random) -> None:
    for holder, key, _ in slots({"": top}):
        value = holder[key]
        if isinstance(value, dict):
            entries = list(value.items())
            random.shuffle(entries)
            value.clear()
            value.update(entries)


UNORDERED = {
    "AllowedMethods", "AllowedValues", "DependsOn", "ManagedPolicyArns", "Policies", "reason", "Resource",
    "SecurityGroupIds", "Service", "Statement", "Tags", "Targets", "aws:PrincipalTag/team", "Action",
}  # fmt: skip


def order_of_lists(top: Data, random: Random) -> None:
    for holder, key, _ in slots(top):
        if key in UNORDERED and isinstance(holder[key], list):
            random.shuffle(holder[key])


def numbers_as_texts(top: Data, random: Random) -> None:
    for holder, key, _ in slots(top):
        if isinstance(holder[key], int) and not isinstance(holder[key], bool) and random.random() < 0.5:
            holder[key] = str(holder[key])


def item_for_list_of_one(top: Data, random: Random) -> None:
    for holder, key, _ in slots(top):
        if key in {"Action", "Resource", "Service", "Statement", "DependsOn", "AllowedOrigins"}:
            value = holder[key]
            if not isinstance(value, list):
                holder[key] = [value]
            elif len(value) == 1:
                holder[key] = value[0]


def statements(top: Data) -> list[Data]:
    """The statement lists of the role's own policies."""
    documents = [policy["PolicyDocument"] for policy in top["Resources"]["Role"]["Properties"]["Policies"]]
    for document in documents:
        if not isinstance(document["Statement"], list):
            document["Statement"] = [document["Statement"]]
    return [document["Statement"] for document in documents]


def statement_per_action(top: Data, random: Random) -> None:
    for found_here in statements(top):
        for one in list(found_here):
            if isinstance(one.get("Action"), list):
                found_here.remove(one)
                found_here += [
                    {**copy.deepcopy(one), "Action": action, "Sid": f"S{i}"} for i, action in enumerate(one["Action"])
                ]


def policies_merged(top: Data, random: Random) -> None:
    merged = [one for found_here in statements(top) for one in found_here]
    whole = top["Resources"]["Role"]["Properties"]
    whole["Policies"] = [{"PolicyName": "all", "PolicyDocument": {"Version": "2012-10-17", "Statement": merged}}]


def policy_attached(top: Data, random: Random) -> None:
    policies = top["Resources"]["Role"]["Properties"]["Policies"]
    if policies:
        policy = policies.pop()
        whole = {**policy, "Roles": [{"Ref": "Role"}]}
        attached = sum(name.startswith("Attached") for name in top["Resources"])
        top["Resources"][f"Attached{attached}"] = {"Type": "AWS::IAM::Policy", "Properties": whole}


def names_of_statements(top: Data, random: Random) -> None:
    for found_here in statements(top):
        for index, one in enumerate(found_here):
            if "Effect" in one:
                one["Sid"] = f"Other{index}"


def condition_around_statements(top: Data, random: Random) -> None:
    """`!If` around the whole list, in place of one inside."""
    for policy in top["Resources"]["Role"]["Properties"]["Policies"]:
        document = policy["PolicyDocument"]
        inner = document["Statement"]
        if isinstance(inner, list) and any("Fn::If" in one for one in inner):
            arms = [[one["Fn::If"][arm] if "Fn::If" in one else one for one in copy.deepcopy(inner)] for arm in (1, 2)]
            (condition,) = {one["Fn::If"][0] for one in inner if "Fn::If" in one}
            document["Statement"] = {"Fn::If": [condition, *arms]}
            return


def condition_around_value(top: Data, random: Random) -> None:
    """What stands in both arms of an `!If` stands there anyway."""
    whole = top["Resources"]["Worker"]["Properties"]
    whole["Runtime"] = {"Fn::If": ["HasAlias", whole["Runtime"], copy.deepcopy(whole["Runtime"])]}


def condition_inside_text(top: Data, random: Random) -> None:
    """`!If` around a list against one for each of its items."""
    whole = top["Resources"]["Worker"]["Properties"]["VpcConfig"]
    first, second = (
        sorted(whole["SecurityGroupIds"], key=str)[:2] if isinstance(whole["SecurityGroupIds"], list) else ("", "")
    )
    if first:
        whole["SecurityGroupIds"] = [{"Fn::If": ["HasAlias", first, first]}, second]


def substituted(top: Data) -> Data:
    """The argument of the Fn::Sub that defines the machine, if it is one still."""
    definition = top["Resources"]["Machine"]["Properties"]["DefinitionString"]
    return definition["Fn::Sub"] if isinstance(definition, dict) else None


def order_of_states(top: Data, random: Random) -> None:
    argument = substituted(top)
    if argument:
        bare = re.search(r'"TimeoutSeconds": (\$\{\w+\})', argument[0])
        assert bare is not None
        machine = json.loads(argument[0].replace(bare[1], '"@bare@"'))
        states = list(machine["States"].items())
        random.shuffle(states)
        machine["States"] = dict(states)
        machine["Comment"] = "said again"
        argument[0] = json.dumps(machine, indent=random.choice([None, 2])).replace('"@bare@"', bare[1])


def variables_for_the_machine(top: Data, random: Random) -> None:
    """DefinitionSubstitutions in place of Fn::Sub."""
    whole = top["Resources"]["Machine"]["Properties"]
    argument = substituted(top)
    if argument:
        whole["DefinitionString"] = argument[0].replace("${Worker.Arn}", "${WorkerArn}")
        whole["DefinitionSubstitutions"] = {**argument[1], "WorkerArn": {"Fn::GetAtt": "Worker.Arn"}}


def silent_words(top: Data, random: Random) -> None:
    """Descriptions and metadata say nothing once it is deployed."""
    top["Description"] = top["Parameters"]["Alias"]["Description"] = "in other words"
    top["Resources"]["Bucket"]["Metadata"] = {"cfn-lint": {}}
    top["Outputs"]["Out"]["Description"] = "the bucket"


REWRITES: tuple[Rewrite, ...] = (
    ref_as_sub, attribute_in_other_words, sub_as_join, order_of_keys, order_of_lists, numbers_as_texts,
    item_for_list_of_one, statement_per_action, policies_merged, policy_attached, names_of_statements,
    condition_around_statements, condition_around_value, condition_inside_text, order_of_states,
    variables_for_the_machine, silent_words,
)  # fmt: skip


def nested_formulas(top: Data, random: Random) -> None:
    conditions = top["Conditions"]
    conditions["IsPolling"] = {
        "Fn::Or": [{"Fn::Or": conditions["IsPolling"]["Fn::Or"]}, {"Fn::Equals": ["BOTH", {"Ref": "Mode"}]}]
    }
    conditions["HasAlias"] = {"Fn::Not": [{"Fn::Not": [conditions["HasAlias"]]}]}
    conditions["Watches"] = {"Fn::And": conditions["Watches"]["Fn::And"][::-1]}


def formulas_inlined(top: Data, random: Random) -> None:
    conditions = top["Conditions"]
    conditions["Watches"] = {"Fn::And": [conditions["HasAlias"], conditions["IsPolling"]]}


def formulas_split(top: Data, random: Random) -> None:
    conditions = top["Conditions"]
    conditions["IsEvents"] = {"Fn::Equals": [{"Ref": "Mode"}, "EVENTS"]}
    conditions["IsPolling"] = {"Fn::Not": [{"Condition": "IsEvents"}]}


FORMULAS: tuple[Rewrite, ...] = (nested_formulas, formulas_inlined)

steps = st.lists(st.sampled_from(REWRITES), max_size=6)
randoms = st.randoms(use_true_random=False)
ways = st.sampled_from([{"by_name": True}, {}, {"defaults": True}])


def written(data: Data, random: Random) -> str:
    """A template as a text: JSON, or YAML with functions short or long."""
    return random.choice([json.dumps(data), json.dumps(data, indent=4), as_yaml(data), as_yaml(data, short=False)])


def rewritten(data: Data, done: list[Rewrite], random: Random) -> str:
    out = copy.deepcopy(data)
    for step in done:
        step(out, random)
    return written(out, random)


@settings(max_examples=60, deadline=None)
@given(steps, randoms, ways)
def test_the_same_in_other_words_is_no_difference(done: list[Rewrite], random: Random, how: dict[str, bool]) -> None:
    other = rewritten(BASE, done, random)
    assert found(json.dumps(BASE), other, **how) == []
    assert found(other, json.dumps(BASE), **how) == []


@pytest.mark.parametrize("step", REWRITES, ids=lambda step: step.__name__)
def test_each_way_of_saying_it_changes_the_text(step: Rewrite) -> None:
    """Or else the law above would say nothing about it."""
    out = copy.deepcopy(BASE)
    step(out, Random(1))
    assert json.dumps(out) != json.dumps(BASE)
    assert found(BASE, out, by_name=True) == []


@pytest.mark.parametrize("step", FORMULAS, ids=lambda step: step.__name__)
def test_formulas_that_hold_in_the_same_scenarios_are_the_same(step: Rewrite) -> None:
    out = copy.deepcopy(BASE)
    step(out, Random(1))
    assert ([], [], []) == (
        found(BASE, out, by_name=True),
        found(BASE, out),
        found(BASE, out, defaults=True),
    )


def test_a_condition_that_is_split_is_one_more_by_name_and_nothing_when_deployed() -> None:
    out = copy.deepcopy(BASE)
    formulas_split(out, Random(1))
    assert ["condition IsEvents: – | !Equals [${Mode}, EVENTS]"] == found(BASE, out, by_name=True)
    assert [] == found(BASE, out)


# -- what means something else --------------------------------------------------------------------


def at(*path: Any) -> Callable[[Data], tuple[Data, Any]]:
    """The slot at a path."""

    def of(top: Data) -> tuple[Data, Any]:
        for key in path[:-1]:
            top = top[key]
        return top, path[-1]

    return of


def put(value: Data, *path: Any) -> Callable[[Data], None]:
    def mutate(top: Data) -> None:
        holder, key = at(*path)(top)
        holder[key] = value

    return mutate


def drop(*path: Any) -> Callable[[Data], None]:
    def mutate(top: Data) -> None:
        holder, key = at(*path)(top)
        del holder[key]

    return mutate


def in_machine(old: str, new: str) -> Callable[[Data], None]:
    def mutate(top: Data) -> None:
        argument = top["Resources"]["Machine"]["Properties"]["DefinitionString"]["Fn::Sub"]
        assert old in argument[0], old
        argument[0] = argument[0].replace(old, new)

    return mutate


ROLE = ("Resources", "Role", "Properties")
READ = (*ROLE, "Policies", 0, "PolicyDocument", "Statement", 0)
WRITE = (*ROLE, "Policies", 0, "PolicyDocument", "Statement", 1)
WORKER = ("Resources", "Worker", "Properties")
BUCKET = ("Resources", "Bucket", "Properties")
RULE = ("Resources", "Schedule", "Properties")

MUTATIONS: dict[str, tuple[Callable[[Data], None], list[str]]] = {
    "a parameter is gone": (drop("Parameters", "Memory"), ["parameter Memory: Number, default 512 | –"]),
    "a default": (put(256, "Parameters", "Memory", "Default"), ["default Memory.Default: 512 | 256"]),
    "a type": (put("Number", "Parameters", "Alias", "Type"), ["parameter Alias.Type: String | Number"]),
    "an allowed value more": (
        put(["POLLING", "EVENTS", "BOTH", "NONE"], "Parameters", "Mode", "AllowedValues"),
        ["parameter Mode.AllowedValues: [POLLING, EVENTS, BOTH] | [NONE]"],
    ),
    "a secret": (put(True, "Parameters", "Alias", "NoEcho"), ["parameter Alias.NoEcho: – | true"]),
    "a mapping's value": (put(31, "Mappings", "Sizes", "small", "Seconds"), ["mapping Sizes.small.Seconds: 30 | 31"]),
    "a condition's operand": (
        put("EVENTS", "Conditions", "IsPolling", "Fn::Or", 1, "Fn::Equals", 1),
        [
            "condition IsPolling: !Or [!Equals [${Mode}, POLLING], !Equals [${Mode}, BOTH]]"
            " | !Or [!Equals [${Mode}, POLLING], !Equals [${Mode}, EVENTS]]"
        ],
    ),
    "a variable": (put("DEBUG", *WORKER, "Environment", "Variables", "LEVEL"), ["variable Worker.LEVEL: INFO | DEBUG"]),
    "a variable's arm": (
        put("none", *WORKER, "Environment", "Variables", "SOURCE", "Fn::If", 2),
        [
            "variable Worker.SOURCE: !If [HasAlias, ${Alias}, ''] | !If [HasAlias, ${Alias}, none]"
            " · when HasAlias is false (the default): Alias is empty"
        ],
    ),
    "no variable": (drop(*WORKER, "Environment", "Variables", "LEVEL"), ["variable Worker.LEVEL: INFO | –"]),
    "an action": (
        put(["s3:GetObject", "s3:DeleteObject"], *READ, "Action"),
        [
            "grant Role: s3:ListBucket on ${Bucket.Arn}: ${Bucket.Arn} | –",
            "grant Role: s3:ListBucket on ${Bucket.Arn}/*: ${Bucket.Arn}/* | –",
            "grant Role: s3:DeleteObject on ${Bucket.Arn}: – | ${Bucket.Arn}",
            "grant Role: s3:DeleteObject on ${Bucket.Arn}/*: – | ${Bucket.Arn}/*",
        ],
    ),
    "a resource": (
        put("*", *WRITE, "Resource"),
        [
            "grant Role: s3:PutObject on arn:aws:s3:::${Bucket}/* under a condition: arn:aws:s3:::${Bucket}/* | –",
            "grant Role: s3:PutObject on * under a condition: – | *",
        ],
    ),
    "an effect": (
        put("Deny", *WRITE, "Effect"),
        [
            "grant Role: s3:PutObject on arn:aws:s3:::${Bucket}/* under a condition: arn:aws:s3:::${Bucket}/* | –",
            "grant Role: Deny s3:PutObject on arn:aws:s3:::${Bucket}/* under a condition: – | arn:aws:s3:::${Bucket}/*",
        ],
    ),
    "a statement's condition": (
        put(["a"], *WRITE, "Condition", "StringEquals", "aws:PrincipalTag/team"),
        [
            "grant Role: s3:PutObject on arn:aws:s3:::${Bucket}/*:"
            " if {StringEquals: {aws:PrincipalTag/team: [a, b]}} | if {StringEquals: {aws:PrincipalTag/team: a}}"
        ],
    ),
    "no condition on a statement": (
        drop(*WRITE, "Condition"),
        [
            "grant Role: s3:PutObject on arn:aws:s3:::${Bucket}/*:"
            " if {StringEquals: {aws:PrincipalTag/team: [a, b]}} | always"
        ],
    ),
    "a statement's scenario": (
        put("Watches", *ROLE, "Policies", 0, "PolicyDocument", "Statement", 2, "Fn::If", 0),
        [
            "grant Role: s3:GetObject on arn:aws:s3:::${Alias}/*: arn:aws:s3:::${Alias}/* | –"
            " · when HasAlias is true and IsPolling is false and Watches is false:"
            " Alias is any other value, Mode is 'EVENTS'"
        ],
    ),
    "a principal": (
        put("events.amazonaws.com", *ROLE, "AssumeRolePolicyDocument", "Statement", 0, "Principal", "Service"),
        [
            "grant Role.AssumeRolePolicyDocument:"
            " sts:AssumeRole for Service lambda.amazonaws.com, states.amazonaws.com:"
            " Service lambda.amazonaws.com, states.amazonaws.com | –",
            "grant Role.AssumeRolePolicyDocument: sts:AssumeRole for Service events.amazonaws.com:"
            " – | Service events.amazonaws.com",
        ],
    ),
    "a managed policy": (
        put(["arn:aws:iam::aws:policy/A"], *ROLE, "ManagedPolicyArns"),
        ["property Role.ManagedPolicyArns: [arn:aws:iam::aws:policy/B] | –"],
    ),
    "a state's next": (
        in_machine('"Next": "Each"', '"Next": "Done"'),
        ["state Machine.Any: Choices[0].Next Each | Choices[0].Next Done"],
    ),
    "a number of tries": (
        in_machine('"MaxAttempts": 3', '"MaxAttempts": 5'),
        ["state Machine.Discover: Retry[0].MaxAttempts 3 | Retry[0].MaxAttempts 5"],
    ),
    "a number that is a text": (
        in_machine('"NumericGreaterThan": 0', '"NumericGreaterThan": "0"'),
        ['state Machine.Any: Choices[0].NumericGreaterThan 0 | Choices[0].NumericGreaterThan "0"'],
    ),
    "a bare variable": (
        in_machine("${Seconds}", "${Memory}"),
        ["state Machine.Discover: TimeoutSeconds 60 | TimeoutSeconds ${Memory}"],
    ),
    "data called Comment": (
        in_machine('"Comment": "kept"', '"Comment": "lost"'),
        ["state Machine.Discover: Parameters.Comment kept | Parameters.Comment lost"],
    ),
    "an inner state": (
        in_machine('"Resource": "${Worker.Arn}"', '"Resource": "${Machine}"'),
        ["state Machine.Work: Resource ${Worker.Arn} | Resource ${Machine}"],
    ),
    "what a variable of the machine is": (
        put(90, "Resources", "Machine", "Properties", "DefinitionString", "Fn::Sub", 1, "Seconds", "Fn::If", 1),
        [
            "state Machine.Discover: TimeoutSeconds 60 | TimeoutSeconds 90"
            " · when IsPolling is true (the default): Mode is 'POLLING'"
        ],
    ),
    "deep in a list": (
        put(60, *BUCKET, "CorsConfiguration", "CorsRules", 0, "MaxAge"),
        ["property Bucket.CorsConfiguration.CorsRules: [0].MaxAge 300 | [0].MaxAge 60"],
    ),
    "of a list with names": (
        put(7, *BUCKET, "LifecycleConfiguration", "Rules", 0, "ExpirationInDays"),
        ["property Bucket.LifecycleConfiguration.Rules.old.ExpirationInDays: 30 | 7"],
    ),
    "a target": (drop(*RULE, "Targets", 1), ["property Schedule.Targets.machine: {Id: machine, Arn: ${Machine}} | –"]),
    "a pattern": (
        put(["PutObject"], *RULE, "EventPattern", "detail", "reason"),
        ["property Schedule.EventPattern.detail.reason: [CopyObject] | –"],
    ),
    "a tag with a dot": (drop(*BUCKET, "Tags", 1), ["property Bucket.Tags.cost.center: ${Alias} | –"]),
    "an empty mapping": (
        put({}, *BUCKET, "WebsiteConfiguration"),
        ["property Bucket.WebsiteConfiguration: – | {}"],
    ),
    "code in the template": (
        put("def handler(event, context): return 1\n", *WORKER, "Code", "ZipFile"),
        [
            "code Worker.Code.ZipFile: 'def handler(event, context): ...\\n'"
            " | 'def handler(event, context): return 1\\n'"
        ],
    ),
    "an output": (put({"Ref": "Bucket"}, "Outputs", "Out", "Value"), ["output Out.Value: ${Bucket.Arn} | ${Bucket}"]),
    "an output's name for others": (
        put("Out", "Outputs", "Out", "Export", "Name"),
        ["output Out.Export: Name ${AWS::StackName}-Out | Name Out"],
    ),
    "an output's scenario": (
        drop("Outputs", "Source", "Condition"),
        ["output Source.Condition: HasAlias | always · when HasAlias is false (the default): Alias is empty"],
    ),
    "what it waits for": (put("Role", "Resources", "Worker", "DependsOn"), ["resource Worker.DependsOn: [Bucket] | –"]),
    "what is kept": (
        put("Delete", "Resources", "Bucket", "DeletionPolicy"),
        ["resource Bucket.DeletionPolicy: Retain | Delete"],
    ),
    "when it is there": (
        put("HasAlias", "Resources", "Schedule", "Condition"),
        [
            "resource Schedule.Condition: IsPolling | HasAlias"
            " · when HasAlias is false and IsPolling is true (the default): Alias is empty, Mode is 'POLLING'"
        ],
    ),
    "a resource is gone": (
        drop("Resources", "Schedule"),
        ["resource Schedule: AWS::Events::Rule | – · when IsPolling is true (the default): Mode is 'POLLING'"],
    ),
    "another type": (
        put("AWS::Lambda::Alias", "Resources", "Worker", "Type"),
        ["resource Worker.Type: AWS::Lambda::Function | AWS::Lambda::Alias"],
    ),
}


@pytest.mark.parametrize("name", MUTATIONS)
def test_each_change_of_meaning_is_the_difference_that_names_it(name: str) -> None:
    mutate, expected = MUTATIONS[name]
    other = copy.deepcopy(BASE)
    mutate(other)
    assert found(BASE, other, by_name=True) == expected


@settings(max_examples=80, deadline=None)
@given(st.sampled_from(sorted(MUTATIONS)), steps, randoms)
def test_a_change_of_meaning_is_found_whatever_else_is_said_otherwise(
    name: str, done: list[Rewrite], random: Random
) -> None:
    mutate, _ = MUTATIONS[name]
    changed = copy.deepcopy(BASE)
    mutate(changed)
    expected = names(BASE, changed)
    other = rewritten(changed, done, random)
    assert names(json.dumps(BASE), other) == expected
    assert names(other, json.dumps(BASE)) == {(kind, name, sides[::-1]) for kind, name, sides in expected}


def names(one: str | Data, other: str | Data) -> set[tuple[str, str, tuple[bool, bool]]]:
    """The differences by kind and name, and on which sides there is something."""
    differences = comparison(one, other, by_name=True).differences()
    assert len({(one.kind, one.name) for one in differences}) == len(differences), [told(one) for one in differences]
    return {
        (one.kind.value, one.name, (bool(one.one), bool(one.other)))
        for one in differences
        if not one.name.startswith("Attached")  # it brings what differs, so it is one of its own
    }
