"""The tables of the documentation that are made from data: what providers do, which field goes where."""

import json
import types
import typing
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from enum import Enum
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

import trimtab as tt
from trimtab.capabilities import FEATURES, Means
from trimtab.models import Metric
from trimtab.models.base import format_duration
from trimtab.plan import Field, Kind, MarkPlace
from trimtab.providers import PROVIDERS

MODELS: Sequence[type[BaseModel]] = (
    *(tt.Fleet, tt.ScalingGroup, tt.Capacity, tt.InstanceTemplate, tt.Image, tt.Disk, tt.Placement),
    *(tt.LoadBalancer, tt.HealthCheck, tt.Purchase, tt.SizeOption, tt.SimplePolicy, tt.StepPolicy, tt.Step),
    *(tt.TargetTrackingPolicy, tt.PredictivePolicy, tt.Alarm, tt.Metric, tt.Schedule),
    *(tt.AwsSettings, tt.LifecycleHook, tt.WarmPool, tt.AzureSettings, tt.GcpSettings),
)
MEANS = {
    Means.NATIVE: "yes",
    Means.APPROXIMATED: "approximated",
    Means.CONTROLLER: "with the controller",
    Means.UNSUPPORTED: "no",
}
MARKS = {
    MarkPlace.TAGS: "tags of the resource",
    MarkPlace.DESCRIPTION: "last line of the description",
    MarkPlace.LABELS: "labels of the resource",
    MarkPlace.PARENT: "none of its own: it belongs to whoever owns what contains it",
}


def write(folder: Path) -> None:
    """Write every table that has changed."""
    folder.mkdir(exist_ok=True)
    pages = {"features.md": features(), "kinds.md": kinds(), "model.md": model(), "metrics.md": metrics()}
    for name, text in pages.items():
        path = folder / name
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |\n" for line in lines)


# what providers do


def features() -> str:
    """One row for each feature, one column for each provider."""
    names = list(PROVIDERS)
    rows = []
    for feature, support in FEATURES.items():
        cells = [_support(support[name]) if name in support else "no" for name in names]
        rows.append([feature, *cells])
    return table(["feature", *names], rows)


def _support(support: Any) -> str:
    text = MEANS[support.means]
    return f"{text}: {support.text}" if support.text else text


def kinds() -> str:
    """For each provider and kind: where the mark is, and which model field goes where."""
    parts = []
    for name in PROVIDERS:
        if name == "memory":
            continue  # its bodies are the model's own
        rows = import_module(f"trimtab.providers.{name}.kinds").KINDS
        parts += [_kind(kind) for kind in rows.values()]
    return "\n".join(parts)


def _kind(kind: Kind) -> str:
    facts = [f"Mark: {MARKS[kind.mark]}."]
    if kind.holds_instances:
        facts.append("Deleting or replacing one ends instances and takes consent.")
    if kind.replaces:
        facts.append("A write replaces the whole resource, so it starts from what the cloud has.")
    if kind.batch > 1:
        facts.append(f"Up to {kind.batch} in one call.")
    rows = [[_models(kind, row), f"`{row.path}`", _remark(row)] for row in kind.fields]
    head = ["field of the group", "native field", "remarks"]
    return f"### {kind.label[0].upper()}{kind.label[1:]}\n\n{' '.join(facts)}\n\n{table(head, rows)}"


PREFIXES = {"scaling-policy": "policies.*.", "scheduled-action": "schedules.*.", "metric-alarm": "alarms.*."}


def _models(kind: Kind, row: Field) -> str:
    prefix = PREFIXES.get(kind.name, "")
    return "<br>".join(f"`{prefix}{name}`" for name in row.models.split())


def _remark(row: Field) -> str:
    said = []
    if row.default is not None:
        said.append(f"`{json.dumps(row.default)}` when left out")
    if row.cleared is not None:
        said.append(f"cleared by sending `{json.dumps(row.cleared)}`")
    if row.immutable:
        said.append("a change replaces the resource")
    if row.initial:
        said.append("given at creation only")
    if row.moving:
        said.append("compared with the value in force now")
    if row.hidden:
        said.append("not given back; compared by its digest")
    return "; ".join(said)


# the model


def model() -> str:
    """Every model with its fields: type, default, meaning."""
    return "\n".join(_model(one) for one in MODELS)


def _model(one: type[BaseModel]) -> str:
    first = (one.__doc__ or "").strip().split("\n\n")[0]
    rows = []
    for name, info in one.model_fields.items():
        meaning = " ".join((info.description or "").split())
        rows.append([f"`{name}`", _type(one, name), _default(info), meaning])
    return f"### {one.__name__}\n\n{first}\n\n{table(['field', 'type', 'when left out', 'meaning'], rows)}"


def _type(one: type[BaseModel], name: str) -> str:
    return _words(typing.get_type_hints(one, include_extras=True)[name])


def _words(kind: Any) -> str:
    origin = get_origin(kind)
    if origin is Annotated:
        return _words(get_args(kind)[0])
    if origin in (typing.Union, types.UnionType):
        return " or ".join(dict.fromkeys(_words(one) for one in get_args(kind) if one is not type(None)))
    if origin is Literal:
        return ", ".join(f"`{one}`" for one in get_args(kind))
    if origin is tuple:
        return f"list of {_words(get_args(kind)[0])}"
    if origin is not None and issubclass(origin, Mapping):
        key, value = (_words(one) for one in get_args(kind))
        return f"mapping of {key} to {value}"
    return _plain_word(kind)


def _plain_word(kind: Any) -> str:
    words = {str: "text", int: "whole number", float: "number", bool: "`true`, `false`"}
    words |= {timedelta: "duration", datetime: "date and time"}
    if kind in words:
        return words[kind]
    if issubclass(kind, Enum):
        return ", ".join(f"`{one.value}`" for one in kind)
    return kind.__name__


def _default(info: Any) -> str:
    if info.is_required():
        return "required"
    value = info.get_default(call_default_factory=True)
    if value is None or value is PydanticUndefined or value in ((), {}) or isinstance(value, BaseModel):
        return ""
    if isinstance(value, timedelta):
        return f"`{format_duration(value)}`"
    return f"`{json.dumps(value)}`"


def metrics() -> str:
    """The neutral metrics."""
    rows = [[f"`{name}`", f"`metrics.{name.replace('-', '_')}`", one.unit, one.source] for name, one in _neutral()]
    return table(["in a file", "in Python", "unit", "measured by"], rows)


def _neutral() -> Iterator[tuple[str, Metric]]:
    for name in tt.metrics.__all__:
        one = getattr(tt.metrics, name)
        if isinstance(one, Metric):
            yield one.name, one
