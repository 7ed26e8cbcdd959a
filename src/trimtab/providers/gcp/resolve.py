"""What a fleet refers to and a project knows: images, backend services with their health checks, target pools."""

import fnmatch
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from trimtab.errors import ProviderError
from trimtab.models import Image, LoadBalancer, ScalingGroup
from trimtab.plan import Key, Note, digest
from trimtab.providers.gcp.client import Calls
from trimtab.providers.gcp.facts import Attached, GcpFacts, Known, Service, service_of
from trimtab.providers.gcp.ids import parse_link, short
from trimtab.providers.gcp.kinds import MANAGER, TEMPLATE
from trimtab.providers.gcp.replies import Listed
from trimtab.providers.gcp.translate import TEMPLATE_FIELD
from trimtab.providers.resolver import Answers, Question, Questions, Resolving

POOLS = "targetPools"
ARCHITECTURES = {"x86_64": "X86_64", "arm64": "ARM64"}


@dataclass
class _Found:
    """`GcpFacts` in the making."""

    attached: dict[str, Attached] = field(default_factory=dict)
    images: dict[str, str] = field(default_factory=dict)
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
        answers = self.look_up()
        resolved = _Found()
        for group in self.fleet.groups:
            resolved.attached[group.name] = self._attached(group, answers)
            self._image(group, answers, resolved)
            if known := self._template(group):
                resolved.templates[group.name] = known
        return GcpFacts(kept=self.kept, **vars(resolved), **self.said())

    def location_of(self, group: ScalingGroup) -> str:
        """Its region."""
        return group.location or self.calls.location

    def questions(self, group: ScalingGroup) -> Questions:
        """Backend services and images."""
        questions: dict[Question, Callable[[], Any]] = {}
        if group.load_balancers and self.services is None:
            questions["backend services",] = partial(self.calls.aggregated, "backendServices")
        image = group.template.image
        if image.newest is not None:
            questions[("images", selector(image))] = partial(self._versions, image)
        return questions

    # what a group is attached to

    def _attached(self, group: ScalingGroup, answers: Answers) -> Attached:
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
        place = f"regions/{self.location_of(group)}"
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
            where = f"in {self.location_of(group)} or global"
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

    def _image(self, group: ScalingGroup, answers: Answers, resolved: _Found) -> None:
        image = group.template.image
        if image.newest is None:
            return
        answer = answers[("images", selector(image))]
        names = [] if isinstance(answer, ProviderError) else [str(item["name"]) for item in answer]
        newest = next(iter(names), "")
        chosen = self.pin_image(group, MANAGER.name, digest(selector(image)), newest)
        if not chosen:
            if not isinstance(answer, ProviderError):
                self.problems.append(
                    Note(f"template.image: {image.owner} has no image called {image.newest!r}", group.name)
                )
            return
        resolved.images[group.name] = f"projects/{image.owner}/global/images/{chosen}"

    # the template that is there

    def _manager(self, group: ScalingGroup) -> Any:
        return self.live.resources.get(Key(self.location_of(group), MANAGER.name, self.fleet.native_name(group)))

    def _template(self, group: ScalingGroup) -> Known | None:
        manager = self._manager(group)
        versions: Sequence[Mapping[str, Any]] = (manager.body.get("versions") or ()) if manager is not None else ()
        if not versions or (len(versions) > 1 and TEMPLATE_FIELD not in group.unmanaged):
            return None
        link = str(versions[0].get("instanceTemplate", ""))
        for key, item in self.live.resources.items():
            if key.kind == TEMPLATE.name and item.attributes.get("link") == link:
                ours = item.mark is not None and item.mark.fleet == self.fleet.name
                if ours and (item.group, key.location) != (group.name, self.location_of(group)):
                    return None  # another group's, which will leave it as it likes
                return Known(link, key.name, TEMPLATE.leaves(item.body), ours, item.body)
        return None


def selector(image: Image) -> str:
    """What tells one match from another."""
    return f"{image.owner}/{image.newest}/{image.architecture or ''}"


def _begins(text: str) -> str | None:
    return f'name eq "{text}.*"' if text else None
