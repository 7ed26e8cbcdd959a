"""
Two backend services that share requests, or two groups in one: weights of URL maps, and capacities of backends.

https://cloud.google.com/compute/docs/reference/rest/v1/urlMaps
https://cloud.google.com/load-balancing/docs/https/traffic-management-global
"""

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from trimtab.errors import InvalidRequest, ProviderError
from trimtab.models import Fleet, ScalingGroup
from trimtab.plan import Key, Live, Note, Unknown
from trimtab.providers.base import PoolChoice, in_their_pools
from trimtab.providers.errors import unread
from trimtab.providers.gcp.client import Calls
from trimtab.providers.gcp.facts import Service, service_of
from trimtab.providers.gcp.ids import lengthened, name_of, parse_link, place_name, region_of, short
from trimtab.providers.gcp.kinds import BACKEND
from trimtab.providers.gcp.replies import Listed
from trimtab.providers.gcp.states import checked_healthy
from trimtab.providers.rolling import Shares
from trimtab.providers.run import BLUE_GREEN
from trimtab.providers.traffic import share_problem
from trimtab.providers.writer import send_held

MAPS = "urlMaps"
LEAST = 0.1
"""The smallest scaler but 0: https://cloud.google.com/compute/docs/reference/rest/v1/backendServices"""
Body = dict[str, Any]


@dataclass(frozen=True)
class Route:
    """A part of a URL map that sends requests to backend services."""

    told: str
    node: Body
    """The route action, or what names one service."""

    @property
    def weights(self) -> dict[str, int]:
        """The weight of each backend service, by its link."""
        weighted = self.node.get("weightedBackendServices")
        if weighted is None:
            return {short(str(link)): 100 for link in self.node.values()}
        return {short(str(each["backendService"])): int(each.get("weight", 0)) for each in weighted}

    def give(self, weights: Mapping[str, int]) -> None:
        """Have the services share requests so."""
        for each in self.node["weightedBackendServices"]:
            each["weight"] = weights[short(str(each["backendService"]))]


def routes_of(url_map: Body) -> Iterator[Route]:
    """The parts of a URL map that send requests somewhere, its own and those of its path matchers."""
    told = f"URL map {url_map['name']!r}"
    yield from _routes_of(url_map, told)
    for matcher in url_map.get("pathMatchers") or ():
        where = f"path matcher {matcher['name']!r} of {told}"
        yield from _routes_of(matcher, where)
        for word in ("pathRules", "routeRules"):
            for rule in matcher.get(word) or ():
                yield from _routes_of(rule, f"a rule of {where}")


def _routes_of(node: Body, told: str) -> Iterator[Route]:
    """What one level sends on: a route action with weights goes before the one service beside it."""
    for word, plain in (("routeAction", "service"), ("defaultRouteAction", "defaultService")):
        action = node.get(word) or {}
        if action.get("weightedBackendServices"):
            yield Route(told, action)
        elif node.get(plain):
            yield Route(told, {plain: node[plain]})


def find_service(word: str, region: str, services: Sequence[Service]) -> Service | None:
    """The backend service of a name, in the region or global, or of a link."""
    if "/" in word:
        return next((each for each in services if short(each.link) == short(word)), None)
    near = ("global", f"regions/{region}")
    return next((each for each in services if each.name == word and parse_link(each.link).scope in near), None)


# which of the two a group is in


@dataclass
class PoolReader:
    """
    Looks at the backend services of a fleet's groups that have an alternate one.

    Args:
        calls: Asks Google Cloud.
        fleet: With the native names that the groups have.
        live: What a read found, the backend services among it.
    """

    calls: Calls
    fleet: Fleet
    live: Live

    def choose(self) -> PoolChoice:
        """The fleet with the service first that each group is in, and what keeps both from sharing requests."""
        answer = self.live.seen.get("backend services")
        services = [service_of(item) for item in answer.items] if isinstance(answer, Listed) else []

        def is_in(group: ScalingGroup, word: str) -> bool:
            region = group.location or self.calls.location
            service = find_service(word, region, services)
            native = self.fleet.native_name(group)
            return service is not None and Key(region, BACKEND.name, place_name(service.link), native) in (
                self.live.resources
            )

        fleet = in_their_pools(self.fleet, is_in)
        if answer is None:
            return PoolChoice(fleet=fleet)
        notes, problems, unknown = list[Note](), list[Note](), list[Unknown]()
        moved = [group for group in fleet.groups if group.rollout and group.rollout.strategy == BLUE_GREEN]
        try:
            maps = self.calls.aggregated(MAPS).items if moved else ()
        except ProviderError as error:
            regions = {group.location or self.calls.location for group in moved}
            unknown += unread(regions, BACKEND.name, error, "URL maps could not be looked up: ")
            moved = []
        for group in moved:
            region = group.location or self.calls.location
            for index, balancer in enumerate(group.load_balancers):
                if not balancer.alternate:
                    continue
                path = f"load_balancers.{index}.alternate"
                pair = [find_service(word, region, services) for word in (balancer.word, balancer.alternate)]
                if text := _problem(maps, pair[0], pair[1], region, balancer.alternate):
                    problems.append(Note(f"{path}: {text}", group.name))
                notes += [
                    Note(f"{path}: {_no_affinity(service)}", group.name)
                    for service in pair
                    if service and service.affinity
                ]
        return PoolChoice(fleet=fleet, notes=tuple(notes), problems=tuple(problems), unknown=tuple(unknown))


def _no_affinity(service: Service) -> str:
    """
    What is to be known of a service that would keep clients.

    "Don't configure session affinity if you're using weighted traffic splitting. If you do, the weighted traffic
    splitting configuration takes precedence": https://cloud.google.com/compute/docs/reference/rest/v1/urlMaps
    """
    text = (
        f"{service.affinity} of backend service {service.name!r} keeps no client with one of the two groups while they"
    )
    return f"{text} share the requests, since weights go first; set its session affinity to NONE"


def _problem(maps: Sequence[Body], first: Service | None, second: Service | None, region: str, alternate: str) -> str:
    if second is None:
        return f"no backend service in {region} or global is {alternate!r}; write another name or make it first"
    if first is None:  # said of the field that names it
        return ""
    return share_problem(
        _between(maps, first, second), {short(each.link): each.name for each in (first, second)}, KINDS
    )


KINDS = "route of a URL map"


def _between(maps: Sequence[Body], first: Service, second: Service) -> list[Route]:
    pair = {short(first.link), short(second.link)}
    return [route for each in maps for route in routes_of(each) if pair & route.weights.keys()]


# weights


@dataclass
class Shifter:
    """
    Has balancers share requests between two groups.

    Args:
        calls: Asks Google Cloud.
        shares: How.
        group: The link of the new group's instance group; empty where that is not there.
    """

    calls: Calls
    shares: Shares
    group: str

    def run(self) -> str:
        """
        Write what is not so yet; what is waited for before that, empty where nothing is.

        Raises:
            InvalidRequest: No URL map sends requests to both services, or a service is not there.
        """
        bodies = self.calls.aggregated("backendServices").items
        services = [service_of(item) for item in bodies]
        by_link = {short(str(item.get("selfLink", ""))): item for item in bodies}
        for balancer in self.shares.balancers:
            first = self._there(balancer.word, services)
            second = self._there(balancer.alternate or balancer.word, services)
            rising = (second, self.shares.new) if self.shares.percent else (first, self.shares.old)
            body = by_link[short(rising[0].link)]
            if not self.shares.joins and (text := self._waits(body, rising[1])):
                return text
            if balancer.alternate:
                self._weigh(first, second)
            else:
                self._scale(first)
        return ""

    def _there(self, word: str, services: Sequence[Service]) -> Service:
        service = find_service(word, self.shares.location, services)
        if service is None:
            text = f"backend service {word!r} is not there; write another name or make it first"
            raise InvalidRequest(text, provider="gcp", operation="rollout")
        return service

    def _waits(self, service: Body, native: str) -> str:
        """How many instances a service holds to be healthy: of the new group all have to be, of the old one some."""
        backend = _backend_of(service, native, self.shares.location)
        if backend is None or not service.get("healthChecks"):
            return ""
        states = list(checked_healthy(self.calls, str(service["selfLink"]), str(backend["group"])).values())
        if (all(states) if native == self.shares.new else any(states)) or not states:
            return ""
        name = name_of(str(service["selfLink"]))
        return f"{sum(states)} of {len(states)} instances of {native!r} are healthy in backend service {name!r}"

    # two services

    def _weigh(self, first: Service, second: Service) -> None:
        weights = {short(first.link): 100 - self.shares.percent, short(second.link): self.shares.percent}
        maps = self.calls.aggregated(MAPS).items
        pools = {short(each.link): each.name for each in (first, second)}
        if problem := share_problem(_between(maps, first, second), pools, KINDS):
            raise InvalidRequest(problem, provider="gcp", operation="rollout")
        for each in maps:
            if any(route.weights.keys() == weights.keys() for route in routes_of(each)):
                self._write_map(each, weights)

    def _write_map(self, url_map: Body, weights: Mapping[str, int]) -> None:
        parts = parse_link(str(url_map["selfLink"]))
        regional = parts.scope.startswith("regions/")
        place = {"region": name_of(parts.scope)} if regional else {}

        def read() -> Body:
            return self.calls.get(f"{'regionUrlMaps' if regional else MAPS}.get", url_map=parts.name, **place)

        def send(current: Body) -> None:
            changed = deepcopy(current)
            for route in routes_of(changed):
                if route.weights.keys() == weights.keys():
                    route.give(weights)
            words = ("defaultRouteAction", "pathMatchers")
            patch = {word: changed[word] for word in words if changed.get(word) != current.get(word)}
            if patch:
                sent = {**lengthened(patch), "fingerprint": current.get("fingerprint")}
                self.calls.patch(f"{parts.scope}/{MAPS}/{parts.name}", sent)

        send_held(send, read(), lambda _: read())

    # one service

    def _scale(self, service: Service) -> None:
        parts = parse_link(service.link)
        regional = parts.scope.startswith("regions/")
        place = {"region": name_of(parts.scope)} if regional else {}
        collection = "regionBackendServices" if regional else "backendServices"

        def read() -> Body:
            return self.calls.get(f"{collection}.get", backend_service=parts.name, **place)

        def send(current: Body) -> None:
            backends = self._scaled(current)
            if backends != list(current.get("backends") or ()):
                sent = {**lengthened({"backends": backends}), "fingerprint": current.get("fingerprint")}
                self.calls.patch(f"{parts.scope}/backendServices/{parts.name}", sent)

        send_held(send, read(), lambda _: read())

    def _scaled(self, service: Body) -> list[Body]:
        """The backends with the scalers that come nearest to the shares; a group that joins is let in with its own."""
        location, backends = self.shares.location, list(service.get("backends") or ())
        old, new = (_backend_of(service, each, location) for each in (self.shares.old, self.shares.new))
        if new is None and self.shares.joins and old is not None:
            new = {**old, "group": self.group}
            backends.append(new)
        pair = [str(each["group"]) for each in (old, new) if each is not None]
        # the only one has it all
        scalers = dict(zip(pair, scalers_of(self.shares.percent) if len(pair) > 1 else (1.0,), strict=False))
        return [
            {**each, "capacityScaler": scalers[group]} if (group := str(each.get("group"))) in scalers else each
            for each in backends
        ]


def scalers_of(percent: int) -> tuple[float, float]:
    """
    The capacity scalers of the old and the new group, of one size, for a share of the requests.

    "The valid ranges are 0.0 and [0.1,1.0]": https://cloud.google.com/compute/docs/reference/rest/v1/backendServices
    """
    if percent in (0, 100):
        return (1.0, 0.0) if percent == 0 else (0.0, 1.0)
    ratio = percent / (100 - percent)
    return (1.0, round(max(LEAST, ratio), 3)) if ratio <= 1 else (round(max(LEAST, 1 / ratio), 3), 1.0)


def _backend_of(service: Body, native: str, region: str) -> Body | None:
    for backend in service.get("backends") or ():
        parts = parse_link(str(backend.get("group", "")))
        where = region_of(parts.zone) if parts.zone else name_of(parts.scope)
        if (parts.name, where) == (native, region):
            return dict(backend)
    return None
