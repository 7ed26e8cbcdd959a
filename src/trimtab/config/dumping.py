"""Writing a fleet as a file."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

import yaml

from trimtab.config.document import read_scalar
from trimtab.config.paths import is_script
from trimtab.models import Fleet, Image, LoadBalancer, Metric, MetricSource
from trimtab.models.base import Model, format_duration
from trimtab.models.metric import NEUTRAL

_NAMED = ("groups", "policies", "alarms", "schedules")


def dump_fleet(fleet: Fleet) -> str:
    """
    The fleet as YAML that `parse_fleet` reads back: only what was given, things with a name by their name.

    What `defaults` or the environment gave is written out.
    """
    return yaml.dump(_escaped(file_data(fleet), ()), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100)


def file_data(fleet: Fleet) -> dict[str, Any]:
    """The fleet in the words of its file, as plain data, nothing escaped."""
    return _model(fleet)


def _escaped(value: Any, path: tuple[str, ...]) -> Any:
    """The same with `${` written so that reading does not fill it in; start scripts are left alone there."""
    match value:
        case dict():
            return {key: _escaped(item, (*path, key)) for key, item in value.items()}
        case list():
            return [_escaped(item, (*path, str(index))) for index, item in enumerate(value)]
        case str() if not is_script(path):
            return value.replace("${", "$${")
    return value


def _plain(value: Any, field: str = "") -> Any:
    match value:
        case Metric():
            return _metric(value)
        case Image(id=str()) if value == Image(id=value.id):
            return value.id
        case LoadBalancer(name=str()) if value == LoadBalancer(name=value.name):
            return value.name
        case Model():
            return _model(value)
        case timedelta():
            return format_duration(value)
        case datetime():
            return value.isoformat()
        case Enum():
            return value.value
        case Mapping():
            return {key: _plain(item) for key, item in value.items()}
        case tuple() if field in _NAMED and all(isinstance(item, Model) for item in value):
            return {item.name: _without_name(item) for item in value}
        case tuple():
            return [_plain(item) for item in value]
        case float() if value.is_integer() and field != "" and abs(value) < 1e15:
            return int(value)
        case _:
            return value


def _model(model: Model) -> dict[str, Any]:
    given = {name: getattr(model, name) for name in type(model).model_fields if name in model.model_fields_set}
    kind = getattr(model, "type", None)
    if isinstance(kind, str) and not isinstance(kind, Enum) and kind != "simple":
        given["type"] = kind
    return {name: _plain(value, name) for name, value in given.items() if value is not None}


def _without_name(model: Model) -> dict[str, Any]:
    return {name: value for name, value in _model(model).items() if name != "name"}


def _metric(metric: Metric) -> object:
    if metric.source is MetricSource.CUSTOM:
        data: dict[str, Any] = {"custom": metric.name, "namespace": metric.namespace, "unit": metric.unit}
        return _plain(data | ({"dimensions": metric.dimensions} if metric.dimensions else {}))
    if metric.source is MetricSource.PROMQL:
        named = {} if metric.source_name is None else {"source": metric.source_name}
        return _plain({"promql": metric.query, "name": metric.name, "unit": metric.unit, **named})
    if metric.source is MetricSource.MATH:
        parts = {name: {"custom": part.name, **_without_name(part)} for name, part in metric.parts.items()}
        return _plain({"math": metric.query, "parts": parts, "name": metric.name, "unit": metric.unit})
    if metric.source is MetricSource.EXTERNAL:
        return _plain({"external": metric.name, "unit": metric.unit})
    if metric == NEUTRAL.get(metric.name):
        return metric.name
    return _plain({"name": metric.name, "of": metric.of})


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True


def _represent_text(dumper: _Dumper, text: str) -> yaml.Node:
    lines = text.split("\n")
    style = "|" if len(lines) > 2 else None
    if not all(line.isprintable() for line in lines) or not isinstance(_read(text), str):
        style = '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style)


def _read(text: str) -> object:
    try:
        return read_scalar(text)
    except ValueError:
        return None


_Dumper.add_representer(str, _represent_text)
