"""An instance template and a manager in the words of the model."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from trimtab.providers.gcp.links import name_of, parse_link
from trimtab.providers.gcp.names import LONGEST_BASE
from trimtab.providers.gcp.template import DISK_TYPES, KEYS, SCOPES, SCRIPT, USER
from trimtab.providers.gcp.translate import WITHOUT_REDISTRIBUTION
from trimtab.providers.leaves import UNSAID, Reply

TYPES = {native: ours.value for ours, native in DISK_TYPES.items()}
P = "properties"
_FAMILY = re.compile(r"^projects/([^/]+)/global/images/family/([^/]+)$")
MADE_ANEW = "a template that a plan makes does not have it"
_MACHINE: Mapping[str, Sequence[Any]] = {
    f"{P}\\.canIpForward": (False,),
    f"{P}\\.disks\\[\\d+\\]\\.type": ("PERSISTENT",),
    f"{P}\\.disks\\[\\d+\\]\\.mode": ("READ_WRITE",),
    f"{P}\\.networkInterfaces.*accessConfigs.*\\.networkTier": ("PREMIUM",),
}
_ON_DEMAND: Mapping[str, Sequence[Any]] = {
    f"{P}\\.scheduling\\.automaticRestart": (True,),
    f"{P}\\.scheduling\\.onHostMaintenance": ("MIGRATE",),
    f"{P}\\.scheduling\\.preemptible": (False,),
}
"""What a machine of a fleet file is in what no fleet file says."""
TEMPLATE_READ_ONLY: Mapping[str, str] = {
    "id|name|kind|selfLink|creationTimestamp|description|region|sourceInstance": "the template itself",
    f"{P}\\.metadata\\.(fingerprint|kind)|{P}\\.tags\\.fingerprint": "of that state",
    f"{P}\\.disks\\[\\d+\\]\\.(boot|index|kind|interface|mode|type|guestOsFeatures.*|licenses.*)": "as of every disk",
    f"{P}\\.networkInterfaces\\[\\d+\\]\\.(name|kind|fingerprint|stackType)": "as of every card",
    f"{P}\\.networkInterfaces\\[0\\]\\.network": "the subnetwork's, or the default one",
    f"{P}\\.networkInterfaces.*accessConfigs.*\\.(kind|networkTier|name)": "as of every address",
    f"{P}\\.scheduling\\.(automaticRestart|onHostMaintenance|preemptible|provisioning\\w+|instanceTermination\\w+)": (
        "as the sort of instance has it"
    ),
    f"{P}\\.canIpForward": "off",
}
_BY_ITSELF = "trimtab replaces no instance by itself; a plan writes OPPORTUNISTIC"
MANAGER_READ_ONLY: Mapping[str, str] = {
    "id|name|kind|selfLink|creationTimestamp|description|fingerprint|zone|region|instanceGroup|instanceTemplate": (
        "the group itself"
    ),
    "status\\..*|currentActions\\..*|listManagedInstancesResults|satisfiesPz[is]": "how it stands",
    "instanceLifecyclePolicy\\..*|standbyPolicy\\..*|allInstancesConfig\\..*": "the default",
    "versions\\[0\\]\\.(name|targetSize\\..*)": "of the one version",
    "updatePolicy\\.(type|minimalAction|replacementMethod|maxSurge\\..*|maxUnavailable\\..*|mostDisruptive\\w+)": (
        "how it is updated when somebody asks for it"
    ),
    "updatePolicy\\.instanceRedistributionType": "follows from the shape",
    "distributionPolicy\\.zones\\[\\d+\\]\\.zone": "a group of one zone that spans its region all the same",
}


def machine_of(reply: Reply, project: str) -> dict[str, Any]:
    """The fields of a group that its template says."""
    is_spot = reply.peek(f"{P}.scheduling.provisioningModel") == "SPOT"
    for pattern, values in {**_MACHINE, **({} if is_spot else _ON_DEMAND)}.items():
        reply.expect(pattern, *values, reason=f"{UNSAID}; {MADE_ANEW}")
    template: dict[str, Any] = {"size": name_of(str(reply.take(f"{P}.machineType", "template.size") or ""))}
    disks = list(_disks(reply))
    template["image"] = _image(reply, project)
    if any(disks) or len(disks) > 1:
        template["disks"] = disks
    template |= _metadata(reply)
    if tags := reply.take(f"{P}.tags.items", "template.security_groups"):
        template["security_groups"] = list(tags)
    gcp: dict[str, Any] = {}
    if email := reply.take(f"{P}.serviceAccounts[0].email", "template.role"):
        template["role"] = email
        scopes = list(reply.take(f"{P}.serviceAccounts[0].scopes", "gcp.scopes") or ())
        # scopes without an account of one's own are the default account's
        gcp |= {"scopes": scopes} if email == "default" or sorted(scopes) != sorted(SCOPES) else {}
    if template.get("role") == "default":
        del template["role"]
    found: dict[str, Any] = {
        "template": template,
        "tags": dict(reply.take(f"{P}.labels", "tags") or {}),
        "gcp": gcp,
        "placement": _network(reply, project),
        "purchase": _purchase(reply),
    }
    if reply.take(f"{P}.networkInterfaces[0].accessConfigs[0].type", "template.public_address"):
        template["public_address"] = True
    return found


def _image(reply: Reply, project: str) -> str:
    link = str(reply.take(f"{P}.disks[0].initializeParams.sourceImage", "template.image") or "none")
    family = _FAMILY.match(link)
    if family:
        return f"{family[1]}/{family[2]}"
    return name_of(link) if link.startswith(f"projects/{project}/global/images/") else link


def _disks(reply: Reply) -> Iterator[dict[str, Any]]:
    for place, disk in enumerate(reply.peek(f"{P}.disks") or ()):
        made: dict[str, Any] = {}
        path = f"{P}.disks[{place}]"
        given = f"{path}.initializeParams"
        for name, ours in (
            ("diskSizeGb", "size_gb"),
            ("provisionedIops", "iops"),
            ("provisionedThroughput", "throughput"),
        ):
            if value := reply.take(f"{given}.{name}", f"template.disks.{ours}"):
                made[ours] = int(value)
        kind = name_of(str(reply.peek(f"{given}.diskType") or ""))
        if kind in TYPES:
            made["type"] = TYPES[kind]
            reply.take(f"{given}.diskType", "template.disks.type")
        if key := reply.take(f"{path}.diskEncryptionKey.kmsKeyName", "template.disks.key"):
            made["key"] = key
        if not disk.get("boot"):
            made["device"] = reply.take(f"{path}.deviceName", "template.disks.device") or f"disk-{place}"
        elif disk.get("deviceName"):
            reply.known(f"{path}.deviceName", "the boot disk's")
        if reply.take(f"{path}.autoDelete", "template.disks.keep") is False:
            made["keep"] = True
        yield made


def _metadata(reply: Reply) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for place, item in enumerate(reply.peek(f"{P}.metadata.items") or ()):
        path, value = f"{P}.metadata.items[{place}]", str(item.get("value", ""))
        if item["key"] == SCRIPT:
            reply.take(path, "template.user_data")
            found["user_data"] = value
        elif item["key"] == KEYS and "\n" not in value.strip():
            reply.take(path, "template.ssh_key")
            found["ssh_key"] = value.removeprefix(f"{USER}:")
        else:
            reply.lose(path, f"{UNSAID}; {MADE_ANEW}")
    return found


def _network(reply: Reply, project: str) -> dict[str, Any]:
    subnet = reply.take(f"{P}.networkInterfaces[0].subnetwork", "placement.subnets")
    if subnet:
        parts = parse_link(str(subnet))
        return {"subnets": [parts.name if parts.project == project else subnet]}
    network = str(reply.peek(f"{P}.networkInterfaces[0].network") or "")
    if not network or network == f"projects/{project}/global/networks/default":
        return {}
    reply.take(f"{P}.networkInterfaces[0].network", "placement.network")
    return {"network": name_of(network) if network.startswith(f"projects/{project}/") else network}


def _purchase(reply: Reply) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if reply.peek(f"{P}.scheduling.provisioningModel") == "SPOT":
        reply.take(f"{P}.scheduling.provisioningModel", "purchase.spot")
        found["spot"] = True
    if names := reply.take(f"{P}.reservationAffinity.values", "purchase.reservation"):
        found["reservation"] = names[0]
        reply.known(f"{P}.reservationAffinity.key", "how a reservation is named")
        reply.known(f"{P}.reservationAffinity.consumeReservationType", "how a reservation is named")
    return found


def manager_of(reply: Reply, native: str, zone: str) -> dict[str, Any]:
    """The fields of a group that its manager says, less its size and its health check."""
    shape = str(reply.take("distributionPolicy.targetShape", "gcp.target_shape") or "EVEN")
    reply.expect("updatePolicy.type", "OPPORTUNISTIC", reason=_BY_ITSELF)
    if not zone:
        rests = shape.lower().replace("_", "-") in WITHOUT_REDISTRIBUTION
        usual = "NONE" if rests else "PROACTIVE"
        reply.expect("updatePolicy.instanceRedistributionType", usual, reason=f"a plan writes {usual}")
    for place in range(1, len(reply.peek("versions") or ())):
        reply.lose(f"versions[{place}]", "a fleet has one template for a group; a plan leaves the first one")
    gcp: dict[str, Any] = {}
    base = reply.take("baseInstanceName", "gcp.base_instance_name")
    if base and base != native[:LONGEST_BASE].rstrip("-"):
        gcp["base_instance_name"] = base
    for name, ours in (("targetStoppedSize", "stopped"), ("targetSuspendedSize", "suspended")):
        if value := reply.take(name, f"gcp.{ours}"):
            gcp[ours] = value
    if shape != "EVEN":
        gcp["target_shape"] = shape.lower().replace("_", "-")
    reply.take("versions[0].instanceTemplate", "template")
    found: dict[str, Any] = {"gcp": gcp, "placement": {"zones": [zone]} if zone else _zones(reply)}
    if sizes := _sizes(reply):
        found["purchase"] = sizes
    return found


def _zones(reply: Reply) -> dict[str, Any]:
    """The zones of a group that spans its region; one that has a single zone there is no group of that zone."""
    zones = sorted(name_of(str(one.get("zone", ""))) for one in reply.peek("distributionPolicy.zones") or ())
    if len(zones) < 2:
        return {}
    reply.take("distributionPolicy.zones", "placement.zones")
    return {"zones": zones}


def _sizes(reply: Reply) -> dict[str, Any]:
    selections: Mapping[str, Any] = reply.take("instanceFlexibilityPolicy.instanceSelections", "purchase.sizes") or {}
    ranked: Sequence[Mapping[str, Any]] = sorted(selections.values(), key=lambda one: int(one.get("rank") or 0))
    sizes = [{"size": name} for one in ranked for name in one.get("machineTypes") or ()]
    ordered = {"strategy": "prioritized"} if any(one.get("rank") for one in ranked) else {}
    return {"sizes": sizes, **ordered} if sizes else {}


def ports_of(reply: Reply, asked: Mapping[str, bool]) -> dict[str, int]:
    """The named ports; those that a backend service asks for are the load balancer's to say."""
    ports = {str(one["name"]): int(one["port"]) for one in reply.peek("namedPorts") or ()}
    if ports:
        reply.take("namedPorts", "gcp.named_ports")
    return {name: port for name, port in ports.items() if name not in asked}


def healing_of(reply: Reply) -> tuple[str, timedelta | None]:
    """The health check that says when an instance is made anew, and how long a new one is given."""
    check = str(reply.take("autoHealingPolicies[0].healthCheck", "health_check.by") or "")
    delay = reply.take("autoHealingPolicies[0].initialDelaySec", "health_check.grace")
    return check, None if not delay else timedelta(seconds=int(delay))
