"""
The quotas of a project in a region: CPUs by family of machine types, spot ones, instances, groups.

Families that are newer than C3 and its like have quotas that a region does not tell of; they are counted nowhere here.
https://docs.cloud.google.com/compute/resource-usage
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from trimtab.declarations.catalogue import catalogue_of
from trimtab.providers.gcp.client import Calls
from trimtab.providers.quotas import Demand, MachineType, Quota, QuotaUnit, family_of

CPUS = "CPUS"
FAMILIES: Mapping[str, str] = {
    "e2": CPUS,
    "n1": CPUS,
    **{family: f"{family.upper()}_CPUS" for family in ("n2", "n2d", "c2", "c2d", "c3", "t2d", "t2a", "a2")},
}
"""The quota of a family: https://docs.cloud.google.com/compute/resource-usage#cpu_quota."""
SPOT = "PREEMPTIBLE_CPUS"


def metric_of(size: str) -> str:
    """The quota that counts the CPUS of a machine type on demand; empty of shared cores, and where none is known."""
    catalogue = catalogue_of("gcp")
    row = catalogue.find(size) if catalogue else None
    return "" if row is None or row.burstable else FAMILIES.get(family_of("gcp", size), "")


def read_quotas(calls: Calls, region: str, demands: Sequence[Demand]) -> list[Quota]:
    """
    The quotas that demands draw on, in one call.

    https://docs.cloud.google.com/compute/docs/reference/rest/v1/regions/get

    Raises:
        ProviderError: It could not be read.
    """
    told = {str(quota["metric"]): quota for quota in calls.get("regions.get", region=region).get("quotas") or ()}
    # a project that has never asked for preemptible CPUs has its spot ones counted as any:
    # https://docs.cloud.google.com/compute/resource-usage#preemptible_quotas
    has_spot = float(told.get(SPOT, {}).get("limit") or 0) > 0
    metrics = {metric_of(machine.size) for demand in demands for machine in demand.machines} - {""}
    quotas = [Quota(metric, QuotaUnit.CPUS, 0, counts=_in_family(metric, has_spot)) for metric in sorted(metrics)]
    if has_spot:
        quotas.append(
            Quota(SPOT, QuotaUnit.CPUS, 0, counts=lambda machine: machine.is_spot and bool(metric_of(machine.size)))
        )
    quotas += [Quota("INSTANCES", QuotaUnit.INSTANCES, 0), *_GROUPS]
    return [_with_numbers(quota, told[quota.name]) for quota in quotas if quota.name in told]


_GROUPS = (
    Quota("INSTANCE_GROUP_MANAGERS", QuotaUnit.GROUPS, 0, counts_group=lambda demand: demand.zones == 1, by_sort=True),
    Quota(
        "REGIONAL_INSTANCE_GROUP_MANAGERS",
        QuotaUnit.GROUPS,
        0,
        counts_group=lambda demand: demand.zones != 1,
        by_sort=True,
    ),
)
"""A group that names one zone is a zonal one."""


def _with_numbers(quota: Quota, told: Mapping[str, Any]) -> Quota:
    # the API leaves out what is 0
    return quota._replace(limit=float(told.get("limit") or 0), used=float(told.get("usage") or 0))


def _in_family(metric: str, has_spot: bool) -> Callable[[MachineType], bool]:
    return lambda machine: metric_of(machine.size) == metric and not (has_spot and machine.is_spot)
