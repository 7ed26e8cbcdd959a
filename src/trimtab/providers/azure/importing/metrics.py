"""Metrics of Azure Monitor back as neutral or custom ones, and comparisons as ours."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from trimtab.engine.rounding import exact
from trimtab.providers.azure.ids import parse_id
from trimtab.providers.azure.metrics import NATIVE, STORAGE_NAME, STORAGE_QUEUE, WHOLE, NativeMetric, Where
from trimtab.providers.azure.names import ACROSS, INVERTED, INVERTED_STATISTIC, OVER_TIME, RULE_OPERATORS

_WORDS = {native: ours for ours, native in RULE_OPERATORS.items()}
_ACROSS = {native: ours for ours, native in ACROSS.items()}
_OVER_TIME = {native: ours for ours, native in OVER_TIME.items()}
_OWN = "microsoft.compute/virtualmachinescalesets"


def metric_of(
    resource: str, name: str, namespace: str | None, dimensions: Mapping[str, str], *, shared: bool
) -> tuple[Any, NativeMetric]:
    """
    What a fleet file writes for a metric, and its row.

    Args:
        resource: The id of what is measured.
        name: The metric's name.
        namespace: Where it is not that of the resource.
        dimensions: Which of its series are meant.
        shared: Whether it is divided by the number of instances.
    """
    parts = parse_id(resource)
    kind = parts.kind.lower() if parts else ""
    for ours, native in NATIVE.items():
        if native.shared is shared and native.name.lower() == name.lower() and _fits(native, kind, namespace):
            if native.where is Where.QUEUE:
                return {"name": ours, "of": f"{resource}/queues/{dimensions.get('EntityName', '')}"}, native
            if native.where is not Where.SCALE_SET or dict(native.dimensions) == dict(dimensions):
                return ours, native
    if name == STORAGE_NAME and kind == STORAGE_QUEUE:
        return {"name": "queue-per-instance" if shared else "queue-depth", "of": resource}, NATIVE["queue-depth"]
    custom = {"custom": name, "namespace": namespace or (parts.kind if parts else "azure"), "dimensions": dimensions}
    return {key: value for key, value in custom.items() if value}, NativeMetric(name)


def _fits(native: NativeMetric, kind: str, namespace: str | None) -> bool:
    given = (namespace or "").lower()
    if native.where is Where.GATEWAY:
        return kind == "microsoft.network/applicationgateways"
    if native.where is Where.QUEUE:
        return kind.startswith("microsoft.servicebus")
    return given == native.namespace.lower() or (not native.namespace and given in ("", _OWN))


def dimensions_of(body: Mapping[str, Any], *, name: str, operator: str, key: Callable[[str], str]) -> dict[str, str]:
    """
    The dimensions of a rule or a criterion that have one value; others are left to others.

    Args:
        body: The rule's trigger, or the criterion.
        name: What the name of a dimension is called in it.
        operator: The word for "is".
        key: How it spells the other words.
    """
    dimensions: dict[str, str] = {}
    for dimension in body.get("dimensions") or ():
        values: Sequence[Any] = dimension.get(key("values")) or []
        if dimension.get(key("operator"), operator) == operator and len(values) == 1:
            dimensions[str(dimension.get(name, ""))] = str(values[0])
    return dimensions


def compared(operator: str, threshold: float, native: NativeMetric) -> dict[str, float]:
    """The comparison of a rule or an alert with its threshold in our unit; empty for one that we have no word for."""
    if operator not in _WORDS:
        return {}
    word = INVERTED[_WORDS[operator]] if native.inverted else _WORDS[operator]
    value = exact(threshold)
    return {word.value: float(WHOLE - value if native.inverted else value / native.factor)}


def statistic_of(across: str | None, over_time: str, native: NativeMetric, *, counted: bool) -> str:
    """The statistic of a rule or an alert."""
    statistic = _OVER_TIME.get(over_time, "average")
    if counted and across == "Sum" and statistic == "average":
        return "sum"
    if across is not None and counted:
        statistic = _ACROSS.get(across, statistic)
    return INVERTED_STATISTIC.get(statistic, statistic) if native.inverted else statistic
