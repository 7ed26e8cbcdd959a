"""What becomes of each leaf of one reply, whichever call answered it."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

from trimtab.providers.aws.importing.compare import EMPTY, UNKNOWN_FIELD, all_as, below
from trimtab.providers.aws.importing.group_import import fates
from trimtab.providers.aws.importing.metrics import dimensions_of
from trimtab.providers.aws.importing.replies import Replies, Reply
from trimtab.providers.aws.importing.rows import ASIDE, DONE, EVERYWHERE, MORE_WRITES, WRITES
from trimtab.providers.imports import Fate, Leaf, LeafTable, walk

NOW = datetime(2026, 1, 1, tzinfo=UTC)
_ELB = "arn:aws:elasticloadbalancing:::"
_POLICY = re.compile(r"autoScalingGroupName/(?P<group>.+):policyName/(?P<policy>.+)$")


def account_for(operation: str, reply: Reply) -> LeafTable:
    """
    What becomes of each leaf of a reply, every one of them exactly once.

    A reply alone does not say what stands around it: the balancers and policies that it names are taken for its
    group's own.

    Args:
        operation: `DescribeAutoScalingGroups`.
        reply: What it answered.
    """
    return LeafTable(operation, tuple(_leaves(operation, reply)))


def _leaves(operation: str, reply: Reply) -> Iterator[Leaf]:
    reason = _aside(operation)
    readers = _READERS.get(operation, {})
    for name, value in reply.items():
        if name in EVERYWHERE:
            yield from below(all_as(value, Fate.READ_ONLY, EVERYWHERE[name]), name)
        elif name in readers and value:
            yield from readers[name](value, name)
        elif name in readers:
            yield Leaf(name, value, Fate.READ_ONLY, EMPTY)
        elif reason:
            yield from below(all_as(value, Fate.READ_ONLY, reason), name)
        else:
            yield from below(all_as(value, Fate.LOST, UNKNOWN_FIELD), name)


def _aside(operation: str) -> str | None:
    if operation in _READERS:
        return None
    return ASIDE.get(operation) or (DONE if operation.startswith((*WRITES, *MORE_WRITES)) else None)


Reader = Callable[[Any, str], Iterator[Leaf]]
_Maker = Callable[[Reply], Replies]


def _each(sort: str, make: _Maker, items: Sequence[Reply], name: str) -> Iterator[Leaf]:
    for index, item in enumerate(items):
        found = {leaf.path: leaf for leaf in fates(make(item), location="", now=NOW).get((sort, 0), ())}
        for path, value in walk(item):
            leaf = found.get(path)
            fate, text = (leaf.fate, leaf.text) if leaf else (Fate.READ_ONLY, EMPTY)
            yield Leaf(f"{name}[{index}].{path}", value, fate, text)


def _stand_in(name: str, **more: Any) -> dict[str, Any]:
    return {"AutoScalingGroupName": name, "MinSize": 0, "MaxSize": 1, "DesiredCapacity": 0, **more}


def _alone(item: Reply) -> Replies:
    return Replies(group=item, target_groups=[_target(arn) for arn in item.get("TargetGroupARNs") or ()])


def _target(arn: str, balancer: str = "") -> dict[str, Any]:
    balancers = [f"{_ELB}loadbalancer/{balancer}"] if balancer else []
    return {"TargetGroupArn": arn, "TargetGroupName": arn.split("/")[-2], "LoadBalancerArns": balancers}


def _version(item: Reply) -> Replies:
    name = item.get("LaunchTemplateName", "group")
    launches = {"LaunchTemplateName": name, "Version": str(item.get("VersionNumber", 1))}
    return Replies(group=_stand_in(name, LaunchTemplate=launches), version=item)


def _configuration(item: Reply) -> Replies:
    name = item.get("LaunchConfigurationName", "group")
    return Replies(group=_stand_in(name, LaunchConfigurationName=name), configuration=item)


def _policy(item: Reply) -> Replies:
    labels = [value for path, value in walk(item) if path.endswith("ResourceLabel")]
    return Replies(**_among(item["AutoScalingGroupName"], labels), policies=[item])


def _among(name: str, labels: Sequence[str]) -> dict[str, Any]:
    """A group that stands behind these balancers."""
    targets = []
    for label in labels:
        balancer, _, rest = label.partition("/targetgroup/")
        targets.append(_target(f"{_ELB}targetgroup/{rest or 'none/0'}", balancer))
    arns = [one["TargetGroupArn"] for one in targets]
    return {"group": _stand_in(name, TargetGroupARNs=arns), "target_groups": targets}


def _alarm(item: Reply) -> Replies:
    named = dimensions_of(item)
    acts = [(arn, found) for arn in item.get("AlarmActions") or () if (found := _POLICY.search(arn))]
    name = named.get("AutoScalingGroupName") or (acts[0][1]["group"] if acts else "group")
    policies = [_stand_in_policy(name, arn, found["policy"]) for arn, found in acts]
    label = f"{named['LoadBalancer']}/{named['TargetGroup']}" if {"LoadBalancer", "TargetGroup"} <= set(named) else ""
    return Replies(**_among(name, [label] if label else []), policies=policies, alarms=[item], all_alarms=True)


def _stand_in_policy(group: str, arn: str, name: str) -> dict[str, Any]:
    change = {"PolicyType": "SimpleScaling", "AdjustmentType": "ChangeInCapacity", "ScalingAdjustment": 1}
    return {"AutoScalingGroupName": group, "PolicyName": name, "PolicyARN": arn, **change}


def _action(item: Reply) -> Replies:
    return Replies(group=_stand_in(item["AutoScalingGroupName"]), actions=[item])


def _hook(item: Reply) -> Replies:
    return Replies(group=_stand_in(item["AutoScalingGroupName"]), hooks=[item])


def _composite(item: Reply) -> Replies:
    return Replies(group=_stand_in("group"), composites=[item])


def _pool(item: Reply, name: str) -> Iterator[Leaf]:
    found = {leaf.path: leaf for leaf in fates(_with_pool(item), location="", now=NOW)["warm_pool", 0]}
    for path, value in walk(item, name):
        leaf = found.get(path)
        yield Leaf(path, value, leaf.fate, leaf.text) if leaf else Leaf(path, value, Fate.READ_ONLY, EMPTY)


def _with_pool(item: Reply) -> Replies:
    return Replies(group=_stand_in("group"), warm_pool=item)


def _machines(items: Any, name: str) -> Iterator[Leaf]:
    return below(all_as(items, Fate.READ_ONLY, "its instances at the moment"), name)


_READERS: Mapping[str, Mapping[str, Reader]] = {
    "DescribeAutoScalingGroups": {"AutoScalingGroups": partial(_each, "group", _alone)},
    "DescribeLaunchTemplateVersions": {"LaunchTemplateVersions": partial(_each, "version", _version)},
    "DescribeLaunchConfigurations": {"LaunchConfigurations": partial(_each, "configuration", _configuration)},
    "DescribePolicies": {"ScalingPolicies": partial(_each, "policies", _policy)},
    "DescribeScheduledActions": {"ScheduledUpdateGroupActions": partial(_each, "actions", _action)},
    "DescribeLifecycleHooks": {"LifecycleHooks": partial(_each, "hooks", _hook)},
    "DescribeAlarms": {
        "MetricAlarms": partial(_each, "alarms", _alarm),
        "CompositeAlarms": partial(_each, "composites", _composite),
    },
    "DescribeWarmPool": {"WarmPoolConfiguration": _pool, "Instances": _machines},
}
