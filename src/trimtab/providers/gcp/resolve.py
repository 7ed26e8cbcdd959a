"""What a fleet refers to and a project knows: images, backend services with their health checks, target pools."""

import fnmatch
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from trimtab.checks.live import NEWER_IMAGE
from trimtab.errors import ProviderError
from trimtab.models import Image, LoadBalancer, ScalingGroup
from trimtab.plan import Key, Note, Unknown, digest
from trimtab.providers.gcp.client import Calls
from trimtab.providers.gcp.facts import Attached, GcpFacts, Known, Service, service_of
from trimtab.providers.gcp.ids import parse_link, short
from trimtab.providers.gcp.kinds import MANAGER, TEMPLATE
from trimtab.providers.gcp.replies import Listed
from trimtab.providers.gcp.translate import TEMPLATE_FIELD
from trimtab.providers.resolver import Resolving

POOLS = "targetPools"
ARCHITECTURES = {"x86_64": "X86_64", "arm64": "ARM64"}


@dataclass
class _Found:
    """`GcpFacts` in the making."""

    attached: dict[str, Attached] = field(default_factory=dict)
    images: dict[str, str] = field(default_factory=dict)
    kept: dict[str, dict[str, str]] = field(default_factory=dict)
    templates: dict[str, Known] = field(default_factory=dict)


@dataclass(kw_only=True)
class Resolver(Resolving[Calls]):
    """Asks each distinct question once, all of them at the same time."""

    @property
    def services(self) -> Listed | None:
        """The backend services that the read came across."""
        return self.live.seen.get("backend services")

    def run(self) -> GcpFacts:
        """The facts about every group of the fleet."""
        questions: dict[tuple[str, ...], Callable[[], Any]] = {}
        for group in self.fleet.groups:
            questions |= self._questions(group)
        answers = self.ask(questions)
        for key, answer in answers.items():
            if isinstance(answer, ProviderError):
                self.unknown += [Unknown(place, "*", f"{key[0]}: {answer}") for place in self._places()]
        resolved = _Found()
        for group in self.fleet.groups:
            resolved.attached[group.name] = self._attached(group, answers)
            self._image(group, answers, resolved)
            if known := self._template(group):
                resolved.templates[group.name] = known
        return GcpFacts(**vars(resolved), **self.said())

    def _places(self) -> list[str]:
        return sorted({self._location(group) for group in self.fleet.groups})

    def _location(self, group: ScalingGroup) -> str:
        return group.location or self.calls.location

    def _questions(self, group: ScalingGroup) -> dict[tuple[str, ...], Callable[[], Any]]:
        questions: dict[tuple[str, ...], Callable[[], Any]] = {}
        if group.load_balancers and self.services is None:
            questions["backend services",] = partial(self.calls.aggregated, "backendServices")
        image = group.template.image
        if image.newest is not None:
            questions[("images", selector(image))] = partial(self._versions, image)
        return questions

    # what a group is attached to

    def _attached(self, group: ScalingGroup, answers: Mapping[tuple[str, ...], Any]) -> Attached:
        answer = self.services if self.services is not None else answers.get(("backend services",))
        known = [service_of(item) for item in answer.items] if isinstance(answer, Listed) else []
        services: list[Service] = []
        ports: dict[str, int] = {}
        pools = [short(pool.id) for pool in group.load_balancers if pool.id is not None and f"/{POOLS}/" in pool.id]
        for balancer in group.load_balancers:
            service = (
                None
                if balancer.id is not None and f"/{POOLS}/" in balancer.id
                else self._service(group, balancer, known)
            )
            if service is not None:
                services.append(service)
                ports |= {service.port_name: balancer.port} if balancer.port is not None else {}
        return Attached(tuple(services), tuple(pools), ports)

    def _service(self, group: ScalingGroup, balancer: LoadBalancer, known: Sequence[Service]) -> Service | None:
        place = f"regions/{self._location(group)}"
        near = [service for service in known if parse_link(service.link).scope in ("global", place)]
        if balancer.id is not None:
            matches = [service for service in known if service.link == short(balancer.id)]
        else:
            matches = [service for service in near if service.name == balancer.name]
        if len(matches) == 1:
            return matches[0]
        if not self.unknown:
            text = "no backend service" if not matches else f"{len(matches)} backend services"
            mend = "; name it by its link as `id`" if matches else ""
            where = f"in {self._location(group)} or global"
            requested = balancer.name or balancer.id
            self.problems.append(Note(f"load_balancers: {text} called {requested!r} {where}{mend}", group.name))
        return None

    # images

    def _versions(self, image: Image) -> list[dict[str, Any]]:
        """The images of a project whose names match, the newest first, with those that are to be had."""
        pattern = image.newest or ""
        named = pattern.split("*")[0].split("?")[0]
        images = self.calls.pages("images.list", project=image.owner or "", filter=_begins(named))
        wanted = ARCHITECTURES.get(image.architecture or "", "")
        fits = [
            item
            for item in images
            if fnmatch.fnmatchcase(str(item["name"]), pattern)
            and (not wanted or item.get("architecture", "X86_64") == wanted)
            and (item.get("deprecated") or {}).get("state", "ACTIVE") == "ACTIVE"
        ]
        return sorted(fits, key=lambda item: str(item.get("creationTimestamp", "")), reverse=True)

    def _image(self, group: ScalingGroup, answers: Mapping[tuple[str, ...], Any], resolved: "_Found") -> None:
        image = group.template.image
        if image.newest is None:
            return
        answer = answers[("images", selector(image))]
        names = [] if isinstance(answer, ProviderError) else [str(item["name"]) for item in answer]
        newest = next(iter(names), "")
        word = digest(selector(image))
        chosen = self._kept_image(group, word) or newest
        if not chosen:
            if not isinstance(answer, ProviderError):
                self.problems.append(
                    Note(f"template.image: {image.owner} has no image called {image.newest!r}", group.name)
                )
            return
        if newest and newest != chosen:
            text = f"a newer image, {newest}, matches; refresh the image to take it (now {chosen})"
            self.notes.append(Note(text, group.name, code=NEWER_IMAGE))
        resolved.images[group.name] = f"projects/{image.owner}/global/images/{chosen}"
        resolved.kept[group.name] = {"image": f"{word}:{chosen}"}

    def _kept_image(self, group: ScalingGroup, word: str) -> str | None:
        if "image" in self.refresh:
            return None
        manager = self._manager(group)
        if manager is None or manager.mark is None or manager.mark.fleet != self.fleet.name:
            return None
        known, _, name = manager.mark.kept.get("image", "").partition(":")
        return name if known == word and name else None

    # the template that is there

    def _manager(self, group: ScalingGroup) -> Any:
        return self.live.resources.get(Key(self._location(group), MANAGER.name, self.fleet.native_name(group)))

    def _template(self, group: ScalingGroup) -> Known | None:
        manager = self._manager(group)
        versions: Sequence[Mapping[str, Any]] = (manager.body.get("versions") or ()) if manager is not None else ()
        if not versions or (len(versions) > 1 and TEMPLATE_FIELD not in group.unmanaged):
            return None
        link = str(versions[0].get("instanceTemplate", ""))
        for key, item in self.live.resources.items():
            if key.kind == TEMPLATE.name and item.attributes.get("link") == link:
                ours = item.mark is not None and item.mark.fleet == self.fleet.name
                if ours and (item.group, key.location) != (group.name, self._location(group)):
                    return None  # another group's, which will leave it as it likes
                return Known(link, key.name, TEMPLATE.leaves(item.body), ours, item.body)
        return None


def selector(image: Image) -> str:
    """What tells one match from another."""
    return f"{image.owner}/{image.newest}/{image.architecture or ''}"


def _begins(text: str) -> str | None:
    return f'name eq "{text}.*"' if text else None
