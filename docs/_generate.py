"""The tables of the documentation that are made from data: what providers do, which field goes where."""

import json
import logging
import runpy
import textwrap
import types
import typing
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from enum import Enum
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

import trimtab as tt
import trimtab.emulators
import trimtab.engine
from trimtab.capabilities import FEATURES, Means, support_of
from trimtab.capabilities.rollouts import rollout_support
from trimtab.checks import RULES, Rule
from trimtab.checks.rule import advised_clouds
from trimtab.cli.views.fleet import fleet_view
from trimtab.cli.views.screen import rendered
from trimtab.declarations import GENERAL, Advice, Applies, declarations_of, provider_names
from trimtab.declarations.catalogue import OS_WORDS, Catalogue, ImageRow, SizeRequest, catalogue_of, images_of
from trimtab.declarations.disks import CLASSES, DiskRow, disks_of, native_disk
from trimtab.declarations.features import INSTANCE_OPERATIONS
from trimtab.declarations.rollouts import ROLLOUT_PARTS, RolloutSupport
from trimtab.declarations.support import NOT_IN_THIS_VERSION
from trimtab.engine.behavior import LimitUnit
from trimtab.engine.presets import (
    PRESETS,
    AlarmWindow,
    CooldownScope,
    ForecastUse,
    MissingMetric,
    Preset,
    ScaleInAgreement,
    ScheduleStyle,
    Tracking,
)
from trimtab.engine.rounding import Rounding
from trimtab.models import Metric
from trimtab.models.base import format_duration
from trimtab.models.built_in import BUILT_IN
from trimtab.models.template import ARCHITECTURES, Agent
from trimtab.plan import Field, Kind, MarkPlace
from trimtab.providers.agents.table import ARCHIVED, agents_of

MODELS: Sequence[type[BaseModel]] = (
    *(tt.Fleet, tt.ConnectSettings, tt.PlanLimits, tt.LoadtestSettings),
    *(tt.ScalingGroup, tt.Capacity, tt.InstanceTemplate, tt.Image, tt.Disk, tt.Placement),
    *(tt.SizeRequirement, tt.CountRange, tt.MemoryRange),
    *(
        tt.LoadBalancer,
        tt.HaproxyBalancer,
        tt.HealthCheck,
        tt.Purchase,
        tt.SizeOption,
        tt.SimplePolicy,
        tt.StepPolicy,
        tt.Step,
    ),
    *(tt.TargetTrackingPolicy, tt.PredictivePolicy, tt.PythonPolicy, tt.Alarm, tt.Metric, tt.Schedule),
    *(
        tt.AwsSettings,
        tt.InstanceMaintenance,
        tt.LifecycleHook,
        tt.ScalingNotification,
        tt.WarmPool,
        tt.AzureSettings,
        tt.GcpSettings,
    ),
)
MEANS = {
    Means.NATIVE: "yes",
    Means.APPROXIMATED: "approximated",
    Means.TRIMTAB: "by trimtab",
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
    for name in ("azure", "trimtab"):  # Sphinx lets everybody speak
        logging.getLogger(name).setLevel(logging.WARNING)
    folder.mkdir(exist_ok=True)
    pages = {
        "providers.md": providers(),
        "features.md": features(),
        "kinds.md": kinds(),
        "model.md": model(),
        "metrics.md": metrics(),
        "presets.md": presets(),
        "engine.md": engine(),
        "checks.md": checks(),
        "limits.md": limits(),
        "checks_by_provider.md": checks_by_provider(),
        "guide.md": guide(),
        "plans.md": plans(),
        "images.md": images(),
        "sizes.md": sizes(),
        "disks.md": disks(),
        "references.md": references(),
        "agents.md": agents(),
        "rollouts.md": rollouts(),
        "instances.md": instances(),
    }
    for name, text in pages.items():
        path = folder / name
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |\n" for line in lines)


# what providers do


def providers() -> str:
    """One row for each provider: its extra, and what `connect` takes."""
    declared = [declarations_of(name) for name in provider_names()]
    rows = [
        [
            f"`{one.name}`",
            f"`{one.extra}`" if one.extra else "",
            "; ".join(f"`{o.name}`: {o.text}" for o in one.options),
        ]
        for one in declared
    ]
    return table(["provider", "extra", "what it takes"], rows)


def features() -> str:
    """One row for each feature, one column for each provider."""
    names = provider_names()
    rows = [[feature, *(_support(support_of(feature, name)) for name in names)] for feature in FEATURES]
    return table(["feature", *names], rows)


def rollouts() -> str:
    """One row for each part of a rollout, one column for each provider."""
    names = provider_names()
    rows = [[f"`{part}`", *(_rolled(rollout_support(name, part)) for name in names)] for part in ROLLOUT_PARTS]
    return table(["part", *names], rows)


def _rolled(support: RolloutSupport) -> str:
    return f"{support.means}: {support.text}" if support.text else str(support.means)


def _support(support: Any) -> str:
    text = MEANS[support.means]
    return f"{text}: {support.text}" if support.text else text


def instances() -> str:
    """One row for each thing that is done to single instances, one column for each provider."""
    names = provider_names()
    known = {name: declarations_of(name).instances for name in names}
    rows = [
        [f"`{name}`", *(_support(known[one].get(name, NOT_IN_THIS_VERSION)) for one in names)]
        for name in INSTANCE_OPERATIONS
    ]
    return table(["", *names], rows)


def kinds() -> str:
    """For each provider and kind: where the mark is, and which model field goes where."""
    parts = []
    for name in BUILT_IN:
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
    if row.time_varying:
        said.append("compared with the value in force now")
    if row.write_only:
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
    if not isinstance(kind, type):
        return " or ".join(_words(one) for one in get_args(kind)) if get_args(kind) else "as where it stands"
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


# the engine

COLUMNS = ("ec2", "azure", "gce", "k8s", "nomad", "neutral")
SCHEDULES = {
    ScheduleStyle.SET_ONCE: "sets it once",
    ScheduleStyle.PROFILE: "is the default capacity",
    ScheduleStyle.MINIMUM: "is a minimum while the window is open",
    ScheduleStyle.RECOMMENDATION: "is one more recommendation while the window is open",
}
MISSING = {
    MissingMetric.ALARM_OPTION: "what the alarm says",
    MissingMetric.DEFAULT_CAPACITY: "up to the default capacity; no scale in",
    MissingMetric.NO_SCALE_IN: "no scale in",
}
SCALE_IN = {
    ScaleInAgreement.ANY: "those that fire decide; target tracking policies must all be ready",
    ScaleInAgreement.ALL: "every rule that scales in must ask",
}
WAITS = {
    CooldownScope.NONE: "no cooldown",
    CooldownScope.SIMPLE: "simple policies wait, {}",
    CooldownScope.LAST_FIRED_RULE: "every rule waits as long as the last that fired says, {}",
    CooldownScope.CANDIDATE_RULE: "every rule waits as long as it says itself, {}",
}
TOPICS: Mapping[str, Callable[[Preset], str]] = {
    "several that scale out": lambda preset: "the largest",
    "scaling in": lambda preset: SCALE_IN[preset.scale_in],
    "an alarm sees": lambda preset: (
        "M of N datapoints" if preset.alarm_window is AlarmWindow.M_OF_N else "the mean of N datapoints"
    ),
    "a metric is missing": lambda preset: MISSING[preset.missing],
    "after a change": lambda preset: WAITS[preset.cooldown].format(
        f"{format_duration(preset.default_cooldown)} when left out"
    ),
    "metrics of a new instance": lambda preset: f"left out for {_warm_up(preset)}",
    "scaling in while instances warm up": lambda preset: "goes on" if preset.scale_in_while_warming else "waits",
    "scaling in looks back": lambda preset: _window(preset),
    "target tracking": lambda preset: _tracking(preset.tracking),
    "anti-flapping": lambda preset: "by estimate" if preset.estimate else "none but the band of the target",
    "limits in a time": lambda preset: _rates(preset),
    "percentages are rounded": lambda preset: (
        "toward zero, at least 1" if preset.percent is Rounding.EC2 else "to the larger size"
    ),
    "a fraction of the spot split": lambda preset: "to on demand" if preset.spot_fraction_on_demand else "to spot",
    "`desired` of a schedule": lambda preset: SCHEDULES[preset.schedule],
    "a forecast": lambda preset: (
        "scales out; the larger counts" if preset.forecast is ForecastUse.SIZE else "fires the rules that scale out"
    ),
    "the maximum is passed": lambda preset: (
        "by a forecast whose policy says so" if preset.forecast_raises_maximum else "never"
    ),
}


def presets() -> str:
    """Where clouds disagree: one row for each topic, one column for each preset."""
    rows = [[topic, *(say(PRESETS[name]) for name in COLUMNS)] for topic, say in TOPICS.items()]
    return table(["topic", *(f"`{name}`" for name in COLUMNS)], rows)


def _warm_up(preset: Preset) -> str:
    if preset.default_warm_up is None:
        return "the cooldown"
    return format_duration(preset.default_warm_up) if preset.default_warm_up else "what the group says"


def _window(preset: Preset) -> str:
    if not preset.stabilization_in:
        return "not at all, unless the group says so"
    more = ", or the warm-up if longer" if preset.stabilization_covers_warm_up else ""
    return f"{format_duration(preset.stabilization_in)}{more}"


def _tracking(tracking: Tracking) -> str:
    by = ", by one" if tracking.by_one else ""
    return (
        f"out above {tracking.high_ratio:g} x target in {tracking.high_datapoints},"
        f" in below {tracking.low_ratio:g} x target in {tracking.low_datapoints} datapoint(s){by}"
    )


def _rates(preset: Preset) -> str:
    if preset.behavior is None:
        return "none"
    limits = preset.behavior.scale_out.limits
    out = [
        f"{one.value}{' %' if one.unit is LimitUnit.PERCENT else ''} in {format_duration(one.period)}" for one in limits
    ]
    return f"out: the larger of {' and '.join(out)}"


def engine() -> str:
    """Every public rule of the engine, module by module."""
    folder = Path(trimtab.engine.__file__).parent
    names = sorted(path.stem for path in folder.glob("*.py") if path.stem not in INSIDE)
    return "\n".join(_module(f"trimtab.engine.{name}") for name in names)


INSIDE = {"__init__", "case", "combine", "decide", "recommend", "ruleset", "stabilize", "timetable"}
INSIDE |= {"batch_rules", "batch_windows", "functions", "values", "reasons"}
"""Modules of the engine that only `decide` and `Batch` use, or whose names `trimtab.engine` itself has."""


def _module(name: str) -> str:
    return f"### {name}\n\n```{{eval-rst}}\n.. automodule:: {name}\n   :members:\n```\n"


# images and sizes


def images() -> str:
    """One row for each operating system and processor, one column for each cloud that has a table."""
    clouds = [name for name in BUILT_IN if declarations_of(name).images]
    rows = [
        [f"`{os}`", architecture, *(_image(images_of(name).get((os, architecture))) for name in clouds)]
        for os in OS_WORDS
        for architecture in ARCHITECTURES
        if any((os, architecture) in images_of(name) for name in clouds)
    ]
    return table(["`os`", "`architecture`", *clouds], rows)


def _image(row: ImageRow | None) -> str:
    if row is None:
        return ""
    return f"[`{row.native}`]({row.source}){', with its purchase plan' if row.plan else ''}"


ASKED = (
    {"cpus": 1, "memory_gb": 1},
    {"cpus": 2, "memory_gb": 4},
    {"cpus": 2, "memory_gb": 4, "burstable": False},
    {"cpus": 2, "memory_gb": 8, "burstable": False},
    {"cpus": 4, "memory_gb": 16},
    {"cpus": 8, "memory_gb": 64},
    {"cpus": 4, "memory_gb": 16, "gpu": 1},
)
"""What the page chooses sizes for."""


def sizes() -> str:
    """What each catalogue is of, and what the rule chooses by it."""
    known = {name: found for name in BUILT_IN if (found := catalogue_of(name)) is not None}
    dates = [[name, one.date, str(len(one.sizes)), one.source, ", ".join(one.regions)] for name, one in known.items()]
    rows = [
        [f"`{json.dumps(asked)}`", architecture, *(_first(one, asked, architecture) for one in known.values())]
        for asked in ASKED
        for architecture in ARCHITECTURES
    ]
    head = table(["cloud", "as of", "sizes", "taken from", "regions"], dates)
    return f"{head}\n{table(['`size`', '`architecture`', *known], rows)}"


def disks() -> str:
    """What each neutral class is in each cloud, then every type that each cloud has."""
    known = {name: found for name in BUILT_IN if (found := disks_of(name))}
    classes = [[f"`{word}`", *(f"`{native_disk(name, word)}`" for name in known)] for word in CLASSES]
    rows = [
        [
            name,
            f"`{row.word}`",
            f"[{row.text}]({row.source})" if row.source.startswith("https") else row.text,
            *_takes(row),
        ]
        for name, found in known.items()
        for row in found.values()
    ]
    head = table(["`type`", *known], classes)
    return f"{head}\n{table(['cloud', '`type`', 'what it is', '`iops`', '`throughput`', 'boots'], rows)}"


def _takes(row: DiskRow) -> list[str]:
    return ["yes" if able else "" for able in (row.iops, row.throughput, row.boots)]


def agents() -> str:
    """What each word of `template.agents` becomes on each cloud, and the versions that are installed."""
    clouds = [agents_of(cloud) for cloud in ("aws", "azure", "gcp")]
    pinned = [*(cloud.own.pinned for cloud in clouds if cloud), *ARCHIVED]
    titles = {row.name: row.title for row in pinned} | {"trimtab-listener": "the listener"}
    forms = [
        [
            f"`{word}`",
            *(titles.get(cloud.forms.get(word, ""), "nothing: hosts measure it") for cloud in clouds if cloud),
        ]
        for word in get_args(Agent)
    ]
    versions = [
        [
            row.title,
            row.version or "; ".join(f"{name} {version.rstrip('-')}" for name, version in row.by_release.items()),
            row.seen,
            f"<{row.source}>" if row.source.startswith("https:") else f"`{row.source.partition(',')[0]}`",
        ]
        for row in pinned
    ]
    first = table(["", "AWS", "Azure", "Google Cloud"], forms)
    return f"{first}\n{table(['', 'version', 'looked up', 'source'], versions)}"


def references() -> str:
    """What an id is in each cloud, and how what a field names is found where it is none."""
    known = {name: one for name in BUILT_IN if (one := declarations_of(name)).references}
    fields = dict.fromkeys(path for one in known.values() for path in one.references)
    rules = ["an id is", *(one.id_rule for one in known.values())]
    rows = [[f"`{path}`", *(one.references.get(path, "") for one in known.values())] for path in fields]
    return table(["", *known], [rules, *rows])


def _first(catalogue: Catalogue, asked: Mapping[str, Any], architecture: str) -> str:
    wanted = SizeRequest(tt.SizeRequirement.model_validate(asked), architecture)
    found = next(catalogue.fitting(wanted), None)
    return f"`{found.name}`" if found else ""


# one fleet on every cloud

EXAMPLES = Path(__file__).parents[1] / "examples"


def plans() -> str:
    """The plan of the example fleet on each provider: what it makes, and what it does otherwise."""
    return "\n".join(f"### {name}\n\n{_plan_text(name)}" for name in BUILT_IN)


def _plan_text(provider: str) -> str:
    plan = _memory_plan() if provider == "memory" else _emulated_plan(provider)
    made = [f"+ {change.key.kind:20} {change.key.name}" for change in plan if change.group == "web"]
    notes = [f"note: {note}" for note in plan.notes]
    lines = [*made, "", *(line for note in notes for line in textwrap.wrap(note, 110, subsequent_indent="      "))]
    return "```console\n" + "\n".join(lines).rstrip() + "\n```\n"


def _memory_plan() -> tt.Plan:
    with tt.connect("memory", clock=tt.ManualClock()) as cloud:
        return cloud.plan(tt.load_fleet(EXAMPLES / "virtualmin" / "fleet.yaml", env={}))


def _emulated_plan(provider: str) -> tt.Plan:
    """On the account of that cloud's examples."""
    path = EXAMPLES / provider / "account.py"
    module = runpy.run_path(str(path))
    emulator = getattr(trimtab.emulators, f"{provider.capitalize()}Emulator")
    with emulator() as running, module["Account"](running).connect() as cloud:
        return cloud.plan(tt.load_fleet(module["FLEET"], env={}))


# the checks

GUIDE = Path(__file__).parents[1] / "examples" / "virtualmin" / "guide.yaml"


def checks() -> str:
    """One row for each check, with its page."""
    rows = [[f"[{code}](checks/{code}.md)", rule.title, _found_by(rule)] for code, rule in RULES.items()]
    return table(["code", "warns of", "found by"], rows)


def _found_by(rule: Rule) -> str:
    return "a plan" if rule.live else "`check`" if rule.of_comments else "`check` and every plan"


def limits() -> str:
    """What each cloud refuses: the rows that are taken over by hand with their source, and how many a model states."""
    parts = []
    for name, module in ((name, f"trimtab.providers.{name}.constraints") for name in BUILT_IN if name != "memory"):
        constraints = import_module(module).CONSTRAINTS
        written = [row for row in constraints.rows if row.source.quote]
        stated = len(constraints.rows) - len(written)
        read = ", ".join(f"{what} {version}" for what, version in sorted(constraints.checked.items()))
        lines = [[row.kind, f"`{row.leaf}`", row.words, _source(row.source.at)] for row in written]
        head = f"## {name}\n\n{len(written)} rows by hand, {stated} as stated by {read}.\n\n"
        parts.append(head + table(["resource", "leaf of its body", "limit", "source"], lines))
    return "\n".join(parts)


def _source(at: str) -> str:
    return f"[page]({at})" if at.startswith("https://") else f"`{at.partition(' ')[2]}`"


def checks_by_provider() -> str:
    """One row for each check and a column for each cloud: whether it applies there, and what is otherwise."""
    names = advised_clouds()
    rows = [
        [f"[{code}](checks/{code}.md)", *(_applies(declarations_of(name).advice.get(code, GENERAL)) for name in names)]
        for code in RULES
    ]
    return table(["code", *names], rows)


def _applies(advice: Advice) -> str:
    words = {Applies.TO_ALL: "yes", Applies.TO_NONE: "no", Applies.WITH_CONTROLLER: "with the controller"}
    return ": ".join(part for part in (words[advice.applies], advice.text) if part)


def guide() -> str:
    """What `trimtab check` prints of the guide's design."""
    fleet = tt.parse_fleet(GUIDE.read_text(encoding="utf-8"), name=GUIDE.name)
    said = rendered(fleet_view(fleet, tt.check_fleet(fleet, provider="aws")))
    return f"```console\n$ trimtab check {GUIDE.name} --provider aws\n{said}```\n"
