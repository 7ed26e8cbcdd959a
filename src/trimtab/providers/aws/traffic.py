"""
Two target groups that share requests: which of them a group is in, and the weights of listeners and rules.

Application Load Balancers take weights in listeners and rules, Network Load Balancers in listeners:
https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-listeners.html#forward-actions
https://docs.aws.amazon.com/elasticloadbalancing/latest/network/load-balancer-listeners.html#default-actions
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

from trimtab.errors import InvalidRequest, ProviderError
from trimtab.models import Fleet, LoadBalancer, ScalingGroup
from trimtab.plan import Key, Live, Note, Unknown
from trimtab.providers.aws.client import Calls
from trimtab.providers.aws.existing import find_target_groups
from trimtab.providers.aws.facts import TargetGroup
from trimtab.providers.aws.kinds import AUTO_SCALING_GROUP
from trimtab.providers.base import PoolChoice, in_their_pools
from trimtab.providers.errors import unread
from trimtab.providers.rolling import Shares
from trimtab.providers.run import BLUE_GREEN
from trimtab.providers.traffic import share_problem

WITH_RULES = ("HTTP", "HTTPS")
"""Protocols of listeners that have rules beside their default action: those of Application Load Balancers."""
Actions = list[dict[str, Any]]


class Route(NamedTuple):
    """A listener's default action, or a rule, that forwards requests to target groups."""

    told: str
    operation: str
    arn: Mapping[str, str]
    word: str
    """What the operation that changes it calls the actions."""
    actions: Actions

    @property
    def weights(self) -> dict[str, int]:
        """The weight of each target group that it forwards to."""
        return {target["TargetGroupArn"]: int(target.get("Weight", 1)) for target in self._targets()}

    @property
    def is_sticky(self) -> bool:
        """Whether a client stays with the target group that it was first sent to."""
        forwards = (action.get("ForwardConfig") or {} for action in self.actions)
        return any((each.get("TargetGroupStickinessConfig") or {}).get("Enabled") for each in forwards)

    def _targets(self) -> Iterator[Mapping[str, Any]]:
        for action in self.actions:
            if action["Type"] == "forward":
                config = action.get("ForwardConfig") or {}
                yield from config.get("TargetGroups") or [{"TargetGroupArn": action["TargetGroupArn"]}]


# which of the two a group is in


@dataclass
class PoolReader:
    """
    Looks at the target groups of a fleet's groups that have an alternate one.

    Args:
        calls: Asks AWS.
        fleet: With the native names that the groups have.
        live: What a read found.
    """

    calls: Calls
    fleet: Fleet
    live: Live

    def choose(self) -> PoolChoice:
        """The fleet with the target group first that each group is in, and what keeps both from sharing requests."""
        known: dict[str, dict[str, TargetGroup]] = {}
        notes, problems, unknown = list[Note](), list[Note](), list[Unknown]()
        for region, words in self._words().items():
            try:
                known[region] = _target_groups(self.calls, region, words)
            except ProviderError as error:
                unknown += unread(
                    [region], AUTO_SCALING_GROUP.name, error, "its target groups could not be looked up: "
                )

        def is_in(group: ScalingGroup, word: str) -> bool:
            region = group.location or self.calls.region
            item = self.live.resources.get(Key(region, AUTO_SCALING_GROUP.name, self.fleet.native_name(group)))
            target = known.get(region, {}).get(word)
            return item is not None and target is not None and target.arn in item.body.get("TargetGroupARNs", ())

        fleet = in_their_pools(self.fleet, is_in)
        for group in fleet.groups:
            if group.rollout is None or group.rollout.strategy != BLUE_GREEN:
                continue
            region = group.location or self.calls.region
            try:
                for path, text, is_problem in _remarks(self.calls, region, group, known.get(region, {})):
                    (problems if is_problem else notes).append(Note(f"{path}: {text}", group.name))
            except ProviderError as error:
                what = "its listeners could not be looked up: "
                unknown += unread([region], AUTO_SCALING_GROUP.name, error, what)
        return PoolChoice(fleet=fleet, notes=tuple(notes), problems=tuple(problems), unknown=tuple(unknown))

    def _words(self) -> dict[str, list[str]]:
        words: dict[str, list[str]] = {}
        for group in self.fleet.groups:
            own = [word for each in group.load_balancers if each.alternate for word in (each.word, each.alternate)]
            if own:
                words.setdefault(group.location or self.calls.region, []).extend(own)
        return words


def _target_groups(calls: Calls, region: str, words: Sequence[str]) -> dict[str, TargetGroup]:
    """Those that exist, by the name or the ARN that they are asked for by."""
    arns = sorted({word for word in words if word.startswith("arn:")})
    names = sorted(set(words) - {*arns})
    groups = find_target_groups(calls, region, names) if names else []
    groups += find_target_groups(calls, region, arns, by="TargetGroupArns") if arns else []
    return {word: target for target in groups for word in (target.name, target.arn)}


def _remarks(
    calls: Calls, region: str, group: ScalingGroup, known: Mapping[str, TargetGroup]
) -> Iterator[tuple[str, str, bool]]:
    """What keeps two target groups from sharing requests, or from doing so to the per cent; those that there are."""
    for index, balancer in enumerate(group.load_balancers):
        pair = [known.get(word or "") for word in (balancer.word, balancer.alternate)]
        if pair[0] is None or pair[1] is None:
            continue
        path = f"load_balancers.{index}.alternate"
        routes = find_routes(calls, region, pair[0], pair[1])
        problem = _problem(routes, pair[0], pair[1])
        if problem:
            yield path, problem, True
        for route in routes:
            if route.is_sticky and not problem:
                text = f"{route.told} keeps clients with the target group that they were first sent to, so that shares"
                yield path, f"{text} are approximate; turn its stickiness off", False


def _problem(routes: Sequence[Route], first: TargetGroup, second: TargetGroup) -> str:
    return share_problem(routes, {each.arn: each.name for each in (first, second)}, "listener and no rule")


# routes


def find_routes(calls: Calls, region: str, first: TargetGroup, second: TargetGroup) -> list[Route]:
    """The listeners and rules that forward to one of two target groups, or to both."""
    balancers = list(dict.fromkeys((*first.balancers, *second.balancers)))
    routes = calls.gather_or_raise([partial(_routes_of, calls, region, balancer) for balancer in balancers])
    return [route for some in routes for route in some if {first.arn, second.arn} & route.weights.keys()]


def _routes_of(calls: Calls, region: str, balancer: str) -> list[Route]:
    routes: list[Route] = []
    for listener in calls.items("elbv2", "describe_listeners", region, LoadBalancerArn=balancer):
        arn, where = listener["ListenerArn"], f"port {listener.get('Port')}"
        told = f"the listener of {where}"
        actions = _sendable(listener.get("DefaultActions") or ())
        routes.append(Route(told, "modify_listener", {"ListenerArn": arn}, "DefaultActions", actions))
        if listener.get("Protocol") in WITH_RULES:
            for rule in calls.items("elbv2", "describe_rules", region, ListenerArn=arn):
                if not rule.get("IsDefault"):
                    told = f"rule {rule.get('Priority')} of {where}"
                    actions = _sendable(rule.get("Actions") or ())
                    routes.append(Route(told, "modify_rule", {"RuleArn": rule["RuleArn"]}, "Actions", actions))
    return routes


def _sendable(actions: Sequence[Mapping[str, Any]]) -> Actions:
    """Actions as they can be sent back: the secret of an identity provider is never answered, and stays."""
    sent = [dict(action) for action in actions]
    for action in sent:
        if (config := action.get("AuthenticateOidcConfig")) is not None:
            action["AuthenticateOidcConfig"] = {**config, "UseExistingClientSecret": True}
    return sent


# weights


def shift(calls: Calls, shares: Shares) -> str:
    """
    Write the weights of every listener and rule that forwards to both, where they are not so; nothing is waited for.

    Raises:
        InvalidRequest: None does, or a target group is not there.
    """
    known = _target_groups(
        calls,
        shares.location,
        [word for each in shares.balancers for word in (each.word, each.alternate or "") if word],
    )
    for balancer in shares.balancers:
        first, second = (_there(known, balancer, word) for word in (balancer.word, balancer.alternate or ""))
        wanted = {first.arn: 100 - shares.percent, second.arn: shares.percent}
        routes = find_routes(calls, shares.location, first, second)
        if problem := _problem(routes, first, second):
            raise InvalidRequest(problem, provider="aws", operation="rollout")
        for route in routes:
            if route.weights != wanted:
                actions = [_weighted(action, wanted) for action in route.actions]
                calls.call("elbv2", route.operation, shares.location, **route.arn, **{route.word: actions})
    return ""


def _there(known: Mapping[str, TargetGroup], balancer: LoadBalancer, word: str) -> TargetGroup:
    target = known.get(word)
    if target is None:
        text = f"target group {word or balancer.word!r} is not there, or has no `alternate`"
        raise InvalidRequest(f"{text}; write another name", provider="aws", operation="rollout")
    return target


def _weighted(action: Mapping[str, Any], weights: Mapping[str, int]) -> dict[str, Any]:
    if action["Type"] != "forward":
        return dict(action)
    targets = [{"TargetGroupArn": arn, "Weight": weight} for arn, weight in weights.items()]
    sent = {name: value for name, value in action.items() if name != "TargetGroupArn"}
    return {**sent, "ForwardConfig": {**(action.get("ForwardConfig") or {}), "TargetGroups": targets}}
