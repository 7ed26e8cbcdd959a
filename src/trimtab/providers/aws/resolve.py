"""What a fleet refers to and an account knows: images, subnets, target groups, zones."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from trimtab.errors import NotFound, ProviderError
from trimtab.models import Image, MetricSource, Placement, ScalingGroup
from trimtab.plan import Key, Note, Unknown, digest
from trimtab.providers.aws.client import Calls
from trimtab.providers.aws.existing import (
    METRIC,
    TARGET_GROUP,
    custom_metrics,
    find_listed,
    find_metrics,
    find_sizes,
    find_target_groups,
    references_of,
    watched,
)
from trimtab.providers.aws.facts import AwsFacts, ImageFacts, is_looked_up
from trimtab.providers.aws.first_seen import Standing, standing_of
from trimtab.providers.aws.kinds import AUTO_SCALING_GROUP, LAUNCH_TEMPLATE
from trimtab.providers.aws.names import is_elsewhere
from trimtab.providers.aws.translate import attachment_of
from trimtab.providers.aws.unsaid import unsaid
from trimtab.providers.errors import unread
from trimtab.providers.resolver import (
    SIZE,
    SUBNET,
    WRITE_OR_MAKE,
    Answers,
    Question,
    Questions,
    Reference,
    Resolving,
    Thing,
)


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

    provider = "aws"
    holder = LAUNCH_TEMPLATE.name
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

    # what has to be there

    def references(self, group: ScalingGroup) -> Iterator[Reference]:
        """Image, key pair, security groups, subnets, zones, target groups, sizes and custom metrics."""
        return references_of(group, self.location_of(group), self.fleet.native_name(group))

    def find(self, what: str, place: str, names: list[str]) -> Mapping[str, Thing]:
        """Those that are there, by name."""
        near = [group for group in self.fleet.groups if self.location_of(group) == place]
        if what == SIZE:
            return find_sizes(self.calls, place, names, spot=any(group.purchase.spot for group in near))
        if what == METRIC:
            metrics = [each for group in near for _, each in custom_metrics(group, self.fleet.native_name(group))]
            return find_metrics(self.calls, place, [each for each in dict.fromkeys(metrics) if each.text in names])
        if what == TARGET_GROUP:
            targets = find_target_groups(self.calls, place, names, by="TargetGroupArns")
            return {target.arn: Thing() for target in targets}
        return find_listed(self.calls, what, place, names)

    def zones_of(self, group: ScalingGroup, answers: Answers) -> set[str]:
        """Those that it names, or in which its subnets lie."""
        if group.placement.zones:
            return set(group.placement.zones)
        region = self.location_of(group)
        tagged = answers.get(("subnets", region, digest(subnet_filters(group.placement))))
        if isinstance(tagged, Mapping):
            return set(tagged.values())
        subnets = self.there(SUBNET, region, answers)
        things = (subnets.get(name, Thing()) for name in group.placement.subnets)
        return {zone for thing in things for zone in thing.zones or ()}

    # what is made of the answers

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
            self._unsaid(group)
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
            self.hold_disks(group, Thing(newest.get("least_gb")))
            facts.images[group.name] = ImageFacts(image.id, newest.get("root"))
            return
        chosen = self.pin_image(group, word, newest.get("id") or "")
        if chosen:
            self.hold_disks(group, Thing(newest.get("least_gb") if newest.get("id") == chosen else None))
            facts.images[group.name] = ImageFacts(chosen, newest.get("root"))
        elif ("image", self.location_of(group), word) in answers and not newest:
            self._no_image(group, answers)

    def _no_image(self, group: ScalingGroup, answers: Answers) -> None:
        if isinstance(answers["image", self.location_of(group), selector(group.template.image)], ProviderError):
            return
        image = group.template.image
        owner = f" of {image.owner}" if image.owner else ""
        text = f"no image{owner} in {self.location_of(group)} matches {image.newest or image.id!r}"
        self.problems.append(Note(f"template.image: {text}; {WRITE_OR_MAKE}", group.name))

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
            text = f"no subnet{where} in {self.location_of(group)} has the tags {words}; write other tags, or tag one"
            self.problems.append(Note(f"placement.subnet_tags: {text}", group.name))
        facts.subnets[group.name] = list(answer)

    def _balancers(self, group: ScalingGroup, answers: Answers, facts: _Found) -> None:
        region = self.location_of(group)
        if isinstance(answers.get(("balancers", region)), ProviderError):
            return
        known = facts.target_groups.get(region, {})
        for balancer in group.load_balancers:
            if balancer.name and balancer.name not in known:
                text = f"load_balancers: target group {balancer.name!r} not found in {region}; {WRITE_OR_MAKE}"
                self.problems.append(Note(text, group.name))

    def _unsaid(self, group: ScalingGroup) -> None:
        """What of a group a plan takes away because a fleet file cannot write it."""
        region, native = self.location_of(group), self.fleet.native_name(group)
        existing = self.live.resources.get(Key(region, AUTO_SCALING_GROUP.name, native))
        if existing is None or existing.mark is None or existing.mark.fleet != self.fleet.name:
            return
        own, launched = (
            self.live.resources.get(Key(region, LAUNCH_TEMPLATE.name, name))
            for name in (native, existing.attributes.get("template") or native)
        )
        for item in (existing, own):
            for each in unsaid(item) if item is not None else ():
                is_asked = each.field == "purchase.sizes" and group.template.requirement is not None
                if not is_asked and not any(f"{each.field}.".startswith(f"{path}.") for path in group.unmanaged):
                    self.notes.append(Note(each.goes(), group.name))
        for each in unsaid(launched) if own is None and launched is not None else ():
            self.notes.append(Note(f"{each.field}: {each.is_lost(native)}", group.name))

    def _labelled(self) -> dict[str, list[str]]:
        """Target groups by ARN whose balancer has to be known, by region."""
        arns: dict[str, set[str]] = {}
        for group in self.fleet.groups:
            for _, metric in watched(group):
                balancer = attachment_of(group, metric) if metric.source is MetricSource.BALANCER else None
                region = self.location_of(group)
                if balancer is not None and balancer.id and not is_elsewhere(balancer.id, region):
                    arns.setdefault(region, set()).add(balancer.id)
        return {region: sorted(some) for region, some in arns.items()}


def needs_root(group: ScalingGroup) -> bool:
    """Whether a disk is meant to be the boot disk, whose device name only the image knows."""
    return any(disk.device is None for disk in group.template.disks)


def selector(image: Image) -> str:
    """Eight hexadecimal digits that tell one way of naming an image from another."""
    return digest(image.model_dump(mode="json", exclude={"os"}))[:8]


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
    return _known_of(newest) if newest else {}


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
    return _known_of(images[0]) if images else {"id": text}


def _known_of(image: Mapping[str, Any]) -> dict[str, Any]:
    root = image.get("RootDeviceName")
    disks = (disk.get("Ebs") or {} for disk in image.get("BlockDeviceMappings") or () if disk.get("DeviceName") == root)
    return {"id": image["ImageId"], "root": root, "least_gb": next(disks, {}).get("VolumeSize")}


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
