"""FSx: file systems, storage virtual machines, volumes."""

from s3ap_ops.testing.resources.kinds import Busy, Kind, Made, Refused, Site, kind


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
class Volume(Kind):
    def create(self, site: Site) -> Made:
        ontap = site.properties.get("OntapConfiguration", {})
        made = site.world.fsx.create_volume(
            site.region,
            site.properties.get("Name", site.resource.logical),
            ontap.get("StorageVirtualMachineId", ""),
            snaplock="SnaplockConfiguration" in ontap,
            tags=site.tags,
        )
        return Made(made, {"VolumeId": made, "ResourceARN": site.arn("fsx", f"volume/{made}")})

    def delete(self, site: Site) -> None:
        volume = site.world.fsx.volumes.get(site.physical)
        if volume is None:
            return
        if volume["Lifecycle"] == "DELETING":
            raise Busy
        asked = site.stack.deletion is not None and site.resource.logical in site.world.fsx.asked.get(
            site.physical, set()
        )
        if asked:
            site.world.fsx.asked.pop(site.physical)
            raise Refused(volume["LifecycleTransitionReason"]["Message"])
        site.aws("fsx").delete_volume(VolumeId=site.physical)
        site.world.fsx.asked.setdefault(site.physical, set()).add(site.resource.logical)
        raise Busy
