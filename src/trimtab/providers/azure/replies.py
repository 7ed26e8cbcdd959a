"""What Azure's replies must look like, by operation; pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any
from urllib.parse import urlsplit

from trimtab.plan import Kind
from trimtab.providers.azure.ids import parse_id
from trimtab.providers.azure.kinds import ACTION_GROUP, AUTOSCALE_SETTING, METRIC_ALERT, SCALE_SET
from trimtab.providers.replies import Reply, ReplyContext, Shape, find_problem

REQUEST_IDS = ("x-ms-request-id", "x-ms-correlation-request-id")
"""Every reply of Resource Manager has them (Request limits and throttling, Track asynchronous operations)."""
NUMBERS: Mapping[str, Any] = {
    "properties.profiles[*].capacity.minimum": str,
    "properties.profiles[*].capacity.maximum": str,
    "properties.profiles[*].capacity.default": str,
    "properties.profiles[*].rules[*].metricTrigger.threshold": float | int,
    "properties.profiles[*].rules[*].scaleAction.value": str,
    "properties.criteria.allOf[*].threshold": float | int,
    "properties.severity": int,
    "properties.platformFaultDomainCount": int,
    "properties.virtualMachineProfile.storageProfile.osDisk.diskSizeGB": int,
    "properties.virtualMachineProfile.storageProfile.dataDisks[*].diskSizeGB": int,
}
"""Leaves whose type no default tells, as the SDK's models have them."""
APART = frozenset({"resourceGroup", "identity.userAssignedIdentities"})
"""Paths of plans that Azure has otherwise."""


class Form(Enum):
    """What a good reply is."""

    ONE = auto()
    LIST = auto()
    ACCEPTED = auto()
    GONE = auto()
    STATUS = auto()
    ARRAY = auto()
    SENT = auto()


@dataclass(frozen=True, slots=True)
class Expected:
    """
    What a good reply to an operation is.

    Attributes:
        form: One resource, a list of them, ...
        kind: The type of resource that the ids name.
        shape: Of the resource, or of each item.
    """

    form: Form
    kind: str = ""
    shape: Shape = None


def shape_of(kind: Kind) -> Shape:
    """The shape of a resource as the rows of its kind tell it."""
    shape: dict[str, Any] = {}
    for row in kind.fields:
        if row.path not in APART:
            _put(shape, row.path.split("."), _leaf_of(kind, row.path, row.default))
    return shape


def _put(shape: dict[str, Any], steps: Sequence[str], leaf: Shape) -> None:
    name, is_list = f"{steps[0].removesuffix('[*]')}?", steps[0].endswith("[*]")
    if len(steps) == 1:
        shape.setdefault(name, leaf)
        return
    existing = shape.get(name)
    inner = existing[0] if isinstance(existing, list) else existing
    if not isinstance(inner, dict):
        inner = {}
        shape[name] = [inner] if is_list else inner
    _put(inner, steps[1:], leaf)


def _leaf_of(kind: Kind, path: str, default: Any) -> Shape:
    if path in kind.maps:
        return [{}]
    if path in kind.sets:
        return [object]
    return NUMBERS.get(path, type(default) if isinstance(default, bool | str) else object)


BASE: Shape = {"id": str, "name": str, "tags?": {"*": str}}
SET: Shape = {
    **shape_of(SCALE_SET),
    **BASE,
    "location": str,
    "properties": shape_of(SCALE_SET)["properties?"],
    "sku?": {"name?": str, "capacity?": int},
    "zones?": [str],
    "identity?": {"type?": str, "userAssignedIdentities?": {"*": object}},
}
SETTING: Shape = {
    **shape_of(AUTOSCALE_SETTING),
    **BASE,
    "properties": shape_of(AUTOSCALE_SETTING)["properties?"],
    "location": str,
}
ALERT: Shape = {**shape_of(METRIC_ALERT), **BASE, "properties": shape_of(METRIC_ALERT)["properties?"]}
ACTIONS: Shape = {**shape_of(ACTION_GROUP), **BASE, "properties": shape_of(ACTION_GROUP)["properties?"]}
NAMED: Shape = {"id": str, "name": str, "properties?": {}}
INSTANCE: Shape = {
    "id": str,
    "name": str,
    "zones?": [str],
    "sku?": {"name?": str},
    "properties?": {
        "provisioningState?": str,
        "instanceView?": {"statuses?": [{"code?": str}], "vmHealth?": {"status?": {"code?": str}}},
        "hardwareProfile?": {"vmSize?": str},
        "protectionPolicy?": {},
    },
}
MEMBER: Shape = {**INSTANCE, "location": str}
EVENT: Shape = {
    "eventTimestamp": str,
    "resourceId?": str,
    "properties?": {},
    "operationName?": {},
    "status?": {},
}
METRIC: Shape = {"name": {}, "timeseries": [{"data?": [{"timeStamp": str}]}]}
CARD: Shape = {
    "properties": {
        "virtualMachine?": {"id?": str},
        "ipConfigurations": [{"properties?": {"privateIPAddress?": str}}],
    }
}
BALANCER: Shape = {
    "id": str,
    "properties?": {
        "loadBalancingRules?": [
            {"properties?": {"backendAddressPool?": {}, "backendAddressPools?": [{}], "probe?": {"id": str}}}
        ],
        "backendAddressPools?": [{"id?": str, "name": str}],
    },
}
VIRTUAL_NETWORK: Shape = {"id": str, "name": str, "properties?": {"subnets?": [{"id": str, "name": str}]}}
PUBLIC_KEY: Shape = {"id": str, "name": str, "properties?": {"publicKey?": str}}
IMAGE: Shape = {
    "id": str,
    "name": str,
    "properties?": {"osType?": str, "osState?": str, "storageProfile?": {"osDisk?": {"osType?": str, "osState?": str}}},
}
USAGE: Shape = {"name": {"value": str}, "currentValue": int, "limit": int}
SCALE_SETS, INSIGHTS, NETWORK = "Microsoft.Compute/virtualMachineScaleSets", "Microsoft.Insights", "Microsoft.Network"


def _operations(group: str, kind: str, shape: Shape, everywhere: str) -> dict[str, Expected]:
    return {
        f"{group}.list_by_resource_group": Expected(Form.LIST, kind, shape),
        f"{group}.{everywhere}": Expected(Form.LIST, kind, shape),
        f"{group}.get": Expected(Form.ONE, kind, shape),
        f"{group}.create_or_update": Expected(Form.ONE, kind, shape),
        f"{group}.delete": Expected(Form.GONE),
    }


EXPECTED: Mapping[str, Expected] = {
    "compute.virtual_machine_scale_sets.list": Expected(Form.LIST, SCALE_SETS, SET),
    "compute.virtual_machine_scale_sets.list_all": Expected(Form.LIST, SCALE_SETS, SET),
    "compute.virtual_machine_scale_sets.get": Expected(Form.ONE, SCALE_SETS, SET),
    "compute.virtual_machine_scale_sets.begin_create_or_update": Expected(Form.ACCEPTED, SCALE_SETS, SET),
    "compute.virtual_machine_scale_sets.begin_update": Expected(Form.ACCEPTED, SCALE_SETS, SET),
    "compute.virtual_machine_scale_sets.begin_delete": Expected(Form.GONE),
    "compute.virtual_machine_scale_sets.begin_delete_instances": Expected(Form.GONE),
    "compute.virtual_machine_scale_sets.begin_update_instances": Expected(Form.GONE),
    "compute.virtual_machine_scale_set_vms.list": Expected(Form.LIST, "virtualMachines", INSTANCE),
    "compute.virtual_machine_scale_set_vms.get": Expected(Form.ONE, "virtualMachines", MEMBER),
    "compute.virtual_machine_scale_set_vms.begin_update": Expected(Form.ACCEPTED, "virtualMachines", MEMBER),
    "compute.virtual_machines.list": Expected(Form.LIST, "virtualMachines", INSTANCE),
    "compute.virtual_machine_images.list": Expected(Form.ARRAY, "", {"name": str}),
    **_operations("monitor.autoscale_settings", f"{INSIGHTS}/autoscaleSettings", SETTING, "list_by_subscription"),
    **_operations("monitor.metric_alerts", f"{INSIGHTS}/metricAlerts", ALERT, "list_by_subscription"),
    **_operations("monitor.action_groups", f"{INSIGHTS}/actionGroups", ACTIONS, "list_by_subscription_id"),
    "monitor.metric_alerts_status.list": Expected(Form.LIST, "", {"properties": {"status": str, "timestamp?": str}}),
    "monitor.metrics.list": Expected(Form.LIST, "", METRIC),
    "monitor.activity_logs.list": Expected(Form.LIST, "", EVENT),
    "GET loadBalancers": Expected(Form.LIST, f"{NETWORK}/loadBalancers", BALANCER),
    "GET applicationGateways": Expected(Form.LIST, f"{NETWORK}/applicationGateways", BALANCER),
    "GET virtualNetworks": Expected(Form.LIST, f"{NETWORK}/virtualNetworks", VIRTUAL_NETWORK),
    "GET one of sshpublickeys": Expected(Form.ONE, "sshPublicKeys", PUBLIC_KEY),
    "GET one of images": Expected(Form.ONE, "images", IMAGE),
    **{
        f"GET one of {kind.lower()}": Expected(Form.ONE, kind, {"id": str, "name": str})
        for kind in (
            *("subnets", "networkSecurityGroups", "userAssignedIdentities"),
            *("diskEncryptionSets", "capacityReservationGroups", "proximityPlacementGroups", "hostGroups"),
        )
    },
    "compute.usage.list": Expected(Form.LIST, "", USAGE),
    "GET skus": Expected(Form.LIST, "", {"name": str, "resourceType": str}),
    "GET networkInterfaces": Expected(Form.LIST, "", CARD),
    "operation": Expected(Form.STATUS, "", {"status": str, "error?": {}}),
    "location": Expected(Form.SENT),
    "publish": Expected(Form.SENT),
}
"""Every operation that is called."""


def check_reply(call: ReplyContext, reply: Reply, base: str, name: str = "") -> Any:
    """
    The body of a reply of Azure to this operation, `None` for none; what is no such reply is refused before the SDK.

    Args:
        call: The operation.
        reply: As it came.
        base: The address of Resource Manager, which a further page or an operation has too.
        name: What the resource is called that the operation is about.

    Raises:
        UnreadableReply: It is of something else.
    """
    if reply.status >= 400:
        return _check_error(call, reply)
    if reply.status >= 300:
        raise call.unreadable(reply, "it sends elsewhere")
    expected = EXPECTED[call.operation]
    links = (reply.headers.get(name) for name in ("azure-asyncoperation", "location"))
    if stray := next((text for link in links if (text := _stray(link, base))), ""):
        raise call.unreadable(reply, stray)
    if not reply.body.strip():
        _check_empty(call, reply, expected.form)
        return None
    if expected.form is Form.GONE:
        raise call.unreadable(reply, "a deletion answers nothing")
    if expected.form is Form.ARRAY:
        body = call.parsed(reply)
        problem = find_problem(body, [expected.shape]) or ("" if body or _is_numbered(reply) else "it lists nothing")
    else:
        body = call.json_of(reply)
        problem = _find_problem(body, expected, name) or _stray(body.get("nextLink"), base)
    if problem:
        raise call.unreadable(reply, problem)
    return body


def _find_problem(body: Mapping[str, Any], expected: Expected, name: str) -> str:
    match expected.form:
        case Form.ONE | Form.ACCEPTED:
            return find_problem(body, expected.shape) or _other(body, expected.kind, name)
        case Form.LIST:
            problem = find_problem(body, {"value": [expected.shape], "nextLink?": str})
            others = (_other(item, expected.kind, "") for item in body.get("value") or () if expected.kind)
            return problem or next((text for text in others if text), "")
        case Form.STATUS:
            return find_problem(body, expected.shape)
        case _:
            return ""


def _other(body: Mapping[str, Any], kind: str, name: str) -> str:
    """Whether a resource is another than it was asked for."""
    parts = parse_id(str(body["id"]))
    kinds = f"/{parts.kind}".lower() if parts else ""
    same = kinds.endswith(f"/{kind}".lower()) and (not name or parts is None or parts.name.lower() == name.lower())
    return "" if same else f"it is about {body['id']!r}"


def _stray(link: str | None, base: str) -> str:
    """Whether a link leads to another host, which would be shown our token."""
    return f"it leads to {link}" if link and urlsplit(link).hostname != urlsplit(base).hostname else ""


def _check_empty(call: ReplyContext, reply: Reply, form: Form) -> None:
    link = reply.headers.get("azure-asyncoperation") or reply.headers.get("location") or ""
    if form not in (Form.GONE, Form.ACCEPTED, Form.SENT):
        raise call.unreadable(reply, "it is empty")
    if not _is_numbered(reply):
        raise call.unreadable(reply, "it is empty and has no request id")
    if form is Form.ACCEPTED and reply.status != 202:
        raise call.unreadable(reply, "it is empty")
    if reply.status == 202 and form is not Form.SENT and not link:
        raise call.unreadable(reply, "it does not say where its operation is")


def _is_numbered(reply: Reply) -> bool:
    return any(reply.headers.get(name) for name in REQUEST_IDS)


def _check_error(call: ReplyContext, reply: Reply) -> Any:
    body = call.json_of(reply)
    inner = body.get("error", body)
    if not isinstance(inner, Mapping) or not isinstance(inner.get("code", inner.get("Code")), str):
        raise call.unreadable(reply, "it is an error without a code")
    return body
