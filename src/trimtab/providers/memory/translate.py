"""A fleet as resources of the cloud in memory; pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from pydantic import BaseModel

from trimtab.capabilities import Means, supports_of
from trimtab.engine.schedules import in_force
from trimtab.models import Fleet, LoadBalancer, Policy, PythonPolicy, ScalingGroup
from trimtab.models.built_in import ProviderSettings
from trimtab.plan import Key, Mark, Note, Ref, Resource, Secret
from trimtab.providers.alarms import alarm_name
from trimtab.providers.base import Facts
from trimtab.providers.bodies import drop_empty, parts_data
from trimtab.providers.sizes import size_is_initial
from trimtab.providers.translation import Translation, delegation_of, hidden_sizes, unused_variables

PROVIDER = "memory"


@dataclass(frozen=True, kw_only=True)
class MemoryFacts(Facts):
    """
    What a fleet refers to and the cloud in memory knows, by the group's name.

    Attributes:
        images: The image of each group that names one by a match.
        kept: What was looked up when a group was created and is kept since.
    """

    images: Mapping[str, str] = field(default_factory=dict)
    kept: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def translate(fleet: Fleet, facts: MemoryFacts, now: datetime, location: str) -> Translation:
    """Template, group, policies, schedules and alarms of every group; what the model can say, this cloud can hold."""
    return Translation.of(_Group(fleet, group, facts, now, location).translation() for group in fleet.groups)


def _native_policies(group: ScalingGroup) -> Iterator[Policy]:
    return (policy for policy in group.policies if not isinstance(policy, PythonPolicy))


def image_of(group: ScalingGroup, facts: MemoryFacts) -> str | None:
    """The image that the group's template names or that was found for it."""
    image = group.template.image
    words = "/".join(filter(None, (image.os, image.architecture)))
    return facts.images.get(group.name, image.id or words or None)


_PLAIN = {
    *("load_balancers", "health_check", "purchase", "cooldown", "warm_up", "stabilization", "tags"),
    *("protect_from_scale_in", *ProviderSettings.model_fields),
}


class _Group:
    def __init__(self, fleet: Fleet, group: ScalingGroup, facts: MemoryFacts, now: datetime, location: str) -> None:
        self.delegation = delegation = delegation_of(fleet, group, PROVIDER, now)
        self.fleet, self.facts, self.now = fleet, facts, now
        self.group = delegation.rest if delegation else group
        self.location = group.location or location
        self.native = fleet.native_name(group)
        self.mark = Mark(fleet.name, group.name, kept=facts.kept.get(group.name, {}))
        self.delegated = dict(delegation.kept) if delegation else {}

    def translation(self) -> Translation:
        """The group's resources, and what is to be said of it."""
        return Translation(
            resources=tuple(self.resources()),
            notes=tuple(Note(f"{path}: {text}", self.group.name) for path, text in self._notes()),
            problems=tuple(Note(f"{path}: {text}", self.group.name) for path, text in self._problems()),
        )

    def _notes(self) -> Iterator[tuple[str, str]]:
        yield from self.delegation.notes if self.delegation else ()
        for feature, path, support in supports_of(self.group, PROVIDER):
            if support.means is Means.TRIMTAB:
                yield path, f"{feature}: {support.text}"
        # this cloud keeps its bounds beside those in force
        hidden = hidden_sizes(self.group, self.now, put_back=frozenset({"min", "max"}))
        for path, text in (*unused_variables(self.group.template), *hidden):
            yield path, f"not used: {text}"
        if any(balancer.alternate for balancer in self.group.load_balancers):
            from trimtab.capabilities.rollouts import idle_alternates

            yield from ((path, f"not used: {text}") for path, text in idle_alternates(self.group))
        if self.group.rollout is not None:
            from trimtab.capabilities.rollouts import idle_in_pairs

            yield from ((path, f"not used: {text}") for path, text in idle_in_pairs(self.group.rollout))

    def _problems(self) -> Iterator[tuple[str, str]]:
        """What only the controller does, where the fleet does not consent; and what not even it does."""
        yield from self.delegation.problems if self.delegation else ()
        if self.group.rollout is not None:
            from trimtab.capabilities.rollouts import share_problems

            yield from share_problems(self.group, PROVIDER)
        for feature, path, support in supports_of(self.group, PROVIDER):
            if support.means is Means.CONTROLLER:
                yield path, f"{feature}: {support.text}; have the controller do it by `controller: true` of the fleet"

    def resources(self) -> Iterator[Resource]:
        yield self._made(self._key("template", self.native), self._template(), mark=self.mark)
        yield self._group()
        for policy in _native_policies(self.group):
            yield self._contained("policy", policy.name, f"policies.{policy.name}", _policy(policy))
        for schedule in self.group.schedules:
            yield self._contained("schedule", schedule.name, f"schedules.{schedule.name}", _body(schedule))
        for alarm in self.group.alarms:
            body = _body(alarm)
            body["triggers"] = [Ref(self._key("policy", name, self.native), "id") for name in alarm.triggers]
            name = alarm_name(self.fleet, self.group, alarm.name)
            yield self._made(self._key("alarm", name), body, item=f"alarms.{alarm.name}", mark=self.mark)

    def _template(self) -> dict[str, Any]:
        body = _body(self.group.template)
        body["image"] = image_of(self.group, self.facts)
        body["disks"] = [{"device": "boot", **disk} for disk in body.get("disks", ())]
        script = self.group.template.render_user_data()
        data = script if script is not None else parts_data(self.group.template)
        if data is not None:
            body["user_data"] = Secret(data)
        body.pop("user_data_parts", None)
        body.pop("variables", None)
        return body

    def _group(self) -> Resource:
        group, force = self.group, in_force(self.group, self.now)
        capacity = force.capacity
        plain = _body(group, include=_PLAIN)
        body = {
            "min": force.min,
            "max": force.max,
            "desired": capacity.desired,
            "base": {"min": group.capacity.min, "max": group.capacity.max},
            "template": {"name": self.native, "version": Ref(self._key("template", self.native), "version")},
            "zones": list(group.placement.zones),
            "subnets": _subnets(group),
            "network": group.placement.network,
            **plain,
            "load_balancers": [_pool(balancer) for balancer in group.cloud_balancers],
        }
        initial = frozenset({"desired"}) if size_is_initial(self.fleet, group) else frozenset()
        if self.delegation and self.delegation.falls_back:
            initial |= {"purchase.on_demand_base"}
        basis = {"min": group.capacity.min, "max": group.capacity.max}
        mark = replace(self.mark, kept={**self.mark.kept, **self.delegated})
        return self._made(self._key("group", self.native), body, mark=mark, initial=initial, basis=basis)

    def _key(self, kind: str, name: str, parent: str = "") -> Key:
        return Key(self.location, kind, name, parent)

    def _contained(self, kind: str, name: str, item: str, body: dict[str, Any]) -> Resource:
        return self._made(self._key(kind, name, self.native), body, item=item)

    def _made(self, key: Key, body: dict[str, Any], **more: Any) -> Resource:
        return Resource(key=key, body=drop_empty(**body), group=self.group.name, **more)


def _subnets(group: ScalingGroup) -> list[str]:
    tags = group.placement.subnet_tags or {}
    return list(group.placement.subnets) or [f"{name}={value}" for name, value in sorted(tags.items())]


def _policy(policy: Policy) -> dict[str, Any]:
    """A policy with its type, which is a default in each model and tells one from another here."""
    return {**({} if policy.type == "simple" else {"type": policy.type}), **_body(policy)}


def _body(model: BaseModel, include: set[str] | None = None) -> dict[str, Any]:
    return model.model_dump(mode="json", exclude_defaults=True, include=include, exclude={"name"})


def _pool(balancer: LoadBalancer) -> dict[str, Any]:
    return balancer.model_dump(mode="json", exclude_defaults=True, exclude={"alternate"})
