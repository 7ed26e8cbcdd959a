"""A small kind of each sort, resources of them, and plans."""

from datetime import UTC, datetime

import trimtab as tt
from tests.conftest import make_group
from trimtab.plan import (
    Field,
    Key,
    Kind,
    Live,
    Mark,
    MarkPlace,
    Ref,
    Resource,
    make_plan,
    sign,
)

NOW = datetime(2026, 1, 5, tzinfo=UTC)
TEMPLATE = Kind(
    name="template",
    label="template",
    rank=0,
    mark=MarkPlace.TAGS,
    content_addressed=True,
    fields=(
        Field(path="size", models="template.size"),
        Field(path="secret", models="template.user_data", write_only=True),
    ),
    volatile=frozenset({"version"}),
)
GROUP = Kind(
    name="group", label="group", rank=1, mark=MarkPlace.TAGS, holds_instances=True,
    fields=(
        Field(path="min", models="capacity.min", time_varying=True),
        Field(path="zone", models="placement.zones", immutable=True),
        Field(path="template", models="template"),
        Field(path="grace", models="health_check.grace", default=300),
        Field(path="profiles[*].min", models="schedules.*.min"),
    ),
    maps={"profiles": "name"},
)  # fmt: skip
POLICY = Kind(
    name="policy", label="policy", rank=2, mark=MarkPlace.PARENT, parent="group",
    fields=(Field(path="change", models="change"),),
)  # fmt: skip
HOOK = Kind(
    name="hook", label="hook", rank=2, mark=MarkPlace.TAGS, parent="group",
    fields=(Field(path="size", models="size"),),
)  # fmt: skip
KINDS = {kind.name: kind for kind in (TEMPLATE, GROUP, POLICY, HOOK)}
FLEET = tt.Fleet(name="shop", groups=[make_group("web")])
MARK = Mark("shop", "web")


def key(kind, name, parent=""):
    return Key("here", kind, name, parent)


def wanted(**group):
    template = Resource(key=key("template", "web"), body={"size": "small"}, group="web", mark=MARK)
    ref = Ref(template.key, "version")
    body = {"min": 2, "zone": "a", "template": ref, **group}
    return [
        template,
        Resource(key=key("group", "web"), body=body, group="web", mark=MARK),
        Resource(key=key("policy", "out", "web"), body={"change": 1}, group="web", item="policies.scale-out"),
    ]


def as_live(resources, **attributes):
    found = {}
    for item in sign(KINDS, resources):
        body = {name: "1" if isinstance(value, Ref) else value for name, value in item.body.items()}
        values = {"version": "1", "instances": 3, **attributes}
        found[item.key] = Resource(
            key=item.key, body=body, group="web", item=item.item, mark=item.mark, attributes=values
        )
    return found


def plan(resources, live, *, fleet=FLEET, unknown=(), **options):
    state = Live(resources=live, unknown=unknown)
    return make_plan(provider="test", kinds=KINDS, fleet=fleet, wanted=resources, live=state, now=NOW, **options)
