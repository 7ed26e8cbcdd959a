"""
What a fleet refers to and a subscription knows: images, pools of balancers, their probes, subnets, keys, identities.

An id begins with `/subscriptions/`; anything else is a name in the group's resource group, of what is within
something else with the name of that before it: `NETWORK/SUBNET`, `BALANCER/POOL`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple

from trimtab.errors import NotFound, ProviderError
from trimtab.models import Image, LoadBalancer, ScalingGroup
from trimtab.plan import Note, Unknown, digest
from trimtab.providers.alarms import is_alert
from trimtab.providers.azure.client import NETWORK_API, Calls
from trimtab.providers.azure.facts import Attached, AzureFacts, BackendPool, pools_of
from trimtab.providers.azure.ids import Home, is_id, normal_location, parse_id, same_id
from trimtab.providers.azure.kinds import SCALE_SET
from trimtab.providers.azure.template import (
    WITHOUT_SUBNET,
    defines_specialized,
    defines_windows,
    encryption_set_id,
    firewall_id,
    image_problem,
    image_reference,
    is_known,
    is_public_key,
    reservation_id,
    ssh_key_id,
    user_id,
)
from trimtab.providers.azure.translate import home_of
from trimtab.providers.health import asks_balancer
from trimtab.providers.resolver import (
    IMAGE,
    SIZE,
    SUBNET,
    WRITE_OR_MAKE,
    ZONE,
    Answers,
    ExistingThing,
    Question,
    Questions,
    Reference,
    Resolving,
    texts_at,
)

if TYPE_CHECKING:
    from trimtab.providers.azure.offers import Offers

FIREWALL, IDENTITY = "security group", "identity"
ACTION_GROUPS = "action group"
ENCRYPTION, RESERVATION = "disk encryption set", "capacity reservation group"
NEARNESS, HOSTS = "proximity placement group", "dedicated host group"
COMPUTE_API = "2024-07-01"
API_VERSIONS = {
    SUBNET: NETWORK_API,
    FIREWALL: NETWORK_API,
    IDENTITY: "2023-01-31",
    ENCRYPTION: "2024-03-02",
    RESERVATION: COMPUTE_API,
    NEARNESS: COMPUTE_API,
    HOSTS: COMPUTE_API,
    ACTION_GROUPS: "2023-01-01",
}
"""By what is looked up, the version of the API that is asked for it."""
_BOOT = "properties.virtualMachineProfile.storageProfile.osDisk"
NATIVE: Mapping[str, str] = {
    "properties.proximityPlacementGroup.id": NEARNESS,
    "properties.hostGroup.id": HOSTS,
    f"{_BOOT}.managedDisk.securityProfile.diskEncryptionSet.id": ENCRYPTION,
}
"""What a scale set names by its id at a leaf that no field sets."""
BALANCERS = "Microsoft.Network/loadBalancers"
GATEWAYS = "Microsoft.Network/applicationGateways"
NETWORKS = "Microsoft.Network/virtualNetworks"
POOL_FIX = "write BALANCER/POOL"
DEFINITION, KEY = "image definition", "SSH public key"
ARCHITECTURES = {"x64": "x86_64", "arm64": "arm64"}


@dataclass
class _Found:
    """`AzureFacts` in the making."""

    attached: dict[str, Attached] = field(default_factory=dict)
    images: dict[str, dict[str, str]] = field(default_factory=dict)
    windows: frozenset[str] = frozenset()
    specialized: frozenset[str] = frozenset()


@dataclass(kw_only=True)
class Resolver(Resolving[Calls]):
    """Asks each distinct question once, all of them at the same time."""

    provider = "azure"
    holder = SCALE_SET.name
    _offers: dict[str, "Offers"] = field(default_factory=dict)
    _asking: Lock = field(default_factory=Lock)

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
        """Balancers, networks, public keys and images."""
        home = home_of(group, self.calls.home)
        questions: dict[Question, Callable[[], Any]] = {}
        for kind, what in ((BALANCERS, "load balancers"), (GATEWAYS, "application gateways")):
            if refers_to(group, kind):
                path = f"{home.path}/providers/{kind}"
                questions[what, home.resource_group] = partial(self.calls.get, path, NETWORK_API)
        if is_among_networks(group):
            path = f"{home.path}/providers/{NETWORKS}"
            questions["networks", home.resource_group] = partial(self.calls.get, path, NETWORK_API)
        key = group.template.ssh_key
        if key is not None and not is_public_key(key):
            questions[KEY, ssh_key_id(key, home)] = partial(self._public_key, ssh_key_id(key, home))
        image = group.template.image
        if image.newest is not None:
            questions["images", self.location_of(group), selector(image)] = partial(self._match, group, image)
        definition = definition_of(image.id or "")
        if definition is not None:
            questions[DEFINITION, definition.path] = partial(self.calls.read, definition.path, definition.version)
        return questions

    def unknown_of(self, question: Question, error: ProviderError) -> Iterable[Unknown]:
        """What is unknown; a definition that cannot be read keeps nobody from naming the image."""
        return () if question[0] == DEFINITION else super().unknown_of(question, error)

    # what has to be there

    def references(self, group: ScalingGroup) -> Iterator[Reference]:
        """Subnet, security group, identity, disk keys, reservations, places, action groups, image, sizes, zones."""
        home, place, template = home_of(group, self.calls.home), group.placement, group.template
        if place.subnets and (subnet := subnet_id(place.subnets[0], place.network, home)):
            yield Reference("placement.subnets.0", SUBNET, subnet)
        for name in template.security_groups[:1]:
            yield Reference("template.security_groups.0", FIREWALL, firewall_id(name, home))
        if template.role is not None:
            yield Reference("template.role", IDENTITY, user_id(template.role, home))
        for index, disk in enumerate(template.disks):
            if disk.key:
                yield Reference(f"template.disks.{index}.key", ENCRYPTION, encryption_set_id(disk.key, home))
        if group.purchase.reservation:
            yield Reference("purchase.reservation", RESERVATION, reservation_id(group.purchase.reservation, home))
        for alarm in filter(is_alert, group.alarms):
            for name in ("notify", "notify_ok"):
                for index, target in enumerate(getattr(alarm, name)):
                    if is_id(target):
                        yield Reference(f"alarms.{alarm.name}.{name}.{index}", ACTION_GROUPS, target)
        for path, what, name in native_references(group):
            yield Reference(path, what, name)
        location = self.location_of(group)
        for path, size in sizes_of(group).items():
            yield Reference(path, SIZE, size, location, "choose another size")
        for index, zone in enumerate(place.zones):
            yield Reference(f"placement.zones.{index}", ZONE, zone, location)
        image = image_reference(template.image) if template.image.id is not None and is_known(template.image) else {}
        if "sku" in image and image_problem(template.image) is None:
            name = ":".join(image[part] for part in ("publisher", "offer", "sku"))
            yield Reference("template.image", IMAGE, name, self.location_of(group), known_by=image["sku"])

    def find(self, what: str, place: str, names: list[str]) -> Mapping[str, ExistingThing]:
        """Those that are there, by name; a resource by its id."""
        if what in (SIZE, ZONE):
            offers = self._offered(place)
            zones = {zone: ExistingThing() for zone in offers.zones}
            sizes = {name: offers.sizes[name.lower()].thing for name in names if name.lower() in offers.sizes}
            return zones if what == ZONE else sizes
        if what == IMAGE:
            found = {name: self._newest(place, *name.split(":")) for name in names}
            return {name: _thing(version) for name, version in found.items() if version}
        return {name: ExistingThing() for name in names if self._has(API_VERSIONS.get(what, ""), name)}

    def _offered(self, location: str) -> "Offers":
        """The sizes and zones of a location, asked for once."""
        from trimtab.providers.azure.offers import SKUS_API, offers_of  # only for a new group, size or zone

        with self._asking:
            if location not in self._offers:
                path = f"/subscriptions/{self.calls.home.subscription}/providers/Microsoft.Compute/skus"
                listed = self.calls.get(path, SKUS_API, **{"$filter": f"location eq '{location}'"})
                self._offers[location] = offers_of(listed, location)
            return self._offers[location]

    def _hold_against(self, group: ScalingGroup, references: Iterable[Reference], answers: Answers) -> None:
        offers = self._offers.get(self.location_of(group))
        if offers is not None and not offers.sizes:
            text = f"location: {self.location_of(group)!r} is not a region of Azure that this subscription may use"
            self.problems.append(Note(f"{text}; write one such as westeurope", group.name))
            references = [each for each in references if each.place != self.location_of(group)]
        super()._hold_against(group, references, answers)

    def _hold_size(self, group: ScalingGroup, reference: Reference, size: ExistingThing, wanted: set[str]) -> None:
        from trimtab.providers.azure.offers import misfits

        offers = self._offers[self.location_of(group)]
        # a zone that is not there is said where it is named
        super()._hold_size(group, reference, size, wanted & offers.zones)
        for path, text in misfits(group, reference.name, offers.sizes[reference.name.lower()]):
            self.problems.append(Note(f"{path}: {text}", group.name))

    def _fix(self, reference: Reference, answer: Mapping[str, ExistingThing]) -> str:
        if reference.what == ZONE:
            from trimtab.providers.azure.offers import zones_hint

            return zones_hint(self._offers[reference.place])
        return super()._fix(reference, answer)

    def names_of(self, what: str, place: str, name: str) -> Iterable[str]:
        """Those of the resources beside one that is looked for by its id, or of the public keys."""
        version = COMPUTE_API if what == KEY else API_VERSIONS.get(what)
        if version is None or "/" not in name:
            return ()
        beside, listed = name.rpartition("/")[0], self.calls.get
        return [str(item["name"]) for item in listed(beside, version)]

    def _public_key(self, resource: str) -> str:
        """The text of a public key; empty where there is none of that id."""
        try:
            body = self.calls.read(resource, COMPUTE_API)
        except NotFound:
            return ""
        return str((body.get("properties") or {}).get("publicKey") or "")

    def _has(self, version: str, resource: str) -> bool:
        try:
            self.calls.read(resource, version)
        except NotFound:
            return False
        return True

    def _newest(self, location: str, publisher: str, offer: str, sku: str) -> Mapping[str, Any]:
        """The newest version of an image of the market place; empty where there is none."""
        operation, about = "compute.virtual_machine_images.list", {"expand": "properties", "orderby": "name desc"}
        try:
            versions = self.calls.call(operation, location, publisher, offer, sku, top=1, **about)
        except NotFound:  # of a publisher or an offer that Azure does not have
            versions = ()
        return next(iter(versions or ()), {})

    # what a group is attached to

    def _attached(self, group: ScalingGroup, answers: Answers) -> Attached:
        home = home_of(group, self.calls.home).resource_group
        pools = [
            *pools_of(_listed(answers.get(("load balancers", home)))),
            *pools_of(_listed(answers.get(("application gateways", home)))),
        ]
        chosen = [
            pool
            for index, balancer in enumerate(group.load_balancers)
            if balancer.haproxy is None and (pool := self._pool(group, index, balancer, pools))
        ]
        named = (
            self._gateway_pool(group, index, name, pools)
            for index, name in enumerate(group.azure.application_gateway_pools)
        )
        chosen += [pool for pool in named if pool]
        probe = next((pool.probe for pool in chosen if pool.probe), "")
        return Attached(
            subnet=self._subnet(group, answers),
            balancer_pools=tuple(pool.id for pool in chosen if not pool.is_gateway),
            gateway_pools=tuple(pool.id for pool in chosen if pool.is_gateway),
            probe=probe,
            gateway=next((pool.owner for pool in chosen if pool.is_gateway), ""),
            ssh_key=self._ssh_key(group, answers),
        )

    def _pool(
        self, group: ScalingGroup, index: int, balancer: LoadBalancer, pools: Sequence[BackendPool]
    ) -> BackendPool | None:
        if balancer.id is not None:
            known = next((pool for pool in pools if same_id(pool.id, balancer.id or "")), None)
            return known or BackendPool(balancer.id, balancer.id.rsplit("/", 2)[0])
        matches = [pool for pool in pools if pool.is_called(balancer.name or "")]
        return self._only_pool(group, f"load_balancers.{index}", balancer.name or "", matches, pools)

    def _gateway_pool(
        self, group: ScalingGroup, index: int, name: str, pools: Sequence[BackendPool]
    ) -> BackendPool | None:
        if is_id(name):
            return BackendPool(name, name.rsplit("/", 2)[0])
        matches = [pool for pool in pools if pool.is_gateway and pool.is_called(name)]
        return self._only_pool(group, f"azure.application_gateway_pools.{index}", name, matches, pools)

    def _only_pool(
        self, group: ScalingGroup, path: str, name: str, matches: Sequence[BackendPool], pools: Sequence[BackendPool]
    ) -> BackendPool | None:
        if self.unknown:
            return matches[0] if len(matches) == 1 else None
        where = f"resource group {home_of(group, self.calls.home).resource_group}"
        told = [pool.full_name for pool in matches]
        among = [pool.full_name for pool in pools]
        single = self.only(group, path, "backend pool", name, told, where=where, fix=POOL_FIX, among=among)
        return matches[0] if single else None

    def _subnet(self, group: ScalingGroup, answers: Answers) -> str:
        place, home = group.placement, home_of(group, self.calls.home)
        name = next(iter(place.subnets), "")
        if not name:
            self.problems.append(Note(f"placement.subnets: {WITHOUT_SUBNET}", group.name))
            return ""
        if not is_among_networks(group):
            return subnet_id(name, place.network, home)
        answer = answers.get(("networks", home.resource_group))
        if answer is None or isinstance(answer, ProviderError):
            return ""
        found = {f"{net['name']}/{each['name']}": str(each["id"]) for net in answer for each in _subnets_of(net)}
        matches = [full for full in sorted(found) if full.rpartition("/")[2].lower() == name.lower()]
        where = f"resource group {home.resource_group}"
        fix = "write NETWORK/SUBNET, or set `placement.network` too"
        single = self.only(group, "placement.subnets.0", "subnet", name, matches, where=where, fix=fix, among=found)
        return found[matches[0]] if single else ""

    def _ssh_key(self, group: ScalingGroup, answers: Answers) -> str:
        home, name = home_of(group, self.calls.home), group.template.ssh_key or ""
        answer = answers.get((KEY, ssh_key_id(name, home))) if name and not is_public_key(name) else None
        if answer is None or isinstance(answer, ProviderError):
            return ""
        told = [name] if answer else []
        where = f"resource group {home.resource_group}"
        among = [] if told else self._key_names(ssh_key_id(name, home))
        self.only(group, "template.ssh_key", KEY, name, told, where=where, among=among)
        return str(answer)

    def _key_names(self, key: str) -> list[str]:
        try:
            return [*self.names_of(KEY, "", key)]
        except ProviderError:
            return []

    # images

    def _match(self, group: ScalingGroup, image: Image) -> Mapping[str, Any]:
        offer, _, sku = (image.newest or "").partition(":")
        return self._newest(self.location_of(group), image.owner or "", offer, sku) if sku else {}

    def _image(self, group: ScalingGroup, answers: Answers, facts: _Found) -> None:
        image = group.template.image
        self._take_definition(group, answers, facts)
        if image.newest is None:
            return
        answer = answers["images", self.location_of(group), selector(image)]
        found = {} if isinstance(answer, ProviderError) else answer
        newest = str(found.get("name", ""))
        chosen = self.pin_image(group, digest(selector(image)), newest)
        if not chosen:
            if not isinstance(answer, ProviderError):
                where = self.location_of(group)
                text = f"template.image: {image.owner} has no image {image.newest!r} in {where}; {WRITE_OR_MAKE}"
                self.problems.append(Note(text, group.name))
            return
        self.hold_disks(group, _thing(found if newest == chosen else {}))
        offer, _, sku = image.newest.partition(":")
        facts.images[group.name] = {"publisher": image.owner or "", "offer": offer, "sku": sku, "version": chosen}

    def _take_definition(self, group: ScalingGroup, answers: Answers, facts: _Found) -> None:
        identity = group.template.image.id or ""
        definition = definition_of(identity)
        answer = answers.get((DEFINITION, definition.path)) if definition else None
        if not isinstance(answer, Mapping):
            return
        properties = answer.get("properties") or {}
        if defines_windows(properties):
            facts.windows |= {group.name}
        if defines_specialized(properties):
            facts.specialized |= {group.name}


def sizes_of(group: ScalingGroup) -> dict[str, str]:
    """The sizes that a group names, by the field that names them."""
    sizes = {f"purchase.sizes.{index}.size": option.size for index, option in enumerate(group.purchase.sizes)}
    return {path: size for path, size in {**sizes, "template.size": group.template.size_name or ""}.items() if size}


def native_references(group: ScalingGroup) -> Iterator[tuple[str, str, str]]:
    """What a group's native leaves name by its id: the field, what it is, the id."""
    body = group.azure.native.scale_set if group.azure.native else {}
    for leaf, what in NATIVE.items():
        for path, name in texts_at(body, leaf):
            if is_id(name):
                yield f"azure.native.scale_set{path}", what, name


class Definition(NamedTuple):
    """Where an image of one's own says what system it has."""

    path: str
    kind: str
    version: str
    """Of the API that has it."""


def definition_of(identity: str) -> Definition | None:
    """The definition of an image that is named by its id: that of a gallery's stands above its versions."""
    parts, path = parse_id(identity), identity.rstrip("/")
    match parts.kind.lower().split("/") if parts else ():
        case ["microsoft.compute", "images"]:
            return Definition(path, "Microsoft.Compute/images", "2024-07-01")
        case ["microsoft.compute", "galleries", "images", *versions]:
            path = path.rsplit("/", 2)[0] if versions else path
            return Definition(path, "Microsoft.Compute/galleries/images", "2024-03-03")
        case _:
            return None


def subnet_id(name: str, network: str | None, home: Home) -> str:
    """A subnet by its id, as NETWORK/SUBNET, or by its name and the network's; empty where the network is not said."""
    if is_id(name):
        return name
    owner, _, own = name.rpartition("/")
    network, name = owner or network, own
    if not network:
        return ""
    return f"{network if is_id(network) else home.id_of(NETWORKS, network)}/subnets/{name}"


def is_among_networks(group: ScalingGroup) -> bool:
    """Whether the networks of the resource group say which subnet a group's is."""
    place = group.placement
    name = next(iter(place.subnets), "")
    return bool(name) and not place.network and not is_id(name) and "/" not in name


def _subnets_of(network: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    return (network.get("properties") or {}).get("subnets") or ()


def refers_to(group: ScalingGroup, kind: str) -> bool:
    """Whether a group names something that must be looked up among balancers of this kind."""
    named = any(balancer.name is not None for balancer in group.load_balancers)
    probed = asks_balancer(group) and bool(group.cloud_balancers)
    gateways = any(not is_id(pool) for pool in group.azure.application_gateway_pools)
    return named or (probed if kind == BALANCERS else gateways)


def selector(image: Image) -> str:
    """What tells one match from another."""
    return f"{image.owner}/{image.newest}"


def _thing(version: Mapping[str, Any]) -> ExistingThing:
    """
    How large a disk an image takes, and for which processors it is.

    https://learn.microsoft.com/rest/api/compute/virtual-machine-images/list
    """
    properties = version.get("properties") or {}
    taken = (properties.get("osDiskImage") or {}).get("sizeInBytes")
    word = ARCHITECTURES.get(str(properties.get("architecture", "")).lower(), "")
    return ExistingThing(least_gb=int(taken) // 2**30 if taken else None, architecture=word)


def _listed(answer: Any) -> Sequence[Mapping[str, Any]]:
    return () if answer is None or isinstance(answer, ProviderError) else answer
