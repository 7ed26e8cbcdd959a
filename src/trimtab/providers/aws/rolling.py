"""
Rollouts by instance refreshes that go to a numbered version of the launch template.

Each step is a refresh to a desired configuration, which stops at a checkpoint and is cancelled there; the last one goes
on to the end, and with that AWS itself saves the new version to the group. Until then the group is saved with the old
one, as a rollback takes (https://docs.aws.amazon.com/autoscaling/ec2/userguide/instance-refresh-rollback.html); after
it, the way back is a refresh to the old version. One refresh of a group goes on at a time: AWS refuses a second.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from trimtab.errors import Conflict, InvalidRequest, NotFound, ProviderError
from trimtab.models import Metric
from trimtab.plan import read_description, revealed
from trimtab.providers.aws.client import Calls
from trimtab.providers.aws.datapoints import instance_values
from trimtab.providers.aws.kinds import source_in
from trimtab.providers.aws.pacing import configuration, goes_to, has_stopped, preferences, stop_after, stop_of
from trimtab.providers.aws.reads import find_group, list_groups, template_numbers
from trimtab.providers.aws.refreshes import ACTIVE, LATEST
from trimtab.providers.aws.resources import (
    aimed_at,
    find_notes,
    find_run,
    launched_from,
    number_of,
    suspended,
    template_in_words,
    template_of_words,
)
from trimtab.providers.aws.states import balancer_health, group_state, with_addresses
from trimtab.providers.aws.traffic import shift
from trimtab.providers.lookup import group_not_found
from trimtab.providers.pause import DRIVEN_TAG
from trimtab.providers.retry import in_batches
from trimtab.providers.rolling import Limits, NewTemplate, Progress, RolloutActions, Shares, is_ready
from trimtab.providers.run import TAG, RolloutRun

GOING_BACK = "RollbackInProgress"
ENDING = "Cancelling"
BUSY = "InstanceRefreshInProgress"
"""What the error code of a start begins with while another refresh has not ended."""
NEEDED = frozenset({"InstanceRefresh", "Launch", "Terminate"})
"""Processes without which a refresh stands still."""
FRESH = timedelta(seconds=10)
"""How old a look at a group may be for the next step to be taken by it."""
AT_ONCE = 200
"""Versions that one call deletes: botocore ec2:DeleteLaunchTemplateVersionsRequest.Versions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshedGroup:
    """A group under a rollout as it was answered, with its newest refresh."""

    item: Mapping[str, Any]
    progress: Progress
    refresh: Mapping[str, Any] | None
    at: datetime

    @property
    def active(self) -> Mapping[str, Any] | None:
        """The refresh that has not ended."""
        return self.refresh if self.refresh is not None and self.refresh["Status"] in ACTIVE else None


class AwsRollouts(RolloutActions):
    """Rollouts of Auto Scaling groups."""

    def __init__(self, calls: Calls) -> None:
        self.calls = calls
        self._seen: dict[tuple[str, str], RefreshedGroup] = {}

    # reading

    def read(self, places: Iterable[tuple[str, str]], *, addresses: bool = False) -> Sequence[Progress]:
        """
        The groups at these places: one call for every hundred of a region.

        For each group one more: for its refreshes while a rollout is on, else for the versions of its template; and one
        for each of its target groups.
        """
        names: dict[str, list[str]] = {}
        for region, name in places:
            names.setdefault(region, []).append(name)
        looks = [look for region, some in names.items() for look in self._looks(region, some)]
        for look in looks:
            self._seen[look.progress.state.location, look.progress.state.name] = look
        result = [look.progress for look in looks]
        if not addresses:
            return result
        states = with_addresses(self.calls, [progress.state for progress in result])
        return [replace(progress, state=state) for progress, state in zip(result, states, strict=True)]

    def _looks(self, region: str, names: Sequence[str]) -> list[RefreshedGroup]:
        items = list(list_groups(self.calls, region, names))
        numbers = template_numbers(self.calls, region, items)
        return self.calls.gather_or_raise([partial(self._look_at, region, item, numbers) for item in items])

    def _look_at(self, region: str, item: Mapping[str, Any], numbers: Mapping[tuple[str, str], str]) -> RefreshedGroup:
        run, health = find_run(item), None
        if item.get("TargetGroupARNs"):
            health = balancer_health(self.calls, region, item)
        state = group_state(region, item, numbers, health)
        own = run if run is not None and run.in_place else None
        refresh = None if own is None else self._newest(region, state.name)
        progress = Progress(
            state=state,
            run=run,
            fresh=frozenset(each.id for each in state.instances if not each.outdated),
            busy=refresh is not None and refresh["Status"] in ACTIVE,
            trouble="" if own is None or refresh is None else _trouble(item, own, refresh),
            previous=() if run is not None else self._earlier(region, item, numbers),
            notes=find_notes(item),
        )
        return RefreshedGroup(item=item, progress=progress, refresh=refresh, at=self.calls.clock.now())

    def _newest(self, region: str, name: str) -> Mapping[str, Any] | None:
        """The refresh that has not ended, else the one that began last."""
        params = {"AutoScalingGroupName": name, "MaxRecords": LATEST}
        try:
            reply = self.calls.call("autoscaling", "describe_instance_refreshes", region, **params)
        except NotFound:  # the group went since it was listed
            return None
        refreshes: list[Mapping[str, Any]] = reply["InstanceRefreshes"]
        return next((each for each in refreshes if each["Status"] in ACTIVE), next(iter(refreshes), None))

    def _earlier(self, region: str, item: Mapping[str, Any], numbers: Mapping[tuple[str, str], str]) -> tuple[str, ...]:
        """The versions below the group's own that bear a mark, the newest first."""
        source = launched_from(item)
        number = number_of(source, numbers) if source else None
        if number is None or template_in_words(item, {**source, "Version": number}) != number:
            return ()
        earlier = (each for each in self._marked(region, item["AutoScalingGroupName"]) if each < int(number))
        return tuple(str(each) for each in sorted(earlier, reverse=True))

    def _versions(self, region: str, name: str) -> list[Mapping[str, Any]]:
        params = {"LaunchTemplateName": name, "MaxResults": 200}
        try:
            return list(self.calls.items("ec2", "describe_launch_template_versions", region, **params))
        except NotFound:
            return []

    def _marked(self, region: str, name: str) -> list[int]:
        """The numbers of the versions that trimtab made."""
        versions = self._versions(region, name)
        return [int(each["VersionNumber"]) for each in versions if read_description(each.get("VersionDescription"))[1]]

    def _look(self, location: str, name: str) -> RefreshedGroup:
        """The look of this moment, or the one that the driver has just decided by."""
        look = self._seen.pop((location, name), None)
        if look is not None and self.calls.clock.now() - look.at <= FRESH:
            return look
        looks = self._looks(location, [name])
        if not looks:
            raise group_not_found(name, location, "aws", operation="rollout")
        return looks[0]

    def _item(self, location: str, name: str) -> Mapping[str, Any]:
        item = find_group(self.calls, location, name)
        if item is None:
            raise group_not_found(name, location, "aws", operation="rollout")
        return item

    # beginning

    def begin(self, location: str, name: str, run: RolloutRun, template: NewTemplate) -> RolloutRun:
        """
        Mark the group, after a version by name has become a number, without which no rollback goes.

        Raises:
            Conflict: Another rollout is on, or another refresh.
            InvalidRequest: The group cannot be refreshed, or the version is not there.
        """
        item = self._item(location, name)
        if (other := find_run(item)) is not None:
            raise Conflict(f"{name!r}: {other}", provider="aws", operation="rollout")
        for problem in _hindrances(item):
            raise InvalidRequest(f"{name!r} {problem}", provider="aws", operation="rollout")
        refresh = self._newest(location, name)
        if refresh is not None and refresh["Status"] in ACTIVE:
            text = f"an instance refresh of {name!r} is {refresh['Status']}; wait for its end or cancel it"
            raise Conflict(text, provider="aws", operation="rollout")
        new = self._new(location, item, template)
        old = self._numbered(location, item, new)
        begun = replace(run, old=old, new=new or old)
        self._check_there(location, item, begun.new)
        if number_of(launched_from(item)) is None:
            self._save(location, item, old)
        self.mark(location, name, begun)
        if find_run(self._item(location, name)) != RolloutRun.parse(begun.line()):
            raise Conflict(f"another rollout of {name!r} began just now", provider="aws", operation="rollout")
        return begun

    def _new(self, location: str, item: Mapping[str, Any], template: NewTemplate) -> str:
        if template.version or template.write is None:
            return template.version
        source = source_in(revealed(template.write.body))
        return template_in_words(item, source) if source else ""

    def _numbered(self, location: str, item: Mapping[str, Any], new: str) -> str:
        """The template that the group has, by its number."""
        source = launched_from(item)
        number = number_of(source)
        if number is not None:
            return template_in_words(item, source)
        numbers = template_numbers(self.calls, location, [item])
        number = number_of(source, numbers)
        if number is None:
            text = f"which version {source.get('Version')} is cannot be read; give the group a version by its number"
            raise InvalidRequest(text, provider="aws", operation="rollout")
        words = template_in_words(item, {**source, "Version": number})
        if source.get("Version") == "$Latest" and words == new:
            # it was made for this rollout, and what was the latest before it is what the instances have
            earlier = [int(each["VersionNumber"]) for each in self._versions(location, source["LaunchTemplateName"])]
            number = str(max((each for each in earlier if each < int(number)), default=int(number)))
            words = template_in_words(item, {**source, "Version": number})
        return words

    def _check_there(self, location: str, item: Mapping[str, Any], words: str) -> None:
        source = template_of_words(item, words)
        params = {"LaunchTemplateName": source["LaunchTemplateName"], "Versions": [source["Version"]]}
        try:
            self.calls.call("ec2", "describe_launch_template_versions", location, **params)
        except NotFound as error:
            text = f"version {words} of the launch template is not there any more; start the rollout again"
            raise InvalidRequest(text, provider="aws", operation="rollout", code=error.code) from error

    def mark(self, location: str, name: str, run: RolloutRun) -> None:
        """One tag, which instances do not get."""
        self.note(location, name, TAG, run.line())

    def note(self, location: str, name: str, tag: str, text: str) -> None:
        """One tag, which instances do not get: no note overwrites the mark of a run."""
        bearer = _tag(name, tag)
        if not text:
            self.calls.call("autoscaling", "delete_tags", location, Tags=[bearer])
            return
        written = {**bearer, "Value": text, "PropagateAtLaunch": False}
        self.calls.call("autoscaling", "create_or_update_tags", location, Tags=[written])

    # moving

    def advance(self, location: str, name: str, run: RolloutRun, goal: int, limits: Limits) -> None:
        """
        Start a refresh that stops at the goal, or end the one that has come to it.

        Raises:
            Conflict: A refresh is on that is not the rollout's.
        """
        look = self._look(location, name)
        fresh = look.progress.of(fresh=True, limits=limits)
        left = len(look.progress.of(fresh=False, limits=limits))
        is_last = goal >= look.progress.total(limits)
        # with a surge there are more than the size for a while, and at the end every old one goes
        number = left if is_last else goal - len(fresh)
        if (active := look.active) is not None:
            if active["Status"] == ENDING:
                return
            _refuse_foreign(look, run, active)
            is_ours = active["Status"] != GOING_BACK and goes_to(active, look.item, run.new)
            ready = sum(is_ready(each) for each in fresh)
            if not is_ours or _is_over(active, missing=number, left=left, ready=ready >= goal):
                self._cancel(location, name)
            return
        # short of instances it waits for them, which come with the old template, rather than replace too many
        if number <= 0 or not left or (number >= left and not is_last):
            return
        stop = None if is_last else stop_after(number, left)
        self._start(location, look, run.new, preferences(look.progress.state.desired, limits, stop=stop))

    def retreat(self, location: str, name: str, run: RolloutRun, limits: Limits) -> None:
        """
        Roll the refresh back while it goes on and AWS can; else refresh to the old version.

        Raises:
            Conflict: A refresh is on that is not the rollout's.
        """
        look = self._look(location, name)
        if (active := look.active) is None:
            if look.progress.of(fresh=True, limits=limits):
                size = look.progress.state.desired
                self._start(location, look, run.old, preferences(size, limits, stop=None, back=True))
            return
        _refuse_foreign(look, run, active)
        if active["Status"] in (GOING_BACK, ENDING) or not goes_to(active, look.item, run.new):
            return
        try:
            self.calls.call("autoscaling", "rollback_instance_refresh", location, AutoScalingGroupName=name)
        except NotFound:  # it has ended, or a reply was lost
            return
        except InvalidRequest:  # IrreversibleInstanceRefresh: an image by parameter, a version by name
            self._cancel(location, name)

    def hold(self, location: str, name: str, run: RolloutRun) -> None:
        """Cancel the refresh; what is on its way arrives."""
        (look,) = self._looks(location, [name]) or (None,)
        if look is None or (active := look.active) is None or active["Status"] == ENDING:
            return
        if goes_to(active, look.item, run.new) or goes_to(active, look.item, run.old):
            self._cancel(location, name)

    def _start(self, location: str, look: RefreshedGroup, words: str, wishes: Mapping[str, Any] | None) -> None:
        if wishes is None:
            return
        params = {
            "AutoScalingGroupName": look.progress.state.name,
            "Strategy": "Rolling",
            "DesiredConfiguration": configuration(look.item, words),
            "Preferences": wishes,
        }
        try:
            self.calls.call("autoscaling", "start_instance_refresh", location, **params)
        except Conflict as error:  # another process was faster, or this very call before its reply was lost
            if not error.code.startswith(BUSY):
                raise

    def _cancel(self, location: str, name: str) -> None:
        with suppress(NotFound):  # it has ended
            self.calls.call("autoscaling", "cancel_instance_refresh", location, AutoScalingGroupName=name)

    # the end

    def finish(self, location: str, name: str, run: RolloutRun, keep: int) -> None:
        """Save the new version to the group where no refresh has, delete those beyond what is kept, then the mark."""
        item = self._settled(location, name, run)
        self._save(location, item, run.new)
        new, old = (_own_number(words) for words in (run.new, run.old))
        first = [each for each in dict.fromkeys((new, old)) if each is not None]
        self._drop(location, item, run.new, first, keep)
        self._unmark(location, name)

    def unwind(self, location: str, name: str, run: RolloutRun, keep: int) -> None:
        """Save the old version where a refresh had saved the new one, delete the new one, then the mark."""
        item = self._settled(location, name, run)
        self._save(location, item, run.old)
        old = _own_number(run.old)
        self._drop(location, item, run.old, [] if old is None else [old], keep)
        self._unmark(location, name)

    def _settled(self, location: str, name: str, run: RolloutRun) -> Mapping[str, Any]:
        """The group, once no refresh is in the way of its template."""
        refresh = self._newest(location, name)
        if refresh is not None and refresh["Status"] in ACTIVE:
            self.hold(location, name, run)
            text = f"an instance refresh of {name!r} is being cancelled"
            raise Conflict(text, provider="aws", operation="rollout")
        return self._item(location, name)

    def _save(self, location: str, item: Mapping[str, Any], words: str) -> None:
        """Have the group launch from a template, if it does not."""
        own, wanted = launched_from(item), template_of_words(item, words)
        if own.get("LaunchTemplateName") == wanted["LaunchTemplateName"] and own.get("Version") == wanted["Version"]:
            return
        name = item["AutoScalingGroupName"]
        self.calls.call(
            "autoscaling",
            "update_auto_scaling_group",
            location,
            AutoScalingGroupName=name,
            **configuration(item, words),
        )

    def _drop(self, location: str, item: Mapping[str, Any], words: str, first: Sequence[int], keep: int) -> None:
        """
        Delete the marked versions of the group's own template that nobody goes back to.

        Those above the ones that stay were of rollouts that failed, were undone or never began.

        Args:
            location: Where.
            item: The group.
            words: The template that it has now.
            first: The versions that stay before others.
            keep: How many stay.
        """
        name = item["AutoScalingGroupName"]
        versions = self._versions(location, name)
        marked = [
            int(each["VersionNumber"]) for each in versions if read_description(each.get("VersionDescription"))[1]
        ]
        lowest = min(first, default=max(marked, default=0) + 1)
        kept = [*first, *sorted((each for each in marked if each < lowest), reverse=True)][:keep]
        doomed = set(marked) - set(kept) - set(_used(aimed_at(item, words))) - {_own_number(words)}
        if doomed:
            doomed -= self._pinned(location, name, versions)
        if not doomed:
            return
        if any(each.get("DefaultVersion") and int(each["VersionNumber"]) in doomed for each in versions):
            # the default version cannot be deleted: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/
            # API_DeleteLaunchTemplateVersions.html
            staying = max(set(marked) - doomed, default=None)
            params = {"LaunchTemplateName": name, "DefaultVersion": str(_own_number(words) or staying)}
            self.calls.call("ec2", "modify_launch_template", location, **params)
        for some in in_batches(sorted(doomed), AT_ONCE):
            params = {"LaunchTemplateName": name, "Versions": [str(each) for each in some]}
            reply = self.calls.call("ec2", "delete_launch_template_versions", location, **params)
            for failure in _failures(reply):
                raise failure

    def _pinned(self, location: str, name: str, versions: Sequence[Mapping[str, Any]]) -> set[int]:
        """The versions of a group's template that other groups launch from; EC2 deletes them all the same."""
        from trimtab.providers.aws.sharing import list_groups, versions_of  # few rollouts delete a version

        names = frozenset({name, *(str(each["LaunchTemplateId"]) for each in versions)})
        others = [each for each in list_groups(self.calls, location) if each["AutoScalingGroupName"] != name]
        return {int(word) for each in others for word in versions_of(each, names) if word.isdecimal()}

    def _unmark(self, location: str, name: str) -> None:
        self.calls.call("autoscaling", "delete_tags", location, Tags=[_tag(name), _tag(name, DRIVEN_TAG)])

    def clear(self, location: str, name: str) -> None:
        """Take the mark of a blue-green run away."""
        run = find_run(self._item(location, name))
        if run is not None and not run.in_place:
            self._unmark(location, name)

    def shift(self, shares: Shares) -> str:
        """Weights of target groups in listeners and rules."""
        return shift(self.calls, shares)

    # gates

    def firing(self, location: str, names: Sequence[str]) -> Mapping[str, bool]:
        """Metric and composite alarms, a hundred a call."""
        result: dict[str, bool] = {}
        for some in in_batches(names, 100):
            params = {"AlarmNames": list(some), "AlarmTypes": ["MetricAlarm", "CompositeAlarm"], "MaxRecords": 100}
            for page in self.calls.pages("cloudwatch", "describe_alarms", location, **params):
                for item in (*page["MetricAlarms"], *page.get("CompositeAlarms", ())):
                    result[item["AlarmName"]] = item.get("StateValue") == "ALARM"
        return result

    def samples(
        self, location: str, name: str, metric: Metric, instances: Sequence[str], since: datetime
    ) -> Sequence[float]:
        """
        What these instances report: each minute with detailed monitoring, else every five.

        Raises:
            Unsupported: CloudWatch has the metric of no single instance.
        """
        return instance_values(self.calls, location, name, metric, instances, since)


def _tag(name: str, tag: str = TAG) -> dict[str, Any]:
    return {"ResourceId": name, "ResourceType": "auto-scaling-group", "Key": tag}


def _trouble(item: Mapping[str, Any], run: RolloutRun, refresh: Mapping[str, Any]) -> str:
    """Why AWS gave up the refresh of this step, an hour after it got stuck; empty where it has not."""
    ended = refresh.get("EndTime")
    if refresh["Status"] != "Failed" or not goes_to(refresh, item, run.new) or ended is None or ended < run.since:
        return ""
    return str(refresh.get("StatusReason") or "the instance refresh failed")


def _is_over(active: Mapping[str, Any], *, missing: int, left: int, ready: bool) -> bool:
    """Whether the refresh of a step is to be cancelled: it has come to its goal, or goes beyond it."""
    if stop_of(active) is None:
        return missing < left
    # one that stands at its checkpoint with less than the goal was begun when the group was of another size
    return has_stopped(active) and (ready or missing > 0)


def _refuse_foreign(look: RefreshedGroup, run: RolloutRun, active: Mapping[str, Any]) -> None:
    if goes_to(active, look.item, run.new) or goes_to(active, look.item, run.old):
        return
    text = f"an instance refresh of {look.progress.state.name!r} is on that is not the rollout's; cancel it"
    raise Conflict(text, provider="aws", operation="rollout")


def _hindrances(item: Mapping[str, Any]) -> Iterator[str]:
    """
    Why a group cannot be refreshed to another version.

    https://docs.aws.amazon.com/autoscaling/ec2/userguide/instance-refresh-overview.html
    """
    if item.get("Status"):
        yield "is being deleted"
    if item.get("LaunchConfigurationName"):
        yield "launches from a launch configuration; apply the fleet once without `rollout:`, which makes a template"
    launch = (item.get("MixedInstancesPolicy") or {}).get("LaunchTemplate") or {}
    for override in launch.get("Overrides") or ():
        if "InstanceRequirements" in override:
            yield "chooses sizes by attributes, which no instance refresh goes to; name the sizes"
        if "LaunchTemplateSpecification" in override:
            yield "has sizes with a launch template of their own; take it away first"
    if still := sorted(NEEDED & set(suspended(item))):
        yield f"has {still[0]} suspended, so that a refresh stands still; resume it first"


def _used(item: Mapping[str, Any]) -> Iterator[int]:
    """The versions of the group's own template that it, or an instance that stays, has."""
    staying = [each for each in item.get("Instances") or () if not each["LifecycleState"].startswith("Terminat")]
    sources = [launched_from(item), *(each.get("LaunchTemplate") or {} for each in staying)]
    for source in sources:
        version = str(source.get("Version", ""))
        if source.get("LaunchTemplateName") == item["AutoScalingGroupName"] and version.isdecimal():
            yield int(version)


def _own_number(words: str) -> int | None:
    """The number of a version of the group's own template; `None` of another template."""
    return int(words) if words.isdecimal() else None


def _failures(reply: Mapping[str, Any]) -> Iterator[ProviderError]:
    for item in reply.get("UnsuccessfullyDeletedLaunchTemplateVersions") or ():
        error = item.get("ResponseError") or {}
        code = str(error.get("Code", ""))
        if "NotExist" not in code:
            text = f"version {item.get('VersionNumber')} cannot be deleted: {error.get('Message') or code}"
            yield InvalidRequest(text, provider="aws", operation="delete_launch_template_versions", code=code)
