"""The kinds of the cloud in memory: the neutral model's own shape."""

from collections.abc import Iterable

from trimtab.models import Alarm, Schedule, SimplePolicy, StepPolicy, TargetTrackingPolicy
from trimtab.models.built_in import ProviderSettings
from trimtab.models.policy import PredictivePolicy
from trimtab.models.template import InstanceTemplate
from trimtab.plan import Field, Key, Kind, MarkPlace


def _same(names: Iterable[str], prefix: str = "", *, immutable: Iterable[str] = ()) -> tuple[Field, ...]:
    fixed = set(immutable)
    return tuple(
        Field(path=name, models=f"{prefix}{name}", immutable=name in fixed) for name in names if name != "name"
    )


_POLICY = {
    name: None
    for model in (SimplePolicy, StepPolicy, TargetTrackingPolicy, PredictivePolicy)
    for name in model.model_fields
}

TEMPLATE = Kind(
    name="template",
    label="template",
    rank=0,
    mark=MarkPlace.TAGS,
    fields=_same(InstanceTemplate.model_fields, "template."),
    maps={"disks": "device"},
    sets=frozenset({"security_groups"}),
    volatile=frozenset({"version"}),
    is_template=True,
)
GROUP = Kind(
    name="group",
    label="group",
    rank=1,
    mark=MarkPlace.TAGS,
    fields=(
        Field(path="min", models="capacity.min", time_varying=True),
        Field(path="max", models="capacity.max", time_varying=True),
        Field(path="desired", models="capacity.desired"),
        Field(path="base", models="capacity"),
        Field(path="template", models="template"),
        Field(path="zones", models="placement.zones", immutable=True),
        Field(path="subnets", models="placement.subnets placement.subnet_tags"),
        Field(path="network", models="placement.network"),
        *_same(("load_balancers", "health_check", "purchase", "cooldown", "warm_up", "stabilization", "tags")),
        *_same(("protect_from_scale_in", *ProviderSettings.model_fields)),
    ),
    sets=frozenset({"zones", "subnets"}),
    names={"template.name": TEMPLATE.name},
    holds_instances=True,
    template=("template",),
)
POLICY = Kind(
    name="policy",
    label="policy",
    rank=2,
    mark=MarkPlace.PARENT,
    parent="group",
    fields=_same(_POLICY, immutable=("type",)),
    replaces=True,
)
SCHEDULE = Kind(
    name="schedule",
    label="schedule",
    rank=2,
    mark=MarkPlace.PARENT,
    parent="group",
    fields=_same(Schedule.model_fields),
    replaces=True,
    batch=50,
)
ALARM = Kind(
    name="alarm",
    label="alarm",
    rank=3,
    mark=MarkPlace.DESCRIPTION,
    fields=_same(Alarm.model_fields),
    sets=frozenset({"triggers", "notify", "notify_ok"}),
    replaces=True,
)


def id_of(key: Key) -> str:
    """The id that the cloud in memory gives a resource; compared, never parsed."""
    return f"{key.parent}/{key.name}" if key.parent else key.name


KINDS = {kind.name: kind for kind in (TEMPLATE, GROUP, POLICY, SCHEDULE, ALARM)}
