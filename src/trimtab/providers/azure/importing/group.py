"""A scale set in the words of the model: network, health, price; its machines apart."""

from typing import Any

from trimtab.providers.azure.importing.template import Body, address_of, at, runs_windows, template_of
from trimtab.providers.azure.kinds import SPOT
from trimtab.providers.azure.names import read_iso
from trimtab.providers.azure.template import ADMIN, HEALTH_TYPES, name_prefix
from trimtab.providers.azure.translate import MOST_IN_PLACEMENT_GROUP, SCALE_IN, SHORTEST_GRACE, STRATEGIES
from trimtab.providers.bodies import drop_empty
from trimtab.providers.health import implied_protocol

_SCALE_IN = {native: ours for ours, native in SCALE_IN.items()}
_STRATEGIES = {native: ours.value for ours, native in STRATEGIES.items()}


def machine_of(body: Body, native: str) -> dict[str, Any]:
    """The fields of a group that a scale set's body says, as plans read it."""
    profile = at(body, "properties.virtualMachineProfile") or {}
    health = _health(body, profile)
    azure = {**_azure(body, profile, native), **_repairs(body, health)}
    fields = {
        "template": template_of(body, profile),
        "placement": drop_empty(zones=sorted(body.get("zones") or ()), subnets=_subnets(profile)),
        "load_balancers": [{"id": pool} for pool in pools_of(profile, "loadBalancerBackendAddressPools")],
        "health_check": health,
        "purchase": _purchase(body, profile),
        "azure": azure,
        "tags": dict(body.get("tags") or {}),
    }
    return drop_empty(**fields)


# network


def _subnets(profile: Body) -> list[str]:
    subnet = at(address_of(profile), "subnet.id")
    return [subnet] if subnet else []


def pools_of(profile: Body, name: str) -> list[str]:
    """The ids of the backend pools of balancers or of gateways that instances join."""
    return [str(pool["id"]) for pool in address_of(profile).get(name) or () if pool.get("id")]


# health


def _health(body: Body, profile: Body) -> dict[str, Any]:
    grace = at(body, "properties.automaticRepairsPolicy.gracePeriod")
    waits = duration(grace)
    waits = None if waits == SHORTEST_GRACE else waits
    if at(profile, "networkProfile.healthProbe.id"):
        return drop_empty(by="load-balancer", grace=waits)
    for extension in at(profile, "extensionProfile.extensions") or ():
        if at(extension, "properties.type") in HEALTH_TYPES:
            settings = at(extension, "properties.settings") or {}
            path, port, protocol = (settings.get(name) for name in ("requestPath", "port", "protocol"))
            is_said = path is not None and protocol in ("http", "https") and protocol != implied_protocol(port)
            return drop_empty(
                path=path, port=port, protocol=protocol if is_said else None, grace=waits, **_timing(settings)
            )
    return drop_empty(grace=waits)


def _timing(settings: Body) -> dict[str, Any]:
    """How often an instance is asked, and how many answers in a row count; less what the extension does by itself."""
    interval, probes = settings.get("intervalInSeconds"), settings.get("numberOfProbes")
    given = None if probes in (None, 1) else probes
    return drop_empty(
        interval=f"{interval}s" if isinstance(interval, int) and interval != 5 else None,
        healthy_threshold=given,
        unhealthy_threshold=given,
    )


def _repairs(body: Body, health: Body) -> dict[str, Any]:
    """Repairs that the health check does not imply, or that it implies and that are not wanted."""
    enabled = bool(at(body, "properties.automaticRepairsPolicy.enabled"))
    implied = health.get("by") == "load-balancer" or "path" in health or "port" in health
    return {} if enabled is implied else {"automatic_repairs": enabled}


# price


def _purchase(body: Body, profile: Body) -> dict[str, Any]:
    sizes = at(body, "properties.skuProfile.vmSizes") or ()
    strategy = at(body, "properties.skuProfile.allocationStrategy") or ""
    purchase = drop_empty(
        sizes=[{"size": size["name"]} for size in sizes if size.get("name")],
        reservation=at(profile, "capacityReservation.capacityReservationGroup.id"),
    )
    if profile.get("priority") not in SPOT:
        return purchase
    more = drop_empty(
        on_demand_base=at(body, "properties.priorityMixPolicy.baseRegularPriorityCount") or None,
        on_demand_percent=at(body, "properties.priorityMixPolicy.regularPriorityPercentageAboveBase") or None,
        max_price=_price(at(profile, "billingProfile.maxPrice")),
        strategy=_STRATEGIES.get(strategy) if strategy != "LowestPrice" else None,
    )
    return {**purchase, "spot": True, **more}


def _price(price: Any) -> str | None:
    return None if price is None or price <= 0 else f"{price:.5f}".rstrip("0").rstrip(".")


# what only Azure has


def _azure(body: Body, profile: Body, native: str) -> dict[str, Any]:
    properties: Body = body.get("properties") or {}
    flexible = properties.get("orchestrationMode") == "Flexible"
    prefix, user = at(profile, "osProfile.computerNamePrefix"), at(profile, "osProfile.adminUsername")
    rules = at(properties, "scaleInPolicy.rules") or ["Default"]
    notice = at(profile, "scheduledEventsProfile.terminateNotificationProfile") or {}
    restore = properties.get("spotRestorePolicy") or {}
    eviction = profile.get("evictionPolicy")
    return drop_empty(
        orchestration="flexible" if flexible else None,
        zone_balance=properties.get("zoneBalance") or None,
        fault_domains=_fault_domains(body, flexible=flexible),
        single_placement_group=_placement_group(properties, flexible=flexible),
        overprovision=properties.get("overprovision") or None,
        computer_name_prefix=prefix if prefix != name_prefix(native, windows=runs_windows(profile)) else None,
        admin_username=user if user != ADMIN else None,
        scale_in=_SCALE_IN.get(rules[0]) if rules[0] != "Default" else None,
        terminate_notification=duration(notice.get("notBeforeTimeout")) if notice.get("enable") else None,
        eviction=eviction.lower() if eviction and eviction != "Delete" else None,
        restore_spot=duration(restore.get("restoreTimeout")) if restore.get("enabled") else None,
        application_gateway_pools=pools_of(profile, "applicationGatewayBackendAddressPools"),
    )


def _fault_domains(body: Body, *, flexible: bool) -> int | None:
    domains: int | None = at(body, "properties.platformFaultDomainCount")
    usual = 1 if flexible or body.get("zones") else 5
    return None if domains == usual else domains


def _placement_group(properties: Body, *, flexible: bool) -> bool | None:
    single: bool | None = properties.get("singlePlacementGroup")
    return None if flexible and single is False else single


def without_usual_placement(azure: Body, maximum: int) -> dict[str, Any]:
    """The settings, less a placement group that the size gives: Azure says it also where nobody asked."""
    usual = azure.get("single_placement_group") is not (maximum > MOST_IN_PLACEMENT_GROUP)
    return {name: value for name, value in azure.items() if name != "single_placement_group" or not usual}


def duration(text: Any) -> Any:
    """A duration that Azure wrote; what is none as it is, for the model to refuse."""
    if not isinstance(text, str):
        return text
    try:
        return read_iso(text)
    except ValueError:
        return text
