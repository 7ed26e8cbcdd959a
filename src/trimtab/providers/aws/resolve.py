"""What a fleet refers to and an account knows: images, networks, security groups, target groups, zones."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from trimtab.errors import NotFound, ProviderError
from trimtab.models import Image, MetricSource, ScalingGroup
from trimtab.plan import Key, Note, Unknown, digest
from trimtab.providers.aws.client import Calls
from trimtab.providers.aws.existing import (
    KEY,
    METRIC,
    PROFILE,
    QUEUE,
    RESERVATION,
    ROLE,
    TARGET_GROUP,
    TOPIC,
    custom_metrics,
    find_aliases,
    find_default_networks,
    find_listed,
    find_metrics,
    find_named,
    find_profiles,
    find_queues,
    find_reservations,
    find_roles,
    find_sizes,
    find_subnets,
    find_target_groups,
    find_topics,
    names_of,
    references_of,
    watched,
)
from trimtab.providers.aws.facts import AwsFacts, ImageFacts, is_looked_up
from trimtab.providers.aws.first_seen import UnfiredSchedules, standing_of
from trimtab.providers.aws.kinds import AUTO_SCALING_GROUP, LAUNCH_TEMPLATE
from trimtab.providers.aws.names import is_elsewhere
from trimtab.providers.aws.places import (
    DEFAULT_NETWORK,
    FIREWALLS,
    NETWORKS,
    SUBNETS,
    Named,
    Surroundings,
    asks_default_network,
    is_id,
    names_asked,
    subnet_filters,
)
from trimtab.providers.aws.translate import attachment_of
from trimtab.providers.aws.unsaid import unsaid
from trimtab.providers.errors import unread
from trimtab.providers.resolver import (
    SIZE,
    SUBNET,
    WRITE_OR_MAKE,
    Answers,
    ExistingThing,
    Question,
    Questions,
    Reference,
    Resolving,
)

_FINDERS: Mapping[str, Callable[[Calls, str, Sequence[str]], Mapping[str, ExistingThing]]] = {
    PROFILE: find_profiles,
    KEY: find_aliases,
    TOPIC: find_topics,
    QUEUE: find_queues,
    ROLE: find_roles,
    RESERVATION: find_reservations,
}
"""How things of a kind are asked for that are no list of EC2's."""


@dataclass
class _Found:
    """`AwsFacts` in the making."""

    images: dict[str, ImageFacts] = field(default_factory=dict)
    subnets: dict[str, list[str]] = field(default_factory=dict)
    subnet_zones: dict[str, str] = field(default_factory=dict)
    security_groups: dict[str, list[str]] = field(default_factory=dict)
    zones: dict[str, list[str]] = field(default_factory=dict)
    target_groups: dict[str, dict[str, str]] = field(default_factory=dict)
    labels: dict[str, dict[str, str]] = field(default_factory=dict)
    standing: dict[str, UnfiredSchedules] = field(default_factory=dict)


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
        """The target groups of each region, by name and by ARN; networks, subnets and security groups by name."""
        questions: dict[Question, Callable[[], Any]] = {}
        for region in {self.location_of(group) for group in self.fleet.groups}:
            here = [group for group in self.fleet.groups if self.location_of(group) == region]
            for what, names in names_asked(here).items():
                questions[what, region] = partial(find_named, self.calls, what, region, names)
        for region, names in self._balancer_names().items():
            questions["balancers", region] = partial(find_target_groups, self.calls, region, names)
        for region, arns in self._labelled().items():
            questions["labels", region] = partial(find_target_groups, self.calls, region, arns, by="TargetGroupArns")
        return questions

    def unknown_of(self, question: Question, error: ProviderError) -> Iterable[Unknown]:
        """What of the region hangs on it."""
        launched = question[0] in ("image", FIREWALLS, DEFAULT_NETWORK)
        kind = LAUNCH_TEMPLATE.name if launched else AUTO_SCALING_GROUP.name
        if question[0] in (NETWORKS, SUBNETS, "subnets") and FIREWALLS in names_asked(self.fleet.groups):
            kind = "*"  # they say which security groups are meant
        return unread([question[1]], kind, error, f"its {question[0]} could not be looked up: ")

    def questions(self, group: ScalingGroup) -> Questions:
        """Image, subnets and zones."""
        region, image, placement = self.location_of(group), group.template.image, group.placement
        questions: dict[Question, Callable[[], Any]] = {}
        if is_looked_up(image) or needs_root(group):
            questions["image", region, selector(image)] = lambda: find_image(self.calls, region, image)
        if asks_default_network(group):
            questions[DEFAULT_NETWORK, region] = partial(find_default_networks, self.calls, region)
        filters = subnet_filters(group)
        if filters:
            questions["subnets", region, digest(filters)] = lambda: find_subnets(self.calls, region, filters)
        elif not placement.subnets and not placement.zones:
            questions["zones", region] = lambda: find_zones(self.calls, region)
        return questions

    # what has to be there

    def references(self, group: ScalingGroup) -> Iterator[Reference]:
        """Image, key pair, roles, keys of disks, places, target groups, sizes, who is told, and custom metrics."""
        return references_of(group, self.location_of(group), self.fleet.native_name(group))

    def find(self, what: str, place: str, names: list[str]) -> Mapping[str, ExistingThing]:
        """Those that are there, by name."""
        near = [group for group in self.fleet.groups if self.location_of(group) == place]
        if what == SIZE:
            return find_sizes(self.calls, place, names, spot=any(group.purchase.spot for group in near))
        if what in _FINDERS:
            return _FINDERS[what](self.calls, place, names)
        if what == METRIC:
            metrics = [each for group in near for _, each in custom_metrics(group, self.fleet.native_name(group))]
            return find_metrics(self.calls, place, [each for each in dict.fromkeys(metrics) if each.text in names])
        if what == TARGET_GROUP:
            targets = find_target_groups(self.calls, place, names, by="TargetGroupArns")
            return {target.arn: ExistingThing() for target in targets}
        return find_listed(self.calls, what, place, names)

    def names_of(self, what: str, place: str, name: str) -> Iterable[str]:
        """Those of networks, subnets, security groups, key pairs and target groups."""
        return names_of(self.calls, what, place)

    def zones_of(self, group: ScalingGroup, answers: Answers) -> set[str]:
        """Those that it names, or in which its subnets lie."""
        if group.placement.zones:
            return set(group.placement.zones)
        region = self.location_of(group)
        around = self._around(group, answers, reports=False)
        named = [each.zone for each in around.subnets(around.network()) if each]
        subnets = self.there(SUBNET, region, answers)
        things = (subnets.get(name, ExistingThing()) for name in group.placement.subnets)
        return {*filter(None, named), *(zone for thing in things for zone in thing.zones or ())}

    def _around(self, group: ScalingGroup, answers: Answers, *, reports: bool = True) -> Surroundings:
        region = self.location_of(group)

        def only(
            path: str, what: str, name: str, matches: Sequence[Named], *, fix: str = "", where: str = ""
        ) -> Named | None:
            told, place = [each.told for each in matches], f"{region} ({where})" if where else region
            if not reports:
                return matches[0] if len(matches) == 1 else None
            return matches[0] if self.only(group, path, what, name, told, where=place, fix=fix) else None

        return Surroundings(group, region, answers, only)

    # what is made of the answers

    def _balancer_names(self) -> dict[str, list[str]]:
        names: dict[str, set[str]] = {}
        for group in self.fleet.groups:
            named = {word for each in group.load_balancers if each.name for word in (each.name, each.alternate) if word}
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
            self.hold_disks(group, _thing(newest))
            facts.images[group.name] = ImageFacts(image.id, newest.get("root"))
            return
        chosen = self.pin_image(group, word, newest.get("id") or "")
        if chosen:
            self.hold_disks(group, _thing(newest if newest.get("id") == chosen else {}))
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
        around = self._around(group, answers)
        asked = answers.get(("subnets", self.location_of(group), digest(subnet_filters(group))))
        if around.is_unread or isinstance(asked, ProviderError):
            return
        network = around.network()
        if network is None:
            return
        subnets = around.subnets(network)
        facts.subnet_zones.update({each.id: each.zone for each in subnets if each and each.zone})
        facts.security_groups[group.name] = around.firewalls(network, subnets)
        if group.placement.subnet_tags:
            self._check_tagged(group, [each for each in subnets if each])
        if group.placement.subnet_tags or not all(map(is_id, group.placement.subnets)):
            names = group.placement.subnets or [""] * len(subnets)
            pairs = zip(names, subnets, strict=True)
            facts.subnets[group.name] = [each.id if each else f"(not found: {name})" for name, each in pairs]

    def _check_tagged(self, group: ScalingGroup, subnets: Sequence[Named]) -> None:
        tags, zones = group.placement.subnet_tags or {}, set(group.placement.zones)
        if any(not zones or each.zone in zones for each in subnets):
            return
        words = ", ".join(f"{name}={value}" for name, value in tags.items())
        where = f" of zones {', '.join(sorted(zones))}" if zones else ""
        text = f"no subnet{where} in {self.location_of(group)} has the tags {words}; write other tags, or tag one"
        self.problems.append(Note(f"placement.subnet_tags: {text}", group.name))

    def _balancers(self, group: ScalingGroup, answers: Answers, facts: _Found) -> None:
        region = self.location_of(group)
        if isinstance(answers.get(("balancers", region)), ProviderError):
            return
        known = facts.target_groups.get(region, {})
        for index, balancer in enumerate(group.load_balancers):
            if balancer.name:  # EC2 has each name once in a region
                at = f"load_balancers.{index}"
                for path, name in ((at, balancer.name), (f"{at}.alternate", balancer.alternate)):
                    if name is not None:
                        told = [name] if name in known else []
                        self.only(group, path, "target group", name, told, where=region)

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


def _thing(image: Mapping[str, Any]) -> ExistingThing:
    return ExistingThing(image.get("least_gb"), architecture=image.get("architecture", ""))


def _known_of(image: Mapping[str, Any]) -> dict[str, Any]:
    root = image.get("RootDeviceName")
    disks = (disk.get("Ebs") or {} for disk in image.get("BlockDeviceMappings") or () if disk.get("DeviceName") == root)
    least = next(disks, {}).get("VolumeSize")
    return {"id": image["ImageId"], "root": root, "least_gb": least, "architecture": image.get("Architecture", "")}


def find_zones(calls: Calls, region: str) -> list[str]:
    """The region's zones."""
    filters = [{"Name": "zone-type", "Values": ["availability-zone"]}, {"Name": "state", "Values": ["available"]}]
    reply = calls.call("ec2", "describe_availability_zones", region, Filters=filters)
    return sorted(item["ZoneName"] for item in reply["AvailabilityZones"])
