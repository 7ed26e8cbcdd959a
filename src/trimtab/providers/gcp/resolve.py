"""
What a fleet refers to and a project knows: images, backend services with their health checks, target pools.

A link has a `/` in it; anything else is a name in the own project, of what is in a region in the group's.
"""

import fnmatch
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from trimtab.errors import NotFound, ProviderError
from trimtab.models import Image, LoadBalancer, MetricSource, ScalingGroup
from trimtab.plan import Key, Note, Resource, digest
from trimtab.providers.alarms import is_alert
from trimtab.providers.gcp.alarms import is_channel
from trimtab.providers.gcp.client import Calls
from trimtab.providers.gcp.facts import Attached, GcpFacts, Known, Second, Service, service_of
from trimtab.providers.gcp.ids import parse_link, short
from trimtab.providers.gcp.kinds import MANAGER, TEMPLATE
from trimtab.providers.gcp.metrics import type_of
from trimtab.providers.gcp.replies import Listed
from trimtab.providers.gcp.template import (
    DEFAULT_ACCOUNT,
    RegionHome,
    account_email,
    encryption_problem,
    image_link,
    image_problem,
    key_link,
)
from trimtab.providers.gcp.translate import TEMPLATE_FIELD
from trimtab.providers.resolver import (
    IMAGE,
    NO_START,
    SIZE,
    WRITE_OR_MAKE,
    Answers,
    ExistingThing,
    Question,
    Questions,
    Reference,
    Resolving,
    texts_at,
)

POOLS, METRIC = "targetPools", "metric"
ACCOUNT, KEY, CHANNEL = "service account", "key", "notification channel"
RESERVATION, RULE = "reservation", "resource policy"
NATIVE: Mapping[tuple[str, str], str] = {
    ("instance_template", "properties.resourcePolicies[*]"): RULE,
    ("group_manager", "resourcePolicies.workloadPolicy"): RULE,
}
"""What a native body names at a leaf that no field sets: the body's word and the leaf."""
SERVICES: Question = ("backend services",)
ARCHITECTURES = {"x86_64": "X86_64", "arm64": "ARM64"}


@dataclass
class _Found:
    """`GcpFacts` in the making."""

    attached: dict[str, Attached] = field(default_factory=dict)
    images: dict[str, str] = field(default_factory=dict)
    templates: dict[str, Known] = field(default_factory=dict)
    seconds: dict[str, Second] = field(default_factory=dict)


@dataclass(kw_only=True)
class Resolver(Resolving[Calls]):
    """Asks each distinct question once, all of them at the same time."""

    provider = "gcp"
    holder = MANAGER.name

    @property
    def services(self) -> Listed | None:
        """The backend services that the read came across."""
        return self.live.seen.get("backend services")

    def run(self) -> GcpFacts:
        """The facts about every group of the fleet."""
        answers = self.look_up()
        resolved = _Found()
        for group in self.fleet.groups:
            resolved.attached[group.name] = self._attached(group, answers)
            self._image(group, answers, resolved)
            main = self._manager(group)
            if known := self._template(group, main):
                resolved.templates[group.name] = known
            if group.purchase.is_mixed or group.purchase.fallback:
                resolved.seconds[group.name] = self._second(group, main)
        return GcpFacts(kept=self.kept, **vars(resolved), **self.said())

    def location_of(self, group: ScalingGroup) -> str:
        """Its region."""
        return group.location or self.calls.location

    def first_questions(self) -> Questions:
        """Those about images; backend services only where the read has not come across them."""
        has_read = bool(self.live.locations)
        questions = super().first_questions()
        return {question: ask for question, ask in questions.items() if has_read or question != SERVICES}

    def questions(self, group: ScalingGroup) -> Questions:
        """Backend services and images."""
        questions: dict[Question, Callable[[], Any]] = {}
        if group.cloud_balancers and self.services is None:
            questions[SERVICES] = partial(self.calls.aggregated, "backendServices")
        image = group.template.image
        if self._is_matched(group):
            questions[("images", selector(image))] = partial(self._versions, image)
        return questions

    # what has to be there

    def references(self, group: ScalingGroup) -> Iterator[Reference]:
        """Network, subnetwork, zones, account, keys of disks, image, reservation, sizes, channels and metrics."""
        region, place, image = self.location_of(group), group.placement, group.template.image
        if place.network and not place.subnets:
            yield Reference("placement.network", "network", _project_name(place.network, self.calls.project))
        for index, subnet in enumerate(place.subnets[:1]):
            name = _project_name(subnet, self.calls.project)
            yield Reference(f"placement.subnets.{index}", "subnetwork", name, region)
        for index, zone in enumerate(place.zones):
            yield Reference(f"placement.zones.{index}", "zone", zone, region, "write a zone of the region")
        home = RegionHome(self.calls.project, region)
        if group.template.role and group.template.role != DEFAULT_ACCOUNT:
            account = account_email(group.template.role, home)
            yield Reference("template.role", ACCOUNT, account, "", NO_START, is_needed=False)
        for index, disk in enumerate(group.template.disks):
            if disk.key and encryption_problem(disk.key) is None:
                yield Reference(
                    f"template.disks.{index}.key", KEY, key_link(disk.key, home), "", NO_START, is_needed=False
                )
        if image.id is not None and image_problem(image) is None and not self._is_matched(group):
            yield Reference("template.image", IMAGE, image_link(image, home))
        for path, what, name in scarce_of(group):
            owned = _project_name(name, self.calls.project)
            yield Reference(path, what, owned, region, NO_START, is_needed=False, known_by=short(name))
        sizes = {f"purchase.sizes.{index}.size": option.size for index, option in enumerate(group.purchase.sizes)}
        for path, size in {**sizes, "template.size": group.template.size_name or ""}.items():
            # lists have no custom types: https://docs.cloud.google.com/compute/docs/instances/creating-instance-with-custom-machine-type
            if size and "custom-" not in size and "/" not in size:
                yield Reference(path, SIZE, size, region)

        for alarm in filter(is_alert, group.alarms):
            for told in ("notify", "notify_ok"):
                for index, target in enumerate(getattr(alarm, told)):
                    if is_channel(target):
                        yield Reference(f"alarms.{alarm.name}.{told}.{index}", CHANNEL, target)
        for alarm in group.alarms:
            if is_alert(alarm) and alarm.metric.source is MetricSource.CUSTOM:
                fix = "an alert policy is made once it was written: publish a value, and apply again"
                yield Reference(f"alarms.{alarm.name}.metric", METRIC, type_of(alarm.metric), "", fix, is_needed=False)

    def find(self, what: str, place: str, names: list[str]) -> Mapping[str, ExistingThing]:
        """Those that are there, by name."""
        match what:
            case "image":
                images = {link: self._image_there(link) for link in names}
                return {link: thing for link, thing in images.items() if thing is not None}
            case "size":
                return self._sizes(place, names)
            case "service account":
                return {name: ExistingThing() for name in names if self.calls.exists("iam", _account_name(name))}
            case "key":
                return {name: ExistingThing() for name in names if self.calls.exists("cloudkms", name)}
            case "notification channel":
                return {name: ExistingThing() for name in names if self._has_channel(name)}
            case "metric":
                return {name: ExistingThing() for name in names if self._is_written(name)}
            case "reservation":
                return self._reservations(place, names)
            case "resource policy":
                return self._named("resourcePolicies.list", names, region=place)
            case "zone":
                zones = self.calls.pages("zones.list", filter=_begins(f"{place}-"))
                return {str(zone["name"]): ExistingThing() for zone in zones}
            case "network":
                return self._named("networks.list", names)
            case _:
                return self._named("subnetworks.list", names, region=place)

    def _fix(self, reference: Reference, answer: Mapping[str, ExistingThing]) -> str:
        if reference.what == SIZE and not answer and not self.find("zone", reference.place, []):
            return f"{reference.place!r} is not a region of Google Cloud; correct `location` or `--region`"
        return super()._fix(reference, answer)

    def _is_written(self, metric: str) -> bool:
        """Whether a metric of one's own has a descriptor, which its first value makes."""
        words = f'metric.type = "{metric}"'
        name = f"projects/{self.calls.project}"
        return bool(self.calls.monitor("metrics.list_metric_descriptors", name=name, filter=words))

    def _has_channel(self, name: str) -> bool:
        try:
            self.calls.monitor("notificationChannels.get_notification_channel", name=name)
        except NotFound:
            return False
        return True

    def _named(self, operation: str, names: Sequence[str], **where: str) -> dict[str, ExistingThing]:
        """Those of the networks or subnetworks, as PROJECT/NAME, that are there."""
        projects = dict.fromkeys(name.partition("/")[0] for name in names)
        return {
            f"{project}/{item['name']}": ExistingThing()
            for project in projects
            for item in self.calls.pages(operation, project=project, **where)
        }

    def _reservations(self, region: str, names: Sequence[str]) -> dict[str, ExistingThing]:
        """Those of the reservations, as PROJECT/NAME, that are in a zone of a region."""
        found: dict[str, ExistingThing] = {}
        for project in dict.fromkeys(name.partition("/")[0] for name in names):
            for item in self.calls.aggregated("reservations", project=project).items:
                if str(item["zone"]).rpartition("/")[2].rpartition("-")[0] == region:
                    found[f"{project}/{item['name']}"] = ExistingThing()
        return found

    def _image_there(self, link: str) -> ExistingThing | None:
        _, project, _, _, *parts = link.split("/")
        family = parts[1] if parts[0] == "family" else ""
        words = f'family = "{family}"' if family else f'name = "{parts[-1]}"'
        images = self.calls.pages("images.list", project=project, filter=words)
        sizes = [float(image["diskSizeGb"]) for image in images if image.get("diskSizeGb")]
        kinds = {str(image.get("architecture", "")) for image in images}
        word = next((ours for ours, theirs in ARCHITECTURES.items() if kinds == {theirs}), "")
        return ExistingThing(least_gb=max(sizes, default=None), architecture=word) if images else None

    def _sizes(self, region: str, names: Sequence[str]) -> dict[str, ExistingThing]:
        words = " OR ".join(f'(name = "{name}")' for name in names)
        items = self.calls.aggregated("machineTypes", filter=words).items
        zones: dict[str, set[str]] = {}
        for item in items:
            zone = str(item["zone"]).rsplit("/", 1)[-1]
            if zone.rpartition("-")[0] == region:
                zones.setdefault(str(item["name"]), set()).add(zone)
        return {name: ExistingThing(zones=frozenset(some)) for name, some in zones.items()}

    # what a group is attached to

    def _attached(self, group: ScalingGroup, answers: Answers) -> Attached:
        answer = self.services if self.services is not None else answers.get(SERVICES)
        known = [service_of(item) for item in answer.items] if isinstance(answer, Listed) else []
        services: list[Service] = []
        ports: dict[str, int] = {}
        pools: list[str] = []
        for index, balancer in enumerate(group.load_balancers):
            if balancer.haproxy is not None:
                continue
            named = self._pool_or_service(group, index, balancer, known)
            if isinstance(named, str):
                pools.append(named)
            elif named is not None:
                services.append(named)
                ports |= {named.port_name: balancer.port} if balancer.port is not None else {}
        return Attached(tuple(services), tuple(pools), ports)

    def _pool_or_service(
        self, group: ScalingGroup, index: int, balancer: LoadBalancer, known: Sequence[Service]
    ) -> Service | str | None:
        """A backend service, else the link of a target pool; `None` where there is neither, or several."""
        if balancer.id is not None and f"/{POOLS}/" in balancer.id:
            return short(balancer.id)
        name, region = balancer.name or short(balancer.id or ""), self.location_of(group)
        near = [service for service in known if parse_link(service.link).scope in ("global", f"regions/{region}")]
        matches = [service for service in near if service.name == name] if balancer.name else []
        matches = matches or [service for service in known if service.link == name]
        pools = [] if matches or balancer.id or self.unknown else self._pools(group, name)
        if self.unknown or (len(matches) == 1 and not pools):
            return matches[0] if len(matches) == 1 else next(iter(pools), None)
        told = [service.link for service in matches] + pools
        what, fix = "backend service", "name one by its link as `id`"
        where = f"{region} or global"
        among = [service.name for service in near]
        if not self.only(group, f"load_balancers.{index}", what, name, told, where=where, fix=fix, among=among):
            return None
        return next(iter(pools), None)

    def _pools(self, group: ScalingGroup, name: str) -> list[str]:
        """The links of the target pools of a name in the group's region: asked for where no backend service has it."""
        region = self.location_of(group)
        try:
            found = self.calls.pages("targetPools.list", region=region, filter=f'name = "{name}"')
        except ProviderError as error:
            self.unknown += self.unknown_of(("target pools",), error)
            return []
        return [f"projects/{self.calls.project}/regions/{region}/{POOLS}/{item['name']}" for item in found]

    # images

    def _is_matched(self, group: ScalingGroup) -> bool:
        """Whether an image is the newest of several: those of a pattern, or of the family of an operating system."""
        image = group.template.image
        return image.newest is not None or (image.os is None and self.asked[group.name].template.image.os is not None)

    def _versions(self, image: Image) -> list[dict[str, Any]]:
        """The images of a family, or of a project whose names match, that are to be had: the newest first."""
        project, family = _family_of(image)
        pattern = image.newest or "*"
        named = pattern.split("*")[0].split("?")[0]
        words = f'family = "{family}"' if family else _begins(named)
        try:
            images = self.calls.pages("images.list", project=project, filter=words)
        except NotFound:  # there is no such project
            return []
        wanted = ARCHITECTURES.get(image.architecture or "", "")
        fits = [
            item
            for item in images
            if fnmatch.fnmatchcase(str(item["name"]), pattern)
            and (not wanted or item.get("architecture", "X86_64") == wanted)
            and (item.get("deprecated") or {}).get("state", "ACTIVE") == "ACTIVE"
        ]
        return sorted(fits, key=lambda item: str(item.get("creationTimestamp", "")), reverse=True)

    def _image(self, group: ScalingGroup, answers: Answers, resolved: _Found) -> None:
        image = group.template.image
        if not self._is_matched(group):
            return
        project, family = _family_of(image)
        answer = answers[("images", selector(image))]
        names = [] if isinstance(answer, ProviderError) else [str(item["name"]) for item in answer]
        newest = next(iter(names), "")
        chosen = self.pin_image(group, digest(selector(image)), newest)
        if not chosen:
            if not isinstance(answer, ProviderError):
                what = f"of the family {family!r}" if family else f"called {image.newest!r}"
                text = f"template.image: {project} has no image {what}; {WRITE_OR_MAKE}"
                self.problems.append(Note(text, group.name))
            return
        if family and chosen == newest:
            sizes = [float(answer[0]["diskSizeGb"])] if answer[0].get("diskSizeGb") else []
            self.hold_disks(group, ExistingThing(least_gb=max(sizes, default=None)))
        resolved.images[group.name] = f"projects/{project}/global/images/{chosen}"

    # the template that is there

    def _manager(self, group: ScalingGroup, native: str = "") -> Resource | None:
        name = native or self.fleet.native_name(group)
        return self.live.resources.get(Key(self.location_of(group), MANAGER.name, name))

    def _second(self, group: ScalingGroup, main: Resource | None) -> Second:
        from trimtab.providers.gcp.purchase import spot_name  # few groups are two

        spot = self._manager(group, spot_name(self.fleet.native_name(group)))
        is_ours = (
            spot is not None and not spot.deleting and spot.mark is not None and spot.mark.fleet == self.fleet.name
        )
        size = int(main.attributes.get("instances", 0)) if main is not None and main.mark is not None else None
        return Second(is_ours, size, self._template(group, spot))

    def _template(self, group: ScalingGroup, manager: Resource | None) -> Known | None:
        versions: Sequence[Mapping[str, Any]] = (manager.body.get("versions") or ()) if manager is not None else ()
        if not versions or (len(versions) > 1 and TEMPLATE_FIELD not in group.unmanaged):
            return None
        link = str(versions[0].get("instanceTemplate", ""))
        for key, item in self.live.resources.items():
            if key.kind == TEMPLATE.name and item.attributes.get("link") == link:
                ours = item.mark is not None and item.mark.fleet == self.fleet.name
                if ours and (item.group, key.location) != (group.name, self.location_of(group)):
                    return None  # another group's, which will leave it as it likes
                return Known(link, key.name, ours, item.body)
        return None


def selector(image: Image) -> str:
    """What tells one match from another."""
    return image.id or f"{image.owner}/{image.newest}/{image.architecture or ''}"


def scarce_of(group: ScalingGroup) -> Iterator[tuple[str, str, str]]:
    """The reservation and the resource policies that a group names: the field, what it is, the name."""
    if group.purchase.reservation:
        yield "purchase.reservation", RESERVATION, group.purchase.reservation
    for (word, leaf), what in NATIVE.items():
        body = getattr(group.gcp.native, word) if group.gcp.native else {}
        for path, name in texts_at(body, leaf):
            yield f"gcp.native.{word}{path}", what, name


def _family_of(image: Image) -> tuple[str, str]:
    """The project of an image that is matched, and its family where that is what names it."""
    if image.newest is not None:
        return image.owner or "", ""
    project, _, family = (image.id or "").partition("/")
    return project, family


def _account_name(email: str) -> str:
    """
    The full name of a service account; of one whose project its address does not say with a wildcard in its place.

    https://docs.cloud.google.com/iam/docs/reference/rest/v1/projects.serviceAccounts/get
    """
    owner = email.partition("@")[2].removesuffix(".iam.gserviceaccount.com")
    project, _, domain = owner.partition(".")
    is_known = email.endswith(".iam.gserviceaccount.com")
    return f"projects/{(f'{domain}:' if domain else '') + project if is_known else '-'}/serviceAccounts/{email}"


def _begins(text: str) -> str | None:
    return f'name eq "{text}.*"' if text else None


def _project_name(text: str, project: str) -> str:
    """PROJECT/NAME of a network or a subnetwork that is named by its link or its name."""
    parts = short(text).split("/")
    owner = parts[parts.index("projects") + 1] if "projects" in parts[:-1] else project
    return f"{owner}/{parts[-1]}"
