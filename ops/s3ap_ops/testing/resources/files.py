"""FSx: file systems, storage virtual machines, volumes, access points on them."""

from s3ap_ops.testing.resources.kinds import Kind, Made, Site, Slow, kind


@kind("AWS::FSx::FileSystem")
class FileSystem(Kind):
    def create(self, site: Site) -> Made:
        made = site.world.fsx.create_file_system(site.region, site.tags)
        return Made(made, {"ResourceARN": site.arn("fsx", f"file-system/{made}")})

    def delete(self, site: Site) -> None:
        site.aws("fsx").delete_file_system(FileSystemId=site.physical)


@kind("AWS::FSx::StorageVirtualMachine")
class Machine(Kind):
    def create(self, site: Site) -> Made:
        given = site.properties
        made = site.world.fsx.create_machine(
            site.region, given.get("FileSystemId", ""), given.get("Name", ""), site.tags
        )
        return Made(
            made, {"StorageVirtualMachineId": made, "ResourceARN": site.arn("fsx", f"storage-virtual-machine/{made}")}
        )

    def delete(self, site: Site) -> None:
        site.aws("fsx").delete_storage_virtual_machine(StorageVirtualMachineId=site.physical)


@kind("AWS::FSx::Volume")
class Volume(Slow):
    def create(self, site: Site) -> Made:
        ontap = site.properties.get("OntapConfiguration", {})
        made = site.world.fsx.create_volume(
            site.region,
            site.properties.get("Name", site.resource.logical),
            ontap.get("StorageVirtualMachineId", ""),
            snaplock=ontap.get("SnaplockConfiguration"),
            kind=ontap.get("OntapVolumeType", "RW"),
            tags=site.tags,
        )
        return Made(made, {"VolumeId": made, "ResourceARN": site.arn("fsx", f"volume/{made}")})

    def ask(self, site: Site) -> None:
        site.aws("fsx").delete_volume(VolumeId=site.physical)  # its handler knows of no other way than with a backup

    def state(self, site: Site) -> str:
        return str(site.world.fsx.volumes.get(site.physical, {}).get("Lifecycle", ""))

    def why(self, site: Site) -> str:
        return str(site.world.fsx.volumes[site.physical]["LifecycleTransitionReason"]["Message"])


@kind("AWS::FSx::S3AccessPointAttachment")
class Attachment(Slow):
    def create(self, site: Site) -> Made:
        given = site.properties
        made = site.aws("fsx").create_and_attach_s3_access_point(
            Name=given["Name"],
            Type=given["Type"],
            OntapConfiguration={
                "VolumeId": given["OntapConfiguration"]["VolumeId"],
                "FileSystemIdentity": {"Type": "UNIX", "UnixUser": {"Name": "root"}},
            },
        )["S3AccessPointAttachment"]
        point = made["S3AccessPoint"]
        attributes = {"S3AccessPoint.ResourceARN": point["ResourceARN"], "S3AccessPoint.Alias": point["Alias"]}
        return Made(made["Name"], attributes)

    def is_there(self, site: Site, name: str) -> bool:
        return name in site.world.fsx.attachments

    def ask(self, site: Site) -> None:
        site.aws("fsx").detach_and_delete_s3_access_point(Name=site.physical)

    def state(self, site: Site) -> str:
        return str(site.world.fsx.attachments.get(site.physical, {}).get("Lifecycle", ""))

    def why(self, site: Site) -> str:
        return f"S3 access point attachment {site.physical} is {self.state(site)}"
