"""Athena, Glue, DynamoDB, ECR."""

from typing import Any

from s3ap_ops.testing.resources.kinds import Kind, Made, Site, kind, pick


@kind("AWS::Athena::WorkGroup")
class WorkGroup(Kind):
    def create(self, site: Site) -> Made:
        given = site.properties
        wanted = pick(given, "Name", "Description")
        configuration = given.get("WorkGroupConfiguration") or {}
        site.aws("athena").create_work_group(**wanted, Configuration=_typed(configuration), Tags=site.tag_list)
        return Made(given["Name"])

    def is_there(self, site: Site, name: str) -> bool:
        return name in site.backend("athena").work_groups

    def delete(self, site: Site) -> None:
        recursive = str(site.properties.get("RecursiveDeleteOption", False)).lower() == "true"
        site.aws("athena").delete_work_group(WorkGroup=site.physical, RecursiveDeleteOption=recursive)


def _typed(configuration: dict[str, Any]) -> dict[str, Any]:
    flags = ("EnforceWorkGroupConfiguration", "PublishCloudWatchMetricsEnabled", "RequesterPaysEnabled")
    found = {name: str(value).lower() == "true" if name in flags else value for name, value in configuration.items()}
    if "BytesScannedCutoffPerQuery" in found:
        found["BytesScannedCutoffPerQuery"] = int(found["BytesScannedCutoffPerQuery"])
    return found


@kind("AWS::Athena::NamedQuery")
class NamedQuery(Kind):
    def create(self, site: Site) -> Made:
        wanted = pick(site.properties, "Database", "QueryString", "WorkGroup", "Description")
        made = site.aws("athena").create_named_query(Name=site.name("Name"), **wanted)
        return Made(made["NamedQueryId"], {"NamedQueryId": made["NamedQueryId"]})

    def delete(self, site: Site) -> None:
        site.aws("athena").delete_named_query(NamedQueryId=site.physical)


@kind("AWS::Glue::Database")
class GlueDatabase(Kind):
    def create(self, site: Site) -> Made:
        given = site.properties.get("DatabaseInput", {})
        name = given.get("Name") or site.name(lower=True)
        site.aws("glue").create_database(DatabaseInput={"Name": name, **pick(given, "Description")}, Tags=site.tags)
        return Made(name)

    def delete(self, site: Site) -> None:
        site.aws("glue").delete_database(Name=site.physical)


@kind("AWS::Glue::Table")
class GlueTable(Kind):
    def create(self, site: Site) -> Made:
        given = site.properties
        table = pick(given.get("TableInput", {}), "Name", "StorageDescriptor", "PartitionKeys", "TableType")
        table.setdefault("Name", site.name(lower=True))
        site.aws("glue").create_table(DatabaseName=given["DatabaseName"], TableInput=table)
        return Made(table["Name"])

    def delete(self, site: Site) -> None:
        site.aws("glue").delete_table(DatabaseName=site.properties["DatabaseName"], Name=site.physical)


@kind("AWS::Glue::Job")
class GlueJob(Kind):
    def create(self, site: Site) -> Made:
        given, name = site.properties, site.name("Name")
        wanted = pick(given, "Role", "Command", "Description", "GlueVersion")
        site.aws("glue").create_job(Name=name, **wanted, Tags=site.tags)
        return Made(name)

    def delete(self, site: Site) -> None:
        site.aws("glue").delete_job(JobName=site.physical)


@kind("AWS::Glue::Crawler")
class GlueCrawler(Kind):
    def create(self, site: Site) -> Made:
        given, name = site.properties, site.name("Name")
        site.aws("glue").create_crawler(Name=name, **pick(given, "Role", "DatabaseName", "Targets"), Tags=site.tags)
        return Made(name)

    def delete(self, site: Site) -> None:
        site.aws("glue").delete_crawler(Name=site.physical)


@kind("AWS::DynamoDB::Table")
class Table(Kind):
    def create(self, site: Site) -> Made:
        given, name = site.properties, site.name("TableName", 255)
        wanted = pick(given, "KeySchema", "AttributeDefinitions", "StreamSpecification", "GlobalSecondaryIndexes")
        key = given.get("PrimaryKey", {})
        wanted.setdefault("KeySchema", [{"AttributeName": key.get("Name", "id"), "KeyType": "HASH"}])
        wanted.setdefault("AttributeDefinitions", [{"AttributeName": key.get("Name", "id"), "AttributeType": "S"}])
        if "StreamSpecification" in wanted:
            wanted["StreamSpecification"] = {"StreamEnabled": True, **wanted["StreamSpecification"]}
        made = site.aws("dynamodb").create_table(
            TableName=name,
            BillingMode="PAY_PER_REQUEST",
            Tags=site.tag_list,
            DeletionProtectionEnabled=str(given.get("DeletionProtectionEnabled", False)).lower() == "true",
            **wanted,
        )["TableDescription"]
        return Made(name, {"Arn": made["TableArn"], "StreamArn": made.get("LatestStreamArn", "")})

    def is_there(self, site: Site, name: str) -> bool:
        return name in site.backend("dynamodb").tables

    def delete(self, site: Site) -> None:
        site.aws("dynamodb").delete_table(TableName=site.physical)


@kind("AWS::ECR::Repository")
class Repository(Kind):
    def create(self, site: Site) -> Made:
        name = site.name("RepositoryName", 200, lower=True)
        made = site.aws("ecr").create_repository(repositoryName=name, tags=site.tag_list)["repository"]
        return Made(name, {"Arn": made["repositoryArn"], "RepositoryUri": made["repositoryUri"]})

    def delete(self, site: Site) -> None:
        force = str(site.properties.get("EmptyOnDelete", False)).lower() == "true"
        site.aws("ecr").delete_repository(repositoryName=site.physical, force=force)
