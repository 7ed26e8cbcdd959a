"""What a fleet refers to and an account knows: images, subnets, target groups, zones."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from trimtab.errors import NotFound, ProviderError
from trimtab.models import (
    Image,
    Metric,
    MetricSource,
    Placement,
    PredictivePolicy,
    ScalingGroup,
    TargetTrackingPolicy,
)
from trimtab.plan import Note, Unknown, digest
from trimtab.providers.aws.client import Calls
from trimtab.providers.aws.facts import AwsFacts, ImageFacts, TargetGroup, target_group
from trimtab.providers.aws.first_seen import Standing, standing_of
from trimtab.providers.aws.kinds import AUTO_SCALING_GROUP, LAUNCH_TEMPLATE
from trimtab.providers.aws.translate import attachment_of
from trimtab.providers.errors import unread
from trimtab.providers.resolver import Answers, Question, Questions, Resolving


@dataclass
class _Found:
    """`AwsFacts` in the making."""

    images: dict[str, ImageFacts] = field(default_factory=dict)
    subnets: dict[str, list[str]] = field(default_factory=dict)
    subnet_zones: dict[str, str] = field(default_factory=dict)
    zones: dict[str, list[str]] = field(default_factory=dict)
    target_groups: dict[str, dict[str, str]] = field(default_factory=dict)
    labels: dict[str, dict[str, str]] = field(default_factory=dict)
    standing: dict[str, Standing] = field(default_factory=dict)


@dataclass(kw_only=True)
class Resolver(Resolving[Calls]):
    """
    Asks each distinct question once, all of them at the same time.

    Attributes:
        now: When the plan is made.
    """

    now: datetime

    def run(self) -> AwsFacts:
        """The facts about every group of the fleet."""
        return self._facts(self.look_up())

    def location_of(self, group: ScalingGroup) -> str:
        """Its region."""
        return group.location or self.calls.region

    def shared_questions(self) -> Questions:
        """The target groups of each region, by name and by ARN."""
        questions: dict[Question, Callable[[], Any]] = {}
        for region, names in self._balancer_names().items():
            questions["balancers", region] = partial(find_target_groups, self.calls, region, names)
        for region, arns in self._labelled().items():
            questions["labels", region] = partial(find_target_groups, self.calls, region, arns, by="TargetGroupArns")
        return questions

    def unknown_of(self, question: Question, error: ProviderError) -> Iterable[Unknown]:
        """What of the region hangs on it."""
        kind = LAUNCH_TEMPLATE.name if question[0] == "image" else AUTO_SCALING_GROUP.name
        return unread([question[1]], kind, error, f"its {question[0]} could not be looked up: ")

    def questions(self, group: ScalingGroup) -> Questions:
        """Image, subnets and zones."""
        region, image, placement = self.location_of(group), group.template.image, group.placement
        questions: dict[Question, Callable[[], Any]] = {}
        if is_looked_up(image) or needs_root(group):
            questions["image", region, selector(image)] = lambda: find_image(self.calls, region, image)
        filters = subnet_filters(placement)
        if filters:
            questions["subnets", region, digest(filters)] = lambda: find_subnets(self.calls, region, filters)
        elif not placement.subnets and not placement.zones:
            questions["zones", region] = lambda: find_zones(self.calls, region)
        return questions

    def _balancer_names(self) -> dict[str, list[str]]:
        names: dict[str, set[str]] = {}
        for group in self.fleet.groups:
            named = {balancer.name for balancer in group.load_balancers if balancer.name}
            if named:
                names.setdefault(self.location_of(group), set()).update(named)
        return {region: sorted(some) for region, some in names.items()}

    def _facts(self, answers: Answers) -> AwsFacts:
        facts = _Found()
        for key, answer in answers.items():
            if isinstance(answer, ProviderError):
                continue
            if key[0] in ("balancers", "labels"):
                facts.target_groups.setdefault(key[1], {}).update({target.name: target.arn for target in answer})
                words = {word: target.label for target in answer for word in (target.name, target.arn)}
                facts.labels.setdefault(key[1], {}).update(words)
            elif key[0] == "zones":
                facts.zones[key[1]] = answer
        for group in self.fleet.groups:
            self._image(group, answers, facts)
            self._subnets(group, answers, facts)
            self._balancers(group, answers, facts)
            if standing := standing_of(self.fleet, group, self.live, self.location_of(group), self.now):
                facts.standing[group.name] = standing
        return AwsFacts(**vars(facts), kept=self.kept, **self.said())

    def _image(self, group: ScalingGroup, answers: Answers, facts: _Found) -> None:
        image = group.template.image
        if not is_looked_up(image) and not needs_root(group):
            return
        word = selector(image)
        newest = answers.get(("image", self.location_of(group), word))
        newest = {} if isinstance(newest, ProviderError) or newest is None else newest
        if not is_looked_up(image):
            facts.images[group.name] = ImageFacts(image.id, newest.get("root"))
            return
        chosen = self.pin_image(group, LAUNCH_TEMPLATE.name, word, newest.get("id") or "")
        if chosen:
            facts.images[group.name] = ImageFacts(chosen, newest.get("root"))
        elif ("image", self.location_of(group), word) in answers and not newest:
            self._no_image(group, answers)

    def _no_image(self, group: ScalingGroup, answers: Answers) -> None:
        if isinstance(answers["image", self.location_of(group), selector(group.template.image)], ProviderError):
            return
        image = group.template.image
        owner = f" of {image.owner}" if image.owner else ""
        self.problems.append(
            Note(
                f"template.image: no image{owner} in {self.location_of(group)} matches {image.newest or image.id!r}",
                group.name,
            )
        )

    def _subnets(self, group: ScalingGroup, answers: Answers, facts: _Found) -> None:
        filters, zones = subnet_filters(group.placement), set(group.placement.zones)
        answer = answers.get(("subnets", self.location_of(group), digest(filters)))
        if answer is None or isinstance(answer, ProviderError):
            return
        facts.subnet_zones.update(answer)
        tags = group.placement.subnet_tags
        if not tags:
            return
        if not any(not zones or zone in zones for zone in answer.values()):
            words = ", ".join(f"{name}={value}" for name, value in tags.items())
            where = f" of zones {', '.join(sorted(zones))}" if zones else ""
            text = f"placement.subnet_tags: no subnet{where} in {self.location_of(group)} has the tags {words}"
            self.problems.append(Note(text, group.name))
        facts.subnets[group.name] = list(answer)

    def _balancers(self, group: ScalingGroup, answers: Answers, facts: _Found) -> None:
        region = self.location_of(group)
        if isinstance(answers.get(("balancers", region)), ProviderError):
            return
        known = facts.target_groups.get(region, {})
        for balancer in group.load_balancers:
            if balancer.name and balancer.name not in known:
                text = f"load_balancers: no target group is called {balancer.name!r} in {region}"
                self.problems.append(Note(text, group.name))

    def _labelled(self) -> dict[str, list[str]]:
        """Target groups by ARN whose balancer has to be known, by region."""
        arns: dict[str, set[str]] = {}
        for group in self.fleet.groups:
            for _, metric in watched(group):
                balancer = attachment_of(group, metric) if metric.source is MetricSource.BALANCER else None
                if balancer is not None and balancer.id:
                    arns.setdefault(self.location_of(group), set()).add(balancer.id)
        return {region: sorted(some) for region, some in arns.items()}


def watched(group: ScalingGroup) -> Iterator[tuple[str, Metric]]:
    """Every metric that a group watches, with the path of what watches it."""
    for alarm in group.alarms:
        yield f"alarms.{alarm.name}", alarm.metric
    for policy in group.policies:
        if isinstance(policy, TargetTrackingPolicy | PredictivePolicy):
            yield f"policies.{policy.name}", policy.metric


def is_looked_up(image: Image) -> bool:
    """Whether an image has to be found, rather than being an id already."""
    return image.newest is not None or not (image.id or "").startswith("ami-")


def needs_root(group: ScalingGroup) -> bool:
    """Whether a disk is meant to be the boot disk, whose device name only the image knows."""
    return any(disk.device is None for disk in group.template.disks)


def selector(image: Image) -> str:
    """Eight hexadecimal digits that tell one way of naming an image from another."""
    return digest(image.model_dump(mode="json"))[:8]


def find_image(calls: Calls, region: str, image: Image) -> dict[str, Any]:
    """The newest matching image, by id and root device; empty when there is none."""
    if image.id is not None:
        return _image_by_id(calls, region, image.id)
    filters = [{"Name": "name", "Values": [image.newest]}, {"Name": "state", "Values": ["available"]}]
    if image.architecture:
        filters.append({"Name": "architecture", "Values": [image.architecture]})
    owners: dict[str, Sequence[str]] = {"Owners": [image.owner]} if image.owner else {}
    images = calls.items("ec2", "describe_images", region, Filters=filters, **owners)
    newest = max(images, key=lambda item: (item.get("CreationDate", ""), item["ImageId"]), default=None)
    return {"id": newest["ImageId"], "root": newest.get("RootDeviceName")} if newest else {}


def _image_by_id(calls: Calls, region: str, text: str) -> dict[str, Any]:
    """An id as it is, or what a public parameter says; with its root device where the account may see it."""
    if not text.startswith("ami-"):
        reply = calls.call("ssm", "get_parameters", region, Names=[text.removeprefix("resolve:ssm:")])
        if not reply["Parameters"]:
            return {}
        text = reply["Parameters"][0]["Value"]
    try:
        images = calls.call("ec2", "describe_images", region, ImageIds=[text])["Images"]
    except NotFound:
        return {"id": text}
    return {"id": text, "root": images[0].get("RootDeviceName")} if images else {"id": text}


def subnet_filters(placement: Placement) -> dict[str, list[str]]:
    """What subnets are looked up by: their tags, or their ids where zones beside them choose some; else nothing."""
    if placement.subnet_tags:
        return {f"tag:{name}": [value] for name, value in placement.subnet_tags.items()}
    return {"subnet-id": list(placement.subnets)} if placement.subnets and placement.zones else {}


def find_subnets(calls: Calls, region: str, filters: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """The zone of each subnet that passes all the filters, by the subnet's id, in order."""
    words = [{"Name": name, "Values": list(values)} for name, values in filters.items()]
    subnets = calls.items("ec2", "describe_subnets", region, Filters=words)
    return dict(sorted((item["SubnetId"], item["AvailabilityZone"]) for item in subnets))


def find_zones(calls: Calls, region: str) -> list[str]:
    """The region's zones."""
    filters = [{"Name": "zone-type", "Values": ["availability-zone"]}, {"Name": "state", "Values": ["available"]}]
    reply = calls.call("ec2", "describe_availability_zones", region, Filters=filters)
    return sorted(item["ZoneName"] for item in reply["AvailabilityZones"])


def find_target_groups(calls: Calls, region: str, wanted: Sequence[str], *, by: str = "Names") -> list[TargetGroup]:
    """Target groups by name, or by ARN; those only that exist."""
    try:
        items = list(calls.items("elbv2", "describe_target_groups", region, **{by: list(wanted)}))
    except NotFound:  # one missing name hides all others
        items = list(calls.items("elbv2", "describe_target_groups", region, PageSize=400))
    targets = map(target_group, items)
    return [target for target in targets if target.name in wanted or target.arn in wanted]
