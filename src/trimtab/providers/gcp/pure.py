"""What of this provider runs without a cloud."""

from functools import partial

from trimtab.models import Fleet, ScalingGroup
from trimtab.providers.gcp.facts import Attached, GcpFacts, Service
from trimtab.providers.gcp.importing import Replies, import_group
from trimtab.providers.gcp.kinds import KINDS
from trimtab.providers.gcp.translate import translate
from trimtab.providers.pure import PureCode

PROJECT = "trimtab"


def assumed(fleet: Fleet, _: str) -> GcpFacts:
    """Facts in which everything that a fleet names is there: backend services with a health check."""
    return GcpFacts(
        attached={group.name: _attached(group) for group in fleet.groups},
        images={
            group.name: f"projects/{group.template.image.owner}/global/images/newest"
            for group in fleet.groups
            if group.template.image.newest and group.template.image.owner
        },
    )


def _attached(group: ScalingGroup) -> Attached:
    services = [_service(one.name or one.id or "") for one in group.cloud_balancers]
    pairs = zip(services, group.cloud_balancers, strict=True)
    ports = {service.port_name: one.port for service, one in pairs if one.port}
    return Attached(services=services, ports=ports)


def _service(name: str) -> Service:
    link = name if "/" in name else f"projects/{PROJECT}/global/backendServices/{name}"
    return Service(link, link.rpartition("/")[2], health_check=f"projects/{PROJECT}/global/healthChecks/up")


PURE = PureCode(
    location="europe-west1",
    translate=partial(translate, project=PROJECT),
    facts=GcpFacts,
    replies=Replies,
    import_group=import_group,
    kinds=KINDS,
    assumed=assumed,
)
