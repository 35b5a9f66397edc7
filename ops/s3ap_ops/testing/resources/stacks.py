"""CloudFormation's own types: nested stacks and custom resources."""

from typing import TYPE_CHECKING

from s3ap_ops.testing.cloudformation.wishes import template_at
from s3ap_ops.testing.replies import AwsError
from s3ap_ops.testing.resources.kinds import Busy, Kind, Made, Refused, Site, kind

if TYPE_CHECKING:
    from s3ap_ops.testing.cloudformation.records import Stack


@kind("AWS::CloudFormation::Stack")
class Nested(Kind):
    def create(self, site: Site) -> Made:
        """The child is begun at the first call; later ones look how far it is."""
        world = site.world
        if not site.physical:
            child = world.stacks.create(
                f"{site.stack.name}-{site.resource.logical}-{world.name()}",
                self._template(site),
                region=site.region,
                parameters=self._given(site),
                tags=site.stack.tags,
                parent=site.stack,
                token=site.stack.token,
            )
            site.resource.physical = child.id
            raise Busy
        child = world.stacks.all[site.physical]
        if child.deployment is not None:
            raise Busy
        if child.status != "CREATE_COMPLETE":
            raise Refused(f"Embedded stack {child.id} was not successfully created: {child.reason}")
        return Made(child.id, self._outputs(child))

    def update(self, site: Site) -> None:
        """The child is begun once in each update of its parent; its cleanup waits for the parent's."""
        world, child = site.world, site.world.stacks.all[site.physical]
        number = site.stack.operations[-1][1]
        if number not in child.under:
            child.under = number
            try:
                world.stacks.update(child, self._template(site), self._given(site), site.stack.tags, site.stack.token)
            except AwsError as error:
                if error.message != "No updates are to be performed.":
                    raise
                child.under = f"not touched by {number}"
        if child.under != number:
            return
        if child.deployment is not None and child.deployment.phase == "making":
            raise Busy
        if "ROLLBACK" in child.status or child.status.endswith("FAILED"):
            reason = next(
                event.reason for event in reversed(child.events) if event.status == "UPDATE_ROLLBACK_IN_PROGRESS"
            )
            raise Refused(
                f"Embedded stack {child.id} was not successfully updated. Currently in "
                f"UPDATE_ROLLBACK_IN_PROGRESS with reason: {reason}"
            )
        site.resource.attributes = self._outputs(child)

    def revert(self, site: Site) -> None:
        """What the child did in this update is undone too."""
        world, child = site.world, site.world.stacks.all[site.physical]
        deployment = child.deployment
        if deployment is not None and deployment.phase in ("making", "held"):
            deployment.roll_back(world, child, "Resource update cancelled")
        kind, number = site.stack.operations[-1]
        stuck = deployment is not None and deployment.phase == "stuck"
        if deployment is not None and stuck and kind == "CONTINUE_ROLLBACK" and child.under != number:
            child.under, said = number, site.stack.deployment.skipped if site.stack.deployment else frozenset()
            mine = frozenset(name.rpartition(".")[2] for name in said if name.startswith(f"{child.name}."))
            deployment.go_on(world, child, mine)
        if child.deployment is not None and child.deployment.phase != "stuck":
            raise Busy
        if child.status == "UPDATE_ROLLBACK_FAILED":
            raise Refused(f"Embedded stack {child.id} was not successfully updated: {child.reason}")
        site.resource.attributes = self._outputs(child)

    def _template(self, site: Site) -> str:
        return template_at(site.world, str(site.properties["TemplateURL"]), site.region)

    def _given(self, site: Site) -> dict[str, str]:
        return {key: _text(value) for key, value in site.properties.get("Parameters", {}).items()}

    def _outputs(self, child: "Stack") -> dict[str, str]:
        return {f"Outputs.{name}": output["OutputValue"] for name, output in child.outputs.items()}

    def delete(self, site: Site) -> None:
        from s3ap_ops.testing.cloudformation.api import begin_deletion

        child: Stack | None = site.world.stacks.all.get(site.physical)
        if child is None or not child.live:
            return
        mark = site.stack.token + site.resource.logical
        begun = child.token == mark
        if child.deletion is None and not (begun and child.status == "DELETE_FAILED"):
            child.token = mark
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
