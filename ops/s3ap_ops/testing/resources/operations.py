"""Logs, CloudWatch, backup."""

import json

from s3ap_ops.testing.resources.kinds import Kind, Made, Site, kind, pick


@kind("AWS::Logs::LogGroup")
class LogGroup(Kind):
    def create(self, site: Site) -> Made:
        name, logs = site.name("LogGroupName", 512), site.aws("logs")
        logs.create_log_group(logGroupName=name, tags=site.tags)
        if site.properties.get("RetentionInDays"):
            logs.put_retention_policy(logGroupName=name, retentionInDays=int(site.properties["RetentionInDays"]))
        if str(site.properties.get("DeletionProtectionEnabled")).lower() == "true":
            site.world.guarded_logs.add(name)
        return Made(name, {"Arn": site.arn("logs", f"log-group:{name}:*")})

    def is_there(self, site: Site, name: str) -> bool:
        return name in site.backend("logs").groups

    def update(self, site: Site) -> None:
        if site.properties.get("RetentionInDays"):
            days = int(site.properties["RetentionInDays"])
            site.aws("logs").put_retention_policy(logGroupName=site.physical, retentionInDays=days)

    def delete(self, site: Site) -> None:
        site.aws("logs").delete_log_group(logGroupName=site.physical)
        if site.world.late_logs:
            logs, name = site.aws("logs"), site.physical
            site.world.later(site.world.pace.late_logs, lambda: logs.create_log_group(logGroupName=name))


@kind("AWS::Logs::LogStream", "AWS::Logs::MetricFilter", "AWS::Logs::SubscriptionFilter")
class LogPart(Kind):
    """Goes with its group."""


@kind("AWS::CloudWatch::Alarm")
class Alarm(Kind):
    def create(self, site: Site) -> Made:
        given, name = site.properties, site.name("AlarmName", 255)
        wanted = pick(given, "AlarmDescription", "AlarmActions", "ComparisonOperator", "MetricName", "Namespace",
                      "Statistic", "TreatMissingData", "Dimensions")  # fmt: skip
        wanted.update({key: int(given[key]) for key in ("EvaluationPeriods", "Period") if key in given})
        if "Threshold" in given:
            wanted["Threshold"] = float(given["Threshold"])
        wanted.setdefault("ComparisonOperator", "GreaterThanThreshold")
        wanted.setdefault("EvaluationPeriods", 1)
        site.aws("cloudwatch").put_metric_alarm(AlarmName=name, Tags=site.tag_list, **wanted)
        return Made(name, {"Arn": site.arn("cloudwatch", f"alarm:{name}")})

    def is_there(self, site: Site, name: str) -> bool:
        return name in site.backend("cloudwatch").alarms

    def delete(self, site: Site) -> None:
        site.aws("cloudwatch").delete_alarms(AlarmNames=[site.physical])


@kind("AWS::CloudWatch::Dashboard")
class Dashboard(Kind):
    def create(self, site: Site) -> Made:
        name, body = site.name("DashboardName", 255), site.properties.get("DashboardBody", "{}")
        text = body if isinstance(body, str) else json.dumps(body)
        site.aws("cloudwatch").put_dashboard(DashboardName=name, DashboardBody=text)
        return Made(name)

    def delete(self, site: Site) -> None:
        site.aws("cloudwatch").delete_dashboards(DashboardNames=[site.physical])


@kind("AWS::Backup::BackupVault")
class Vault(Kind):
    def create(self, site: Site) -> Made:
        name = site.name("BackupVaultName", 50)
        made = site.aws("backup").create_backup_vault(BackupVaultName=name, BackupVaultTags=site.tags)
        return Made(name, {"BackupVaultArn": made["BackupVaultArn"], "BackupVaultName": name})

    def delete(self, site: Site) -> None:
        site.aws("backup").delete_backup_vault(BackupVaultName=site.physical)
