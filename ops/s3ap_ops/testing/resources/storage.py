"""S3: buckets, their policies, access points."""

import json
from typing import Any

from s3ap_ops.testing.resources.kinds import Kind, Made, Site, kind


@kind("AWS::S3::Bucket")
class Bucket(Kind):
    def create(self, site: Site) -> Made:
        name, s3, given = site.name("BucketName", 63, lower=True), site.aws("s3"), site.properties
        wanted: dict[str, Any] = {"Bucket": name}
        if site.region != "us-east-1":
            wanted["CreateBucketConfiguration"] = {"LocationConstraint": site.region}
        if given.get("ObjectLockEnabled"):
            wanted["ObjectLockEnabledForBucket"] = True
        s3.create_bucket(**wanted)
        self._configure(site, name)
        site.world.bucket_tags[name] = site.system_tags
        return Made(
            name,
            {
                "Arn": f"arn:aws:s3:::{name}",
                "DomainName": f"{name}.s3.amazonaws.com",
                "RegionalDomainName": f"{name}.s3.{site.region}.amazonaws.com",
            },
        )

    def _configure(self, site: Site, name: str) -> None:
        s3, given = site.aws("s3"), site.properties
        status = given.get("VersioningConfiguration", {}).get("Status")
        if (
            not (status or given.get("ObjectLockEnabled"))
            and s3.get_bucket_versioning(Bucket=name).get("Status") == "Enabled"
        ):
            status = "Suspended"
        if status:
            s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": status})
        rule = given.get("ObjectLockConfiguration", {}).get("Rule")
        if rule:
            lock = {"ObjectLockEnabled": "Enabled", "Rule": rule}
            s3.put_object_lock_configuration(Bucket=name, ObjectLockConfiguration=lock)
        if given.get("Tags"):
            s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": given["Tags"]})
        target = given.get("LoggingConfiguration", {}).get("DestinationBucketName")
        if target:
            prefix = given["LoggingConfiguration"].get("LogFilePrefix", "")
            site.backend("s3").buckets[name].logging = {"TargetBucket": target, "TargetPrefix": prefix}

    def is_there(self, site: Site, name: str) -> bool:
        return name in site.backend("s3").buckets

    def update(self, site: Site) -> None:
        self._configure(site, site.physical)

    def shown(self, site: Site) -> dict[str, Any]:
        status = site.aws("s3").get_bucket_versioning(Bucket=site.physical).get("Status")
        if status is None and "VersioningConfiguration" not in site.properties:
            return {}
        if status == "Suspended" and "VersioningConfiguration" not in site.properties:
            return {}  # as good as never enabled
        return {"VersioningConfiguration": {"Status": status}}

    def delete(self, site: Site) -> None:
        site.aws("s3").delete_bucket(Bucket=site.physical)


@kind("AWS::S3::BucketPolicy")
class BucketPolicy(Kind):
    def create(self, site: Site) -> Made:
        bucket = site.properties["Bucket"]
        site.aws("s3").put_bucket_policy(Bucket=bucket, Policy=json.dumps(site.properties["PolicyDocument"]))
        return Made(bucket)

    def delete(self, site: Site) -> None:
        site.aws("s3").delete_bucket_policy(Bucket=site.physical)


@kind("AWS::S3::AccessPoint")
class AccessPoint(Kind):
    def create(self, site: Site) -> Made:
        name = site.name("Name", 50, lower=True)
        made = site.aws("s3control").create_access_point(
            AccountId=site.world.account, Name=name, Bucket=site.properties["Bucket"]
        )
        return Made(name, {"Arn": made["AccessPointArn"], "Alias": made["Alias"], "Name": name})

    def delete(self, site: Site) -> None:
        site.aws("s3control").delete_access_point(AccountId=site.world.account, Name=site.physical)
