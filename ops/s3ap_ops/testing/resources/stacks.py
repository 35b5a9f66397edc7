"""CloudFormation's own types: nested stacks and custom resources."""

from typing import TYPE_CHECKING

from s3ap_ops.testing.resources.kinds import Busy, Kind, Made, Refused, Site, kind

if TYPE_CHECKING:
    from s3ap_ops.testing.cloudformation.stacks import Stack


@kind("AWS::CloudFormation::Stack")
class Nested(Kind):
    def create(self, site: Site) -> Made:
        url, world = site.properties["TemplateURL"], site.world
        if url not in world.templates:
            raise Refused(f"S3 error: The specified key does not exist: {url}; a test puts it into world.templates")
        given = {key: _text(value) for key, value in site.properties.get("Parameters", {}).items()}
        child = world.stacks.create(
            f"{site.stack.name}-{site.resource.logical}-{world.name()}",
            world.templates[url],
            region=site.region,
            parameters=given,
            tags=site.stack.tags,
            parent=site.stack,
        )
        if child.status.startswith("ROLLBACK"):
            raise Refused(f"Embedded stack {child.id} was not successfully created: {child.reason}")
        world.stacks.settle(child)
        outputs = {f"Outputs.{name}": output["OutputValue"] for name, output in child.outputs.items()}
        return Made(child.id, outputs)

    def delete(self, site: Site) -> None:
        from s3ap_ops.testing.cloudformation.api import begin_deletion

        child: Stack | None = site.world.stacks.all.get(site.physical)
        if child is None or not child.live:
            return
        begun = child.token == site.stack.token + site.resource.logical and site.stack.deletion is not None
        if child.deletion is None and not (begun and child.status == "DELETE_FAILED"):
            child.token = site.stack.token + site.resource.logical
            begin_deletion(site.world, child, force=site.stack.deletion.force if site.stack.deletion else False)
        if child.status == "DELETE_FAILED":
            child.token = ""  # the next attempt at the parent begins anew
            raise Refused(f"Embedded stack {child.id} was not successfully deleted: {child.reason}")
        raise Busy


def _text(value: object) -> str:
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


@kind("AWS::CloudFormation::CustomResource")
class Custom(Kind):
    """Needs its provider for its deletion; without it CloudFormation waits an hour in vain."""

    def create(self, site: Site) -> Made:
        physical = site.name()
        site.world.generic[physical] = {
            "Type": site.resource.type,
            "Region": site.region,
            "Properties": site.properties,
        }
        site.world.answer_custom("Create", site.resource.type, physical, site.properties)
        return Made(physical)

    def delete(self, site: Site) -> None:
        name = str(site.properties.get("ServiceToken", "")).rsplit(":", 1)[-1]
        functions = {item.function_name: item for item in site.backend("lambda").list_functions("ALL") or []}
        if name in functions and functions[name].state == "Active":
            site.world.answer_custom("Delete", site.resource.type, site.physical, site.properties)
            site.world.generic.pop(site.physical, None)
            return
        began = site.stack.deletion.tried[site.resource.logical] if site.stack.deletion else 0
        if site.world.clock.elapsed() < began + site.world.pace.custom:
            raise Busy
        raise Refused(
            "CloudFormation did not receive a response from your Custom Resource. "
            "Please check your logs for requestId [00000000-0000-0000-0000-000000000000]. "
            "If you are using the Python cfn-response module, you may need to update your Lambda function code "
            "so that CloudFormation can attach the updated version."
        )


@kind("AWS::CloudFormation::WaitConditionHandle", "AWS::CDK::Metadata")
class Nothing(Kind):
    """Has no counterpart outside the stack."""

    def create(self, site: Site) -> Made:
        return Made(site.name())

    def delete(self, site: Site) -> None:
        """Nothing is there."""
