"""What of this provider runs without a cloud."""

from functools import partial

from trimtab.models import Fleet, Image, MetricSource, ScalingGroup
from trimtab.plan import Note
from trimtab.providers.azure.facts import POOL, Attached, AzureFacts
from trimtab.providers.azure.ids import Home
from trimtab.providers.azure.importing import Replies, import_group
from trimtab.providers.azure.kinds import KINDS
from trimtab.providers.azure.template import WITHOUT_SUBNET
from trimtab.providers.azure.translate import translate
from trimtab.providers.pure import PureCode

HOME = Home("00000000-0000-0000-0000-000000000000", "trimtab")


def assumed(fleet: Fleet, _: str) -> AzureFacts:
    """Facts in which everything that a fleet names is there: pools with a probe, or of a gateway where that matters."""
    lacking = [group for group in fleet.groups if not group.placement.subnets]
    return AzureFacts(
        attached={group.name: _attached(group) for group in fleet.groups},
        images={group.name: _image(group.template.image) for group in fleet.groups if group.template.image.newest},
        problems=tuple(Note(f"placement.subnets: {WITHOUT_SUBNET}", group.name) for group in lacking),
    )


def _attached(group: ScalingGroup) -> Attached:
    gateway = HOME.id_of("Microsoft.Network/applicationGateways", "front")
    balancer = HOME.id_of("Microsoft.Network/loadBalancers", "front")
    pools = [one.id or f"{balancer}/{POOL}/{one.name}" for one in group.cloud_balancers]
    watched = [getattr(item, "metric", None) for item in (*group.policies, *group.alarms)]
    asks_gateway = any(metric is not None and metric.source is MetricSource.BALANCER for metric in watched)
    has_gateway = bool(group.azure.application_gateway_pools or (pools and asks_gateway))
    subnet = next(iter(group.placement.subnets), "")
    return Attached(
        subnet=subnet and f"{HOME.id_of('Microsoft.Network/virtualNetworks', 'network')}/subnets/{subnet}",
        balancer_pools=pools,
        gateway_pools=[f"{gateway}/{POOL}/{name}" for name in group.azure.application_gateway_pools],
        probe=f"{balancer}/probes/http" if pools else "",
        gateway=gateway if has_gateway else "",
    )


def _image(image: Image) -> dict[str, str]:
    offer, _, sku = (image.newest or "").partition(":")
    return {"publisher": image.owner or "", "offer": offer, "sku": sku, "version": "latest"}


PURE = PureCode(
    location="westeurope",
    translate=partial(translate, home=HOME),
    facts=AzureFacts,
    replies=Replies,
    import_group=import_group,
    kinds=KINDS,
    assumed=assumed,
)
