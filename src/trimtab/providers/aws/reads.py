"""Reads in bulk: by account page or by name, whichever takes fewer calls for this fleet."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property, partial
from typing import Any

from trimtab.errors import AccessDenied, NotFound, ProviderError
from trimtab.models import Fleet
from trimtab.plan import Key, Mark, Resource, Unknown, read_description
from trimtab.plan.resource import whose
from trimtab.providers.aws.client import Calls
from trimtab.providers.aws.kinds import (
    AUTO_SCALING_GROUP,
    LAUNCH_TEMPLATE,
    METRIC_ALARM,
    SCALING_POLICY,
    SCHEDULED_ACTION,
    source_in,
)
from trimtab.providers.aws.names import items_of
from trimtab.providers.aws.resources import (
    action_resource,
    alarm_resource,
    group_resource,
    is_boost,
    launch_sources,
    number_of,
    policy_resource,
    template_resource,
    topics_by_group,
)
from trimtab.providers.errors import unread
from trimtab.providers.retry import in_batches

PAGE = 100
"""botocore autoscaling:AutoScalingGroupNamesType.MaxRecords: no page of groups is longer."""
FEW = 10
"""With so few groups in a large account, asking for each is cheaper than any paging."""


@dataclass
class RegionRead:
    """One region's resources as far as a fleet is concerned."""

    calls: Calls
    region: str
    fleet: Fleet
    names: frozenset[str]
    now: datetime
    found: dict[Key, Resource] = field(default_factory=dict)
    unknown: list[Unknown] = field(default_factory=list)
    large: bool = False

    def run(self) -> None:
        """Fill `found` and `unknown`: groups and alarms first, then what belongs to the groups."""
        groups, alarms = self.calls.gather([_listed(self._groups), _listed(self._alarms)])
        self._take(AUTO_SCALING_GROUP.name, groups)
        self._take(METRIC_ALARM.name, alarms)
        questions: list[tuple[str, Callable[[], Iterable[Resource]]]] = [(LAUNCH_TEMPLATE.name, self._templates)]
        if isinstance(groups, ProviderError):
            self.unknown += [
                Unknown(self.region, kind, "its groups could not be read")
                for kind in (SCALING_POLICY.name, SCHEDULED_ACTION.name)
            ]
        else:
            questions += [(SCALING_POLICY.name, self._policies), (SCHEDULED_ACTION.name, self._actions)]
        hooks = self._hook_questions()
        topics = self._topic_questions()
        asked: list[Callable[[], Any]] = [*(_listed(question) for _, question in questions), *hooks.values(), *topics]
        answers = self.calls.gather(asked)
        for (kind, _), answer in zip(questions, answers, strict=False):
            self._take(kind, answer)
        parts = answers[len(questions) :]
        self._add_hooks(hooks, parts[: len(hooks)])
        self._add_topics(parts[len(hooks) :])
        if not isinstance(groups, ProviderError):
            self._doubt_missing_groups()

    def _take(self, kind: str, answer: list[Resource] | ProviderError) -> None:
        if isinstance(answer, ProviderError):
            self.unknown += unread([self.region], kind, answer)
        else:
            self.found.update({item.key: item for item in answer})

    def _doubt_missing_groups(self) -> None:
        """A group that is not listed although its template or alarms are there is asked for by name."""
        group_names = {key.name for key in self.found if key.kind == AUTO_SCALING_GROUP.name}
        ours = [item for item in self.found.values() if item.mark and item.mark.fleet == self.fleet.name]
        groups = {item.mark.group for item in ours if item.mark}
        expected = {self.fleet.native_name(group) for group in self.fleet.groups if group.name in groups} & self.names
        expected |= {item.key.name for item in ours if item.key.kind == LAUNCH_TEMPLATE.name}
        if missing := expected - group_names:
            named = _listed(lambda: self._made(list(self._groups_by_name(sorted(missing)))))
            self._take(AUTO_SCALING_GROUP.name, *self.calls.gather([named]))
            hooks = {key: ask for key, ask in self._hook_questions().items() if key.name in missing}
            self._add_hooks(hooks, self.calls.gather(list(hooks.values())))
            self._add_topics(self.calls.gather(self._topic_questions(missing)))

    # groups

    def _groups(self) -> Iterator[Resource]:
        pages = self.calls.pages("autoscaling", "describe_auto_scaling_groups", self.region, MaxRecords=PAGE)
        by_name = _pages(len(self.names)) * 2
        taken: list[Any] = []
        for number, page in enumerate(pages, 1):
            taken += page["AutoScalingGroups"]
            if page.get("NextToken") and number >= by_name - 1:
                self.large = True
                break
        named = [*self._groups_by_name(sorted(self.names)), *self._groups_by_tag()] if self.large else []
        yield from self._made([*named, *taken])

    def _groups_by_name(self, names: Iterable[str]) -> Iterator[Mapping[str, Any]]:
        return list_groups(self.calls, self.region, list(names))

    def _groups_by_tag(self) -> Iterator[Mapping[str, Any]]:
        filters = [{"Name": "tag:trimtab-fleet", "Values": [self.fleet.name]}]
        params = {"Filters": filters, "MaxRecords": PAGE}
        return self.calls.items("autoscaling", "describe_auto_scaling_groups", self.region, **params)

    def _made(self, items: Sequence[Mapping[str, Any]]) -> Iterator[Resource]:
        mark = {"Key": "trimtab-fleet", "Value": self.fleet.name}
        ours = [item for item in items if any(mark.items() <= tag.items() for tag in item.get("Tags", ()))]
        numbers = template_numbers(self.calls, self.region, ours)
        for item in items:
            wanted = self._suspends.get(item["AutoScalingGroupName"], ())
            yield group_resource(self.region, item, wanted=wanted, numbers=numbers)

    @cached_property
    def _suspends(self) -> dict[str, list[str]]:
        """The processes that each group of the fleet has suspended, by its native name."""
        groups = [group for group in self.fleet.groups if group.aws.suspended_processes]
        return {
            self.fleet.native_name(group): [process.value for process in group.aws.suspended_processes]
            for group in groups
        }

    def _our_groups(self) -> list[str]:
        return [
            key.name
            for key, item in self.found.items()
            if key.kind == AUTO_SCALING_GROUP.name and self._may_be_ours(item)
        ]

    def _may_be_ours(self, item: Resource) -> bool:
        """Whether a group bears the fleet's mark, or has a name that the fleet wants and none, and may have lost it."""
        fleet = whose(item.mark, self.fleet.name)
        return fleet == self.fleet.name or (not fleet and item.key.name in self.names)

    def _hook_questions(self) -> dict[Key, Callable[[], list[dict[str, Any]]]]:
        """Lifecycle hooks of the groups that have or want any: one call for each, since no other call lists them."""
        wanted = {self.fleet.native_name(group) for group in self.fleet.groups if group.aws.lifecycle_hooks}
        return {
            key: partial(read_hooks, self.calls, self.region, key.name) for key in self._groups_with("hooks", wanted)
        }

    def _groups_with(self, part: str, wanted: Collection[str]) -> list[Key]:
        """The fleet's groups that have a part by their mark, or are among those that want it."""
        return [
            key
            for key, item in self.found.items()
            if key.kind == AUTO_SCALING_GROUP.name
            and self._may_be_ours(item)
            and (key.name in wanted or item.mark is None or part in item.mark.kept)
        ]

    def _topic_questions(self, among: Collection[str] | None = None) -> list[Callable[[], dict[Key, Any]]]:
        """The topics that groups tell of scaling: one call for a hundred groups that have or want any."""
        wanted = {self.fleet.native_name(group) for group in self.fleet.groups if group.aws.notify_scaling}
        keys = [key for key in self._groups_with("topics", wanted) if among is None or key.name in among]
        return [partial(self._topics_of, some) for some in in_batches(keys, PAGE)]

    def _topics_of(self, keys: Sequence[Key]) -> dict[Key, Any]:
        topics = read_topics(self.calls, self.region, [key.name for key in keys])
        return {key: topics[key.name] for key in keys if key.name in topics}

    def _add_topics(self, answers: Iterable[dict[Key, Any] | ProviderError]) -> None:
        for answer in answers:
            if isinstance(answer, ProviderError):
                self._take(AUTO_SCALING_GROUP.name, answer)
                continue
            for key, topics in answer.items():
                item = self.found[key]
                self.found[key] = replace(item, body={**item.body, "NotificationConfigurations": topics})

    def _add_hooks(self, keys: Iterable[Key], answers: Sequence[list[dict[str, Any]] | ProviderError]) -> None:
        for key, answer in zip(keys, answers, strict=True):
            if isinstance(answer, ProviderError):
                self._take(AUTO_SCALING_GROUP.name, answer)
            elif answer:
                item = self.found[key]
                self.found[key] = replace(item, body={**item.body, "LifecycleHookSpecificationList": answer})

    # what groups contain

    def _policies(self) -> Iterator[Resource]:
        for item in self._contained("describe_policies", "ScalingPolicies"):
            yield self._named(policy_resource(self.region, item))

    def _actions(self) -> Iterator[Resource]:
        for item in self._contained("describe_scheduled_actions", "ScheduledUpdateGroupActions"):
            if not is_boost(item):
                yield self._named(action_resource(self.region, item, self.now))

    def _named(self, item: Resource) -> Resource:
        known = self._items.get((item.key.kind, item.key.parent, item.key.name))
        return replace(item, item=known) if known else item

    @cached_property
    def _items(self) -> dict[tuple[str, str, str], str]:
        return items_of(self.fleet)

    def _contained(self, operation: str, name: str) -> Iterator[Mapping[str, Any]]:
        ours = self._our_groups()
        if not ours:
            return
        pages = self.calls.pages("autoscaling", operation, self.region, MaxRecords=PAGE)
        taken: list[Any] = []
        complete = False
        if not (self.large and len(ours) <= FEW):
            for number, page in enumerate(pages, 1):
                taken += page[name]
                complete = not page.get("NextToken")
                if number >= len(ours):
                    break
        if not complete:
            answers = self.calls.gather_or_raise([self._of_group(operation, group) for group in ours])
            taken = [item for answer in answers for item in answer]
        wanted = set(ours)
        yield from (item for item in taken if item["AutoScalingGroupName"] in wanted)

    def _of_group(self, operation: str, group: str) -> Callable[[], list[Any]]:
        def ask() -> list[Any]:
            params = {"AutoScalingGroupName": group, "MaxRecords": PAGE}
            return list(self.calls.items("autoscaling", operation, self.region, **params))

        return ask

    # alarms

    def _alarms(self) -> Iterator[Resource]:
        for item in list_alarms(self.calls, self.region, self.fleet.name):
            yield alarm_resource(self.region, item)

    # launch templates

    def _templates(self) -> Iterator[Resource]:
        for item in self._with_those_in_use(self._latest_versions()):
            resource = template_resource(self.region, item)
            if resource.key.name in self._in_use:
                resource = replace(resource, attributes={**resource.attributes, "by_rollout": True})
            name = resource.key.name
            if resource.mark is None and (name in self._launched or name.startswith(f"{self.fleet.name}-")):
                resource = resource.signed(self._mark_of_versions(name))
            yield resource

    @property
    def _in_use(self) -> dict[str, str]:
        """
        The version that each group under rollouts launches from, by the template's name.

        One above it was undone, or is of a rollout that is on or never began: no plan takes it for the group's.
        """
        declared = {self.fleet.native_name(group) for group in self.fleet.groups if group.rollout is not None}
        groups = [self.found[Key(self.region, AUTO_SCALING_GROUP.name, name)] for name in self._our_groups()]
        rolled = [item for item in groups if item.key.name in declared or item.attributes.get("rollout")]
        sources = [source_in(item.body) or {} for item in rolled]
        return {each["LaunchTemplateName"]: each["Version"] for each in sources if _is_numbered(each)}

    def _with_those_in_use(self, latest: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
        """The latest versions; in place of each that is not in use yet the one that is, if it is there: a call each."""
        in_use = self._in_use
        asked = [
            item
            for item in latest
            if str(item["VersionNumber"]) != in_use.get(item["LaunchTemplateName"], str(item["VersionNumber"]))
        ]
        names = [item["LaunchTemplateName"] for item in asked]
        answers = self.calls.gather_or_raise([self._version_of(name, in_use[name]) for name in names])
        found = {name: answer[0] for name, answer in zip(names, answers, strict=True) if answer}
        return [found.get(item["LaunchTemplateName"], item) for item in latest]

    @property
    def _launched(self) -> set[str]:
        """The templates that the fleet's groups launch from or would: where a mark is looked for in older versions."""
        groups = [self.found[Key(self.region, AUTO_SCALING_GROUP.name, name)] for name in self._our_groups()]
        return {
            *self.names,
            *(str(group.attributes["template"]) for group in groups if group.attributes.get("template")),
        }

    def _latest_versions(self) -> list[Mapping[str, Any]]:
        params = {"Versions": ["$Latest"], "MaxResults": 200}
        taken: list[Mapping[str, Any]] = []
        if not self.large:
            pages = self.calls.pages("ec2", "describe_launch_template_versions", self.region, **params)
            for number, page in enumerate(pages, 1):
                taken += page["LaunchTemplateVersions"]
                if not page.get("NextToken"):
                    return taken
                if number > len(self.names):
                    break
        answers = self.calls.gather_or_raise([self._latest_of(name) for name in self._template_names()])
        return [item for answer in answers for item in answer]

    def _template_names(self) -> list[str]:
        names = [f"{self.fleet.name}-*", *sorted(self._launched)]
        params = {"Filters": [{"Name": "launch-template-name", "Values": names}], "MaxResults": 200}
        templates = self.calls.items("ec2", "describe_launch_templates", self.region, **params)
        return [item["LaunchTemplateName"] for item in templates]

    def _latest_of(self, name: str) -> Callable[[], list[Mapping[str, Any]]]:
        return self._version_of(name, "$Latest")

    def _version_of(self, name: str, version: str) -> Callable[[], list[Mapping[str, Any]]]:
        def ask() -> list[Mapping[str, Any]]:
            params = {"LaunchTemplateName": name, "Versions": [version]}
            try:
                reply = self.calls.call("ec2", "describe_launch_template_versions", self.region, **params)
            except NotFound:  # deleted since it was listed
                return []
            versions: list[Mapping[str, Any]] = reply["LaunchTemplateVersions"]
            return versions

        return ask

    def _mark_of_versions(self, name: str) -> Mark | None:
        """The mark of the newest version that bears one: a version made by hand on top is drift."""
        params = {"LaunchTemplateName": name, "MaxResults": 200}
        versions = list(self.calls.items("ec2", "describe_launch_template_versions", self.region, **params))
        versions.sort(key=lambda item: int(item["VersionNumber"]), reverse=True)
        marks = (read_description(item.get("VersionDescription"))[1] for item in versions)
        return next((mark for mark in marks if mark), None)


def list_groups(calls: Calls, region: str, names: Sequence[str]) -> Iterator[dict[str, Any]]:
    """The groups of these names, those that exist: a call for every hundred."""
    for some in in_batches(names, PAGE):
        params = {"AutoScalingGroupNames": some, "MaxRecords": PAGE}
        yield from calls.items("autoscaling", "describe_auto_scaling_groups", region, **params)


def template_numbers(calls: Calls, region: str, items: Iterable[Mapping[str, Any]]) -> dict[tuple[str, str], str]:
    """The numbers of the versions that groups name by `$Latest` or `$Default`; none where that may not be read."""
    sources = [source for item in items for source in launch_sources(item) if number_of(source) is None]
    names = sorted({source["LaunchTemplateName"] for source in sources if source.get("LaunchTemplateName")})
    numbers: dict[tuple[str, str], str] = {}
    try:
        for some in in_batches(names, 200):  # by a filter, which takes names of templates that have gone
            params = {"Filters": [{"Name": "launch-template-name", "Values": some}], "MaxResults": 200}
            for item in calls.items("ec2", "describe_launch_templates", region, **params):
                for version, number in (("$Latest", "LatestVersionNumber"), ("$Default", "DefaultVersionNumber")):
                    numbers[item["LaunchTemplateId"], version] = str(item[number])
    except AccessDenied:
        return {}
    return numbers


def find_group(calls: Calls, region: str, name: str) -> dict[str, Any] | None:
    """The group of a name; `None` where there is none."""
    groups = calls.items("autoscaling", "describe_auto_scaling_groups", region, AutoScalingGroupNames=[name])
    return next(groups, None)


def list_alarms(calls: Calls, region: str, fleet: str) -> Iterator[Mapping[str, Any]]:
    """Every metric alarm whose name begins with the fleet's."""
    params = {"AlarmNamePrefix": f"{fleet}-", "AlarmTypes": ["MetricAlarm"], "MaxRecords": PAGE}
    return calls.items("cloudwatch", "describe_alarms", region, **params)


def read_hooks(calls: Calls, region: str, name: str) -> list[dict[str, Any]]:
    """The lifecycle hooks of a group, as its create body has them."""
    try:
        reply = calls.call("autoscaling", "describe_lifecycle_hooks", region, AutoScalingGroupName=name)
    except NotFound:  # the group went since it was listed
        return []
    own = {"AutoScalingGroupName", "GlobalTimeout"}
    return [
        {field: value for field, value in hook.items() if field not in own and value is not None}
        for hook in reply["LifecycleHooks"]
    ]


def read_topics(calls: Calls, region: str, names: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    """The topics that groups tell of scaling, each with what it is told of, by the group's name."""
    params = {"AutoScalingGroupNames": list(names), "MaxRecords": PAGE}
    return topics_by_group(calls.items("autoscaling", "describe_notification_configurations", region, **params))


def _is_numbered(source: Mapping[str, Any]) -> bool:
    return bool(source.get("LaunchTemplateName")) and str(source.get("Version", "")).isdecimal()


def _pages(number: int) -> int:
    return max(1, -(-number // PAGE))


def _listed(question: Callable[[], Iterable[Resource]]) -> Callable[[], list[Resource]]:
    return lambda: list(question())
