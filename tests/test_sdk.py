"""What operations of the AWS SDK need."""

import re

import pytest

from s3ap_lint import sdk
from s3ap_lint.sdk import Need, Operation

OBJECT = "arn:${Partition}:s3:::${Bucket}/${Key}"
BUCKET = "arn:${Partition}:s3:::${Bucket}"
COPIED = (
    "arn:${Partition}:s3:::${CopySource.Bucket}/${CopySource.Key}",
    "arn:${Partition}:s3:::${CopySource}",
    "${CopySource}",
)
TABLE = ("arn:${Partition}:dynamodb:${Region}:${Account}:table/${TableName}", "${TableName}")
INDEX = (
    "arn:${Partition}:dynamodb:${Region}:${Account}:table/${TableName}/index/${IndexName}",
    "${TableName}/index/${IndexName}",
)
EVERY_SERVICE = sorted(sdk._lines("services"))


def needs(service: str, name: str) -> tuple[Need, ...]:
    """What an operation that is known needs."""
    operation = sdk.operation(service, name)
    assert operation is not None
    return operation.needs


def certain(service: str, name: str) -> list[str]:
    """The actions that an operation needs whatever it is given."""
    return [need.action for need in needs(service, name) if need.certain and not need.when]


def member(service: str, name: str, given: str) -> list[str]:
    """The actions that an operation needs because a member is given."""
    return [need.action for need in needs(service, name) if need.when == given]


class TestOperation:
    def test_an_operation_says_what_it_needs_and_on_what(self) -> None:
        wanted = Operation("s3", "list_objects_v2", (Need("s3:ListBucket", (BUCKET,)),), ())
        assert wanted == sdk.operation("s3", "list_objects_v2")

    @pytest.mark.parametrize(("service", "name"), [("s3", "get_objekt"), ("s4", "get_object"), ("dynamodb", "Table")])
    def test_what_nobody_knows_is_none(self, service: str, name: str) -> None:
        assert sdk.operation(service, name) is None

    def test_an_operation_whose_action_is_documented_nowhere_is_not_guessed(self) -> None:
        assert sdk.operation("bedrock-runtime", "invoke_model_with_bidirectional_stream") is None

    @pytest.mark.parametrize(
        ("service", "name"),
        [
            ("sts", "get_caller_identity"),
            ("cognito-idp", "initiate_auth"),
            ("cognito-idp", "get_user"),
            ("cognito-identity", "get_id"),
            ("sts", "assume_role_with_web_identity"),
        ],
    )
    def test_what_everybody_may_do_needs_nothing(self, service: str, name: str) -> None:
        assert () == needs(service, name)

    def test_a_presigned_url_needs_what_it_is_for_so_its_caller_asks_again(self) -> None:
        presigned = sdk.operation("s3", "generate_presigned_url")
        assert (
            Operation("s3", "generate_presigned_url", (), ("ClientMethod", "Params", "ExpiresIn", "HttpMethod"))
            == presigned
        )

    @pytest.mark.parametrize(
        ("service", "name", "action"),
        [
            ("bedrock-runtime", "converse", "bedrock:InvokeModel"),
            ("bedrock-runtime", "converse_stream", "bedrock:InvokeModelWithResponseStream"),
            ("bedrock-runtime", "start_async_invoke", "bedrock:InvokeModel"),
            ("bedrock-agent-runtime", "invoke_agent", "bedrock:InvokeAgent"),
            ("cloudwatch", "put_metric_data", "cloudwatch:PutMetricData"),
            ("lambda", "invoke", "lambda:InvokeFunction"),
            ("lambda", "invoke_with_response_stream", "lambda:InvokeFunction"),
            ("lambda", "get_function", "lambda:GetFunction"),
            ("s3", "head_bucket", "s3:ListBucket"),
            ("s3", "list_objects", "s3:ListBucket"),
            ("s3", "list_object_versions", "s3:ListBucketVersions"),
            ("s3", "list_multipart_uploads", "s3:ListBucketMultipartUploads"),
            ("s3", "upload_part", "s3:PutObject"),
            ("s3", "get_bucket_encryption", "s3:GetEncryptionConfiguration"),
            ("s3", "delete_bucket_cors", "s3:PutBucketCORS"),
            ("s3", "select_object_content", "s3:GetObject"),
            ("sagemaker-runtime", "invoke_endpoint", "sagemaker:InvokeEndpoint"),
            ("sns", "publish_batch", "sns:Publish"),
            ("sqs", "delete_message_batch", "sqs:DeleteMessage"),
            ("opensearch", "describe_domain", "es:DescribeDomain"),
            ("resourcegroupstaggingapi", "get_resources", "tag:GetResources"),
        ],
    )
    def test_an_action_is_not_always_called_like_its_operation_or_service(
        self, service: str, name: str, action: str
    ) -> None:
        assert [action] == certain(service, name)

    def test_actions_are_spelled_as_the_reference_spells_them(self) -> None:
        assert ["wafv2:GetWebACL"] == certain("wafv2", "get_web_acl")
        assert ["s3:GetBucketCORS"] == certain("s3", "get_bucket_cors")


class TestS3:
    @pytest.mark.parametrize("name", ["get_object", "head_object"])
    def test_a_version_is_read_with_another_permission(self, name: str) -> None:
        assert (
            Need("s3:GetObject", (OBJECT,), unless="VersionId"),
            Need("s3:GetObjectVersion", (OBJECT,), when="VersionId"),
            Need("kms:Decrypt", (), certain=False),
        ) == needs("s3", name)

    @pytest.mark.parametrize(
        ("name", "action"),
        [("abort_multipart_upload", "s3:AbortMultipartUpload"), ("list_parts", "s3:ListMultipartUploadParts")],
    )
    def test_who_began_an_upload_may_end_it_without_a_grant(self, name: str, action: str) -> None:
        assert (Need(action, (OBJECT,), certain=False),) == needs("s3", name)

    def test_a_copy_reads_its_source_which_is_a_text_or_a_mapping(self) -> None:
        assert [("s3:GetObject", COPIED), ("s3:PutObject", (OBJECT,))] == [
            (need.action, need.resources) for need in needs("s3", "copy_object") if need.certain and not need.when
        ]

    def test_tags_and_access_lists_are_written_only_where_they_are_given(self) -> None:
        assert ["s3:PutObject"] == certain("s3", "put_object")
        assert ["s3:PutObjectTagging"] == member("s3", "put_object", "Tagging")
        assert ["s3:PutObjectAcl"] == member("s3", "put_object", "ACL")

    def test_many_objects_are_deleted_wherever_they_are_in_the_bucket(self) -> None:
        assert Need("s3:DeleteObject", (f"{BUCKET}/*",)) == needs("s3", "delete_objects")[0]

    def test_a_methods_arguments_have_their_places(self) -> None:
        upload = sdk.operation("s3", "upload_file")
        assert upload is not None
        assert ("Filename", "Bucket", "Key", "ExtraArgs", "Callback", "Config") == upload.positional
        assert (Need("s3:PutObject", (OBJECT,)), Need("s3:AbortMultipartUpload", (OBJECT,), certain=False)) == (
            upload.needs[:2]
        )

    def test_the_extra_arguments_of_an_upload_count(self) -> None:
        assert ["s3:PutObjectAcl"] == member("s3", "upload_fileobj", "ExtraArgs.ACL")

    def test_a_download_asks_for_the_object_only(self) -> None:
        download = sdk.operation("s3", "download_fileobj")
        assert download is not None
        assert ("Bucket", "Key", "Fileobj") == download.positional[:3]
        assert ["s3:GetObject"] == certain("s3", "download_fileobj")

    def test_a_managed_copy_reads_with_another_client_if_it_is_given_one(self) -> None:
        assert Need("s3:GetObject", COPIED, unless="SourceClient") == needs("s3", "copy")[0]

    def test_a_form_for_uploads_is_an_upload(self) -> None:
        assert (Need("s3:PutObject", (OBJECT,)),) == needs("s3", "generate_presigned_post")

    def test_listing_buckets_takes_no_resource(self) -> None:
        assert (Need("s3:ListAllMyBuckets", ("*",)),) == needs("s3", "list_buckets")

    def test_a_bucket_on_an_outpost_is_no_bucket(self) -> None:
        assert sdk.operation("s3control", "create_bucket") is None


class TestResources:
    def test_a_table_is_named_or_given_as_an_arn(self) -> None:
        assert (Need("dynamodb:PutItem", TABLE),) == needs("dynamodb", "put_item")

    def test_an_index_is_a_resource_of_its_own(self) -> None:
        """The second need is met by either, and the first asks for the index where one is given."""
        assert (
            Need("dynamodb:Query", INDEX, when="IndexName"),
            Need("dynamodb:Query", (*TABLE, *INDEX)),
        ) == needs("dynamodb", "query")

    def test_a_batch_names_its_tables_as_keys(self) -> None:
        tables = (
            "arn:${Partition}:dynamodb:${Region}:${Account}:table/${RequestItems[keys]}",
            "${RequestItems[keys]}",
        )
        assert (Need("dynamodb:BatchWriteItem", tables),) == needs("dynamodb", "batch_write_item")

    def test_a_transaction_needs_what_it_does(self) -> None:
        assert [
            ("dynamodb:PutItem", "TransactItems[].Put"),
            ("dynamodb:UpdateItem", "TransactItems[].Update"),
            ("dynamodb:DeleteItem", "TransactItems[].Delete"),
            ("dynamodb:ConditionCheckItem", "TransactItems[].ConditionCheck"),
        ] == [(need.action, need.when) for need in needs("dynamodb", "transact_write_items")]

    def test_a_statement_may_be_of_any_kind(self) -> None:
        assert [] == certain("dynamodb", "execute_statement")

    def test_a_text_message_takes_no_topic(self) -> None:
        assert (
            Need("sns:Publish", ("${TopicArn}", "${TargetArn}"), unless="PhoneNumber"),
            Need("sns:Publish", ("*",), when="PhoneNumber"),
        ) == needs("sns", "publish")

    def test_a_queue_is_its_url(self) -> None:
        assert (Need("sqs:SendMessage", ("${QueueUrl}",)),) == needs("sqs", "send_message_batch")

    def test_a_state_machine_is_its_arn(self) -> None:
        assert (Need("states:StartExecution", ("${stateMachineArn}",)),) == needs("stepfunctions", "start_execution")

    def test_a_task_token_does_not_tell_the_state_machine(self) -> None:
        assert (Need("states:SendTaskSuccess", ()),) == needs("stepfunctions", "send_task_success")

    def test_a_secrets_arn_ends_in_what_nobody_chooses(self) -> None:
        secret = "arn:${Partition}:secretsmanager:${Region}:${Account}:secret:"
        assert (
            Need("secretsmanager:GetSecretValue", ("${SecretId}", "${SecretId}*", f"{secret}${{SecretId}}-*")),
        ) == needs("secretsmanager", "get_secret_value")
        assert (Need("secretsmanager:CreateSecret", (f"{secret}${{Name}}-*",)),) == needs(
            "secretsmanager", "create_secret"
        )

    def test_a_parameters_name_begins_with_a_slash_or_not(self) -> None:
        parameter = "arn:${Partition}:ssm:${Region}:${Account}:parameter"
        names = (f"{parameter}/${{Name}}", f"{parameter}${{Name}}", "${Name}")
        assert (Need("ssm:GetParameter", names),) == needs("ssm", "get_parameter")

    def test_a_key_may_be_an_alias_so_it_is_not_known(self) -> None:
        assert (Need("kms:Decrypt", ()),) == needs("kms", "decrypt")

    def test_an_event_goes_to_the_default_bus_unless_it_names_one(self) -> None:
        bus = "arn:${Partition}:events:${Region}:${Account}:event-bus/"
        named = ("${Entries[].EventBusName}", bus + "${Entries[].EventBusName}")
        assert (
            Need("events:PutEvents", named, when="Entries[].EventBusName"),
            Need("events:PutEvents", (*named, f"{bus}default")),
        ) == needs("events", "put_events")

    def test_a_function_is_named_with_or_without_its_alias(self) -> None:
        function = "arn:${Partition}:lambda:${Region}:${Account}:function:${FunctionName}"
        assert (
            Need(
                "lambda:InvokeFunction",
                (function, function + ":${Qualifier}", "${FunctionName}", "${FunctionName}:${Qualifier}"),
            ),
        ) == needs("lambda", "invoke")

    def test_a_stream_is_named_or_its_arn_is_given(self) -> None:
        assert (
            Need(
                "kinesis:PutRecord",
                (
                    "arn:${Partition}:kinesis:${Region}:${Account}:stream/${StreamName}",
                    "${StreamARN}",
                    "${StreamName}",
                ),
            ),
        ) == needs("kinesis", "put_record")

    def test_what_the_input_does_not_tell_is_a_star(self) -> None:
        assert (
            Need("athena:GetQueryExecution", ("arn:${Partition}:athena:${Region}:${Account}:workgroup/*",)),
        ) == needs("athena", "get_query_execution")

    def test_sagemaker_spells_names_in_small_letters(self) -> None:
        assert (
            "arn:${Partition}:sagemaker:${Region}:${Account}:transform-job/*"
            == (needs("sagemaker", "create_transform_job")[0].resources[0])
        )

    def test_what_takes_no_resource_says_so(self) -> None:
        assert (Need("fsx:DescribeVolumes", ("*",)),) == needs("fsx", "describe_volumes")

    def test_what_may_take_a_resource_that_is_not_given_is_not_known(self) -> None:
        assert (Need("comprehend:DetectEntities", ()),) == needs("comprehend", "detect_entities")

    def test_an_api_is_managed_by_method_and_path(self) -> None:
        assert (
            Need("apigateway:POST", ("arn:${Partition}:apigateway:${Region}::/restapis/${restApiId}/deployments",)),
        ) == needs("apigateway", "create_deployment")

    def test_a_connection_belongs_to_an_api_that_the_client_was_made_for(self) -> None:
        assert (
            Need("execute-api:ManageConnections", ("arn:${Partition}:execute-api:${Region}:${Account}:*",)),
        ) == needs("apigatewaymanagementapi", "post_to_connection")

    def test_which_model_is_invoked_is_for_others_to_find_out(self) -> None:
        guardrail = "arn:${Partition}:bedrock:${Region}:${Account}:guardrail/${guardrailIdentifier}"
        assert (
            Need("bedrock:InvokeModel", ()),
            Need("bedrock:ApplyGuardrail", (guardrail, "${guardrailIdentifier}"), when="guardrailIdentifier"),
        ) == needs("bedrock-runtime", "invoke_model")


class TestDependents:
    def test_who_gives_a_role_passes_it(self) -> None:
        assert (
            Need("iam:PassRole", ("${Target.RoleArn}",), when="Target.RoleArn")
            == (needs("scheduler", "create_schedule")[-1])
        )
        assert (
            Need("iam:PassRole", ("${roleArn}",), when="roleArn") == needs("stepfunctions", "create_state_machine")[-1]
        )

    def test_a_role_may_be_named_without_its_arn(self) -> None:
        assert (
            "${Role}",
            "arn:${Partition}:iam::${Account}:role/${Role}",
            "arn:${Partition}:iam::${Account}:role/*/${Role}",
        ) == needs("glue", "create_job")[-1].resources

    def test_whoever_assumes_a_role_does_not_pass_it(self) -> None:
        assert (Need("sts:AssumeRole", ("${RoleArn}",)),) == needs("sts", "assume_role")

    def test_a_task_passes_the_roles_of_its_definition_perhaps(self) -> None:
        assert Need("iam:PassRole", (), certain=False) == needs("ecs", "run_task")[-1]

    def test_what_is_behind_a_query_is_not_certain(self) -> None:
        assert ["athena:StartQueryExecution"] == certain("athena", "start_query_execution")
        assert {"glue:GetTable", "s3:PutObject", "s3:GetBucketLocation"} <= {
            need.action for need in needs("athena", "start_query_execution") if not need.certain
        }

    def test_a_key_is_used_where_one_is_given_perhaps(self) -> None:
        assert Need("kms:GenerateDataKey", (), when="SSEKMSKeyId", certain=False) in needs("s3", "put_object")


class TestTable:
    def test_every_operation_of_every_service_can_be_read(self) -> None:
        names = {name for service in EVERY_SERVICE for name in operations(service)}
        assert names == sdk.operation_names()
        assert {"head_object", "upload_file", "put_item"} < names

    def test_what_is_no_operation_is_no_name_of_one(self) -> None:
        assert set() == {"append", "join", "HeadObject", "items"} & sdk.operation_names()

    def test_patterns_are_arns_or_begin_with_a_member(self) -> None:
        form = re.compile(r"arn:\$\{Partition\}:[\w*-]+:|\$\{[\w.\[\]]+\}|\*$")
        assert set() == {pattern for need in every_need() for pattern in need.resources if not form.match(pattern)}

    def test_actions_have_a_service_and_a_name(self) -> None:
        assert set() == {need.action for need in every_need() if not re.fullmatch(r"[a-z0-9-]+:\w+", need.action)}

    def test_nothing_is_needed_twice(self) -> None:
        assert [] == [
            (service, name)
            for service in EVERY_SERVICE
            for name in operations(service)
            if len(set(needs(service, name))) != len(needs(service, name))
        ]


def operations(service: str) -> list[str]:
    """Every operation that is known of a service."""
    known = sdk._service(service)
    assert known is not None
    return list(known.operations)


def every_need() -> list[Need]:
    """All that any operation needs."""
    return [need for service in EVERY_SERVICE for name in operations(service) for need in needs(service, name)]
