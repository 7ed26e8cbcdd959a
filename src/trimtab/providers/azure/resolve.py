"""What a fleet refers to and a subscription knows: images, pools of balancers, their probes, subnets."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from trimtab.errors import ProviderError
from trimtab.models import Image, LoadBalancer, ScalingGroup
from trimtab.plan import Note, digest
from trimtab.providers.azure.client import NETWORK_API, Calls
from trimtab.providers.azure.facts import Attached, AzureFacts, Pool, pools_of
from trimtab.providers.azure.ids import is_id, normal_location
from trimtab.providers.azure.kinds import SCALE_SET
from trimtab.providers.azure.translate import home_of
from trimtab.providers.health import asks_balancer
from trimtab.providers.resolver import Answers, Question, Questions, Resolving

BALANCERS = "Microsoft.Network/loadBalancers"
GATEWAYS = "Microsoft.Network/applicationGateways"
NETWORKS = "Microsoft.Network/virtualNetworks"


@dataclass
class _Found:
    """`AzureFacts` in the making."""

    attached: dict[str, Attached] = field(default_factory=dict)
    images: dict[str, dict[str, str]] = field(default_factory=dict)


@dataclass(kw_only=True)
class Resolver(Resolving[Calls]):
    """Asks each distinct question once, all of them at the same time."""

    def run(self) -> AzureFacts:
        """The facts about every group of the fleet."""
        answers = self.look_up()
        facts = _Found()
        for group in self.fleet.groups:
            facts.attached[group.name] = self._attached(group, answers)
            self._image(group, answers, facts)
        return AzureFacts(kept=self.kept, **vars(facts), **self.said())

    def location_of(self, group: ScalingGroup) -> str:
        """Its location, as ids have it."""
        return normal_location(group.location or self.calls.location)

    def questions(self, group: ScalingGroup) -> Questions:
        """Balancers and images."""
        home = home_of(group, self.calls.home)
        questions: dict[Question, Callable[[], Any]] = {}
        for kind, what in ((BALANCERS, "load balancers"), (GATEWAYS, "application gateways")):
            if refers_to(group, kind):
                path = f"{home.path}/providers/{kind}"
                questions[what, home.resource_group] = partial(self.calls.get, path, NETWORK_API)
        image = group.template.image
        if image.newest is not None:
            questions["images", self.location_of(group), selector(image)] = partial(self._versions, group, image)
        return questions

    # what a group is attached to

    def _attached(self, group: ScalingGroup, answers: Answers) -> Attached:
        home = home_of(group, self.calls.home).resource_group
        pools = [
            *pools_of(_listed(answers.get(("load balancers", home)))),
            *pools_of(_listed(answers.get(("application gateways", home)))),
        ]
        chosen = [pool for balancer in group.load_balancers if (pool := self._pool(group, balancer, pools, answers))]
        named = (self._gateway_pool(group, name, pools) for name in group.azure.application_gateway_pools)
        chosen += [pool for pool in named if pool]
        probe = next((pool.probe for pool in chosen if pool.probe), "")
        return Attached(
            subnet=self._subnet(group),
            balancer_pools=tuple(pool.id for pool in chosen if not pool.is_gateway),
            gateway_pools=tuple(pool.id for pool in chosen if pool.is_gateway),
            probe=probe,
            gateway=next((pool.owner for pool in chosen if pool.is_gateway), ""),
        )

    def _pool(
        self,
        group: ScalingGroup,
        balancer: LoadBalancer,
        pools: Sequence[Pool],
        answers: Answers,
    ) -> Pool | None:
        if balancer.id is not None:
            known = next((pool for pool in pools if pool.id.lower() == (balancer.id or "").lower()), None)
            return known or Pool(balancer.id, balancer.id.rsplit("/", 2)[0])
        matches = [pool for pool in pools if pool.is_called(balancer.name or "")]
        return self._only(group, "load_balancers", balancer.name or "", matches)

    def _gateway_pool(self, group: ScalingGroup, name: str, pools: Sequence[Pool]) -> Pool | None:
        if is_id(name):
            return Pool(name, name.rsplit("/", 2)[0])
        matches = [pool for pool in pools if pool.is_gateway and pool.is_called(name)]
        return self._only(group, "azure.application_gateway_pools", name, matches)

    def _only(self, group: ScalingGroup, path: str, name: str, matches: Sequence[Pool]) -> Pool | None:
        if len(matches) == 1:
            return matches[0]
        if self.unknown:
            return None
        where = home_of(group, self.calls.home).resource_group
        text = "no backend pool" if not matches else f"{len(matches)} backend pools"
        mend = "; write BALANCER/POOL" if matches else ""
        self.problems.append(Note(f"{path}: {text} in resource group {where} is called {name!r}{mend}", group.name))
        return None

    def _subnet(self, group: ScalingGroup) -> str:
        place, home = group.placement, home_of(group, self.calls.home)
        name = next(iter(place.subnets), "")
        if not name:
            self.problems.append(Note("placement.subnets: a scale set needs a subnet; name one by its id", group.name))
            return ""
        if is_id(name):
            return name
        network = place.network or ""
        if not network:
            text = f"placement.subnets: {name!r} is no id; say its network too: `placement.network`"
            self.problems.append(Note(text, group.name))
            return ""
        whole = network if is_id(network) else home.id_of(NETWORKS, network)
        return f"{whole}/subnets/{name}"

    # images

    def _versions(self, group: ScalingGroup, image: Image) -> list[str]:
        offer, _, sku = (image.newest or "").partition(":")
        operation = "compute.virtual_machine_images.list"
        args = (self.location_of(group), image.owner or "", offer, sku)
        versions = self.calls.call(operation, *args, orderby="name desc", top=1)
        return [str(version["name"]) for version in versions or ()]

    def _image(self, group: ScalingGroup, answers: Answers, facts: _Found) -> None:
        image = group.template.image
        if image.newest is None:
            return
        answer = answers["images", self.location_of(group), selector(image)]
        newest = "" if isinstance(answer, ProviderError) else next(iter(answer), "")
        chosen = self.pin_image(group, SCALE_SET.name, digest(selector(image)), newest)
        if not chosen:
            if not isinstance(answer, ProviderError):
                text = f"template.image: {image.owner} has no image {image.newest!r} in {self.location_of(group)}"
                self.problems.append(Note(text, group.name))
            return
        offer, _, sku = image.newest.partition(":")
        facts.images[group.name] = {"publisher": image.owner or "", "offer": offer, "sku": sku, "version": chosen}


def refers_to(group: ScalingGroup, kind: str) -> bool:
    """Whether a group names something that must be looked up among balancers of this kind."""
    named = any(balancer.name is not None for balancer in group.load_balancers)
    probed = asks_balancer(group) and bool(group.load_balancers)
    gateways = any(not is_id(pool) for pool in group.azure.application_gateway_pools)
    return named or (probed if kind == BALANCERS else gateways)


def selector(image: Image) -> str:
    """What tells one match from another."""
    return f"{image.owner}/{image.newest}"


def _listed(answer: Any) -> Sequence[Mapping[str, Any]]:
    return () if answer is None or isinstance(answer, ProviderError) else answer
