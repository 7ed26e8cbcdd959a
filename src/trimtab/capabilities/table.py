"""What each provider can do with each feature of a group: data that plans, docs and tests read."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from trimtab.capabilities.features import features_of
from trimtab.models import ScalingGroup


class Means(StrEnum):
    """Who enacts a feature."""

    NATIVE = "native"
    APPROXIMATED = "approximated"
    CONTROLLER = "controller"
    UNSUPPORTED = "unsupported"


@dataclass(frozen=True, slots=True)
class Support:
    """
    How a provider does a feature.

    Attributes:
        means: Who enacts it.
        text: What differs, or why not.
        sizes: Whether another size can result, which takes the policy's consent (`approximate: true`).
        instead: What the provider can do by itself and comes nearest, as advice.
    """

    means: Means
    text: str = ""
    sizes: bool = False
    instead: str = ""


_NATIVE = Support(Means.NATIVE)
_LATER = Support(Means.UNSUPPORTED, "not in this version")
_ELSEWHERE = Support(Means.UNSUPPORTED, "AWS keeps this with the load balancer or has no such thing")


def _approximated(text: str) -> Support:
    return Support(Means.APPROXIMATED, text)


def _other_size(text: str) -> Support:
    return Support(Means.APPROXIMATED, text, sizes=True)


def _controller(text: str, instead: str) -> Support:
    return Support(Means.CONTROLLER, text, instead=instead)


def _unsupported(text: str) -> Support:
    return Support(Means.UNSUPPORTED, text)


def _row(aws: Support, azure: Support, gcp: Support) -> Mapping[str, Support]:
    return {"memory": _NATIVE, "aws": aws, "azure": azure, "gcp": gcp}


_AVERAGES = _approximated(
    "Azure averages the metric over the whole window, of five minutes at least, where AWS counts breaching datapoints"
)
_WEEKLY = _controller(
    "Azure's recurring profiles start on days of the week, at one hour and one minute, for good",
    "write the cron by days of the week, at one hour and one minute, without `starts` and `ends`",
)
_TRACK = "use a target-tracking policy, which the autoscaler enacts"
_RAISE = "write a window (`duration` or `until`) that raises `min` and sets nothing else"

FEATURES: Mapping[str, Mapping[str, Support]] = {
    "simple policy": _row(
        _NATIVE, _NATIVE, _controller("an autoscaler of Compute Engine holds targets; no alarm fires a change", _TRACK)
    ),
    "step policy": _row(
        _NATIVE, _NATIVE, _controller("an autoscaler of Compute Engine holds targets; no alarm fires a change", _TRACK)
    ),
    "step policy that removes by several steps": _row(
        _NATIVE,
        _other_size("of several rules that remove, Azure takes the one that removes least"),
        _controller("Compute Engine has no steps", _TRACK),
    ),
    "step policy whose steps do not grow": _row(
        _NATIVE,
        _controller(
            "of several rules that add, Azure takes the one that adds most",
            "let each step further from the threshold change at least as much as the one before it",
        ),
        _controller("Compute Engine has no steps", _TRACK),
    ),
    "change by per cent": _row(
        _NATIVE,
        _approximated("Azure does not say how it rounds a part of an instance"),
        _controller("Compute Engine changes sizes by targets only", _TRACK),
    ),
    "step that begins at the threshold": _row(
        _NATIVE,
        Support(Means.NATIVE, "a rule begins at the alarm's threshold without it too"),
        _NATIVE,
    ),
    "least change by per cent": _row(
        _NATIVE,
        _other_size("Azure knows no least number for a change by per cent"),
        _controller("Compute Engine changes sizes by targets only", _TRACK),
    ),
    "target-tracking policy": _row(
        _NATIVE,
        _other_size("two rules: one instance more above the target, one less below 70 % of it, as a mean of 5 min"),
        _NATIVE,
    ),
    "predictive policy": _row(
        _NATIVE,
        _other_size("Azure holds its forecast of the CPU against the group's rules, not against the target"),
        _other_size("Compute Engine forecasts the CPU against its one CPU target, and scales by what it measures too"),
    ),
    "predictive policy on another metric than CPU": _row(
        _NATIVE, _unsupported("Azure forecasts CPU only"), _unsupported("Compute Engine forecasts CPU only")
    ),
    "forecast above the maximum": _row(
        _NATIVE,
        _unsupported("Azure never goes above the maximum"),
        _unsupported("Compute Engine never goes above the maximum"),
    ),
    "alarm": _row(_NATIVE, _NATIVE, _NATIVE),
    "alarm over several periods": _row(
        _NATIVE, _AVERAGES, _approximated("Cloud Monitoring slides its period and asks how long the condition holds")
    ),
    "alarm on some of several datapoints": _row(
        _NATIVE, _AVERAGES, _approximated("Cloud Monitoring wants the breaching datapoints one after the other")
    ),
    "alarm on the sum of what a balancer counts": _row(
        _NATIVE,
        Support(Means.NATIVE, "what is counted is summed up without it too"),
        Support(Means.NATIVE, "what is counted is summed up without it too"),
    ),
    "alarm on a percentile": _row(
        _NATIVE,
        _controller("autoscale rules and metric alerts know no percentiles", "use `statistic: average` or `maximum`"),
        _NATIVE,
    ),
    "alarm that breaches without data": _row(
        _NATIVE,
        _controller(
            "an autoscale rule without data never fires; Azure goes to the default capacity", "leave `missing` out"
        ),
        _NATIVE,
    ),
    "alarm that says how missing data count": _row(
        _NATIVE,
        _approximated("a rule without data does not fire, and the size goes up to the default capacity"),
        _NATIVE,
    ),
    "scaling in by any of several alarms": _row(
        _NATIVE,
        _approximated("Azure removes instances only when all rules that remove agree"),
        _controller("an autoscaler of Compute Engine takes the largest of its signals", _TRACK),
    ),
    "notification when an alarm is over": _row(
        _NATIVE,
        _approximated("Azure tells the same action groups that an alert fired and that it is resolved"),
        _NATIVE,
    ),
    "told of an alarm's beginning and end": _row(
        _NATIVE,
        Support(Means.NATIVE, "an action group is told of both"),
        Support(Means.NATIVE, "a channel is told of both"),
    ),
    "others told when an alarm is over": _row(
        _NATIVE, _NATIVE, _approximated("an alert policy tells all its channels, of the beginning and of the end")
    ),
    "schedule": _row(_NATIVE, _NATIVE, _NATIVE),
    "schedule window": _row(_NATIVE, _NATIVE, _NATIVE),
    "schedule by day of the month": _row(_NATIVE, _WEEKLY, _NATIVE),
    "schedule that fires within the hour": _row(_NATIVE, _WEEKLY, _NATIVE),
    "schedule with a first or last moment": _row(
        _NATIVE,
        _WEEKLY,
        _controller("a scaling schedule has neither a first nor a last moment", "leave `starts` and `ends` out"),
    ),
    "schedule once, without an end": _row(
        _NATIVE,
        _unsupported("a fixed date of Azure ends; give a `duration`, or edit `capacity` when the day has come"),
        _controller("a scaling schedule is a window that ends", "give it a `duration`"),
    ),
    "cpu metric": _row(_NATIVE, _NATIVE, _NATIVE),
    "network metric": _row(_NATIVE, _NATIVE, _NATIVE),
    "agent metric": _row(_NATIVE, _NATIVE, _NATIVE),
    "balancer metric": _row(_NATIVE, _NATIVE, _NATIVE),
    "queue metric": _row(_NATIVE, _NATIVE, _NATIVE),
    "custom metric": _row(_NATIVE, _NATIVE, _NATIVE),
    "PromQL metric": _row(
        _NATIVE, _controller("autoscale rules take no PromQL query", "publish its value as a custom metric"), _NATIVE
    ),
    "spot instances": _row(_NATIVE, _NATIVE, _NATIVE),
    "several sizes": _row(_NATIVE, _NATIVE, _NATIVE),
    "sizes with weights": _row(
        _NATIVE,
        _unsupported("a scale set counts instances, whatever their size"),
        _unsupported("a managed instance group counts instances, whatever their size"),
    ),
    "spot replaced before it is taken": _row(
        _NATIVE,
        _unsupported("Azure gives 30 s of notice and replaces afterwards"),
        _unsupported("Compute Engine gives 30 s of notice and recreates afterwards"),
    ),
    "capacity reservation": _row(_NATIVE, _NATIVE, _NATIVE),
    "lifecycle hooks": _row(_NATIVE, _LATER, _unsupported("Compute Engine has none; a shutdown script has 90 s")),
    "warm pool": _row(_NATIVE, _LATER, _unsupported("give `gcp.stopped` or `gcp.suspended`")),
    "suspended processes": _row(_NATIVE, _LATER, _unsupported("Compute Engine has no processes to suspend")),
    "group metrics": _row(_NATIVE, _LATER, _unsupported("Cloud Monitoring measures the sizes of groups always")),
    "group stabilization": _row(
        _unsupported("EC2 Auto Scaling looks back for no group as a whole"),
        _controller("autoscale settings do not look back", "give the policies a longer `cooldown`"),
        _NATIVE,
    ),
    "warm-up": _row(_NATIVE, _approximated("Azure counts the metrics of a new instance at once"), _NATIVE),
    "protection from scaling in": _row(
        _NATIVE,
        _unsupported("Azure protects single instances, not those to come"),
        _unsupported("Compute Engine protects no instance from scaling in"),
    ),
    "health probe of the group": _row(_ELSEWHERE, _NATIVE, _NATIVE),
    "balancer port": _row(_ELSEWHERE, _unsupported("Azure keeps the port with the load balancer's rules"), _NATIVE),
    "balancer drain": _row(_ELSEWHERE, _unsupported("Azure keeps draining with the application gateway"), _NATIVE),
    "network by name": _row(_unsupported("on AWS the subnets say which network it is"), _NATIVE, _NATIVE),
    "subnets by tag": _row(
        _NATIVE,
        _unsupported("subnets have no tags on Azure; name one by `subnets`"),
        _unsupported("subnetworks have no labels; name one by `subnets`"),
    ),
    "several subnets": _row(
        _NATIVE,
        _unsupported("a scale set has one subnet; zones are chosen by `zones`"),
        _unsupported("a network card is in one subnetwork, which spans the region"),
    ),
    "several security groups": _row(
        _NATIVE,
        _unsupported("a network card has one network security group"),
        _NATIVE,
    ),
    "image by architecture": _row(_NATIVE, _unsupported("on Azure the image's sku says the architecture"), _NATIVE),
    "session tokens for metadata": _row(
        _NATIVE,
        _approximated("Azure's metadata service asks for a header in place of a session token"),
        _approximated("the metadata server asks for a header in place of a session token"),
    ),
    "metadata hops": _row(
        _NATIVE,
        _unsupported("Azure's metadata service does not count hops"),
        _unsupported("the metadata server does not count hops"),
    ),
    "host metrics each minute": _row(
        _NATIVE,
        Support(Means.NATIVE, "Azure's host metrics are always of a minute"),
        Support(Means.NATIVE, "host metrics are always of a minute"),
    ),
    "no public address": _row(
        _NATIVE,
        Support(Means.NATIVE, "an instance has no public address unless one is asked for"),
        Support(Means.NATIVE, "an instance has no public address unless one is asked for"),
    ),
    "encrypted disk": _row(
        _NATIVE,
        Support(Means.NATIVE, "Azure encrypts every disk at rest"),
        Support(Means.NATIVE, "Compute Engine encrypts every disk at rest"),
    ),
    "unencrypted disk": _row(
        _NATIVE,
        _unsupported("Azure encrypts every disk at rest"),
        _unsupported("Compute Engine encrypts every disk at rest"),
    ),
    "disk that is kept": _row(_NATIVE, _unsupported("the disks of a scale set's instances go with them"), _NATIVE),
    "schedule that changes the maximum": _row(
        _NATIVE, _NATIVE, _controller("a scaling schedule only raises the minimum", _RAISE)
    ),
    "schedule that sets the size": _row(
        _NATIVE,
        _approximated("a profile of Azure sets no size; it only brings the size between its minimum and maximum"),
        _approximated("a scaling schedule sets no size; it only raises the minimum"),
    ),
    "schedule that sets a size of its own": _row(
        _NATIVE,
        _approximated("a profile of Azure sets no size; it only brings the size between its minimum and maximum"),
        _controller("a scaling schedule sets no size; it only raises the minimum", _RAISE),
    ),
    "schedules that do more than raise the minimum": _row(
        _NATIVE,
        _NATIVE,
        _controller("a scaling schedule is a window of five minutes or more that raises the minimum", _RAISE),
    ),
    "schedules without a policy": _row(
        _NATIVE,
        _NATIVE,
        _approximated(
            "an autoscaler always has a signal: CPU at 100 per cent, which adds nothing and lets the size fall"
        ),
    ),
    "forecast without scaling": _row(
        _NATIVE, _NATIVE, _approximated("Compute Engine shows no forecast: nothing is set up")
    ),
    "forecast buffer": _row(_NATIVE, _NATIVE, _approximated("Compute Engine takes the initialization period for it")),
    "scaling in by some policies only": _row(
        _NATIVE,
        _NATIVE,
        _controller("an autoscaler scales in by all its signals or by none", "give all policies the same `scale_in`"),
    ),
    "warm-up of one policy": _row(
        _NATIVE,
        _approximated("Azure counts the metrics of a new instance at once"),
        _approximated("Compute Engine has one initialization period for all signals: the longest"),
    ),
    "alarm that includes its threshold": _row(
        _NATIVE, _NATIVE, _approximated("Cloud Monitoring compares with more than and less than only")
    ),
    "on-demand base beside spot": _row(
        _NATIVE, _NATIVE, _unsupported("all instances of a template are of one sort; the v1 API has no mix")
    ),
    "strategy for spot": _row(
        _NATIVE, _NATIVE, _approximated("Compute Engine takes what is to be had; `prioritized` gives ranks")
    ),
    "spot price limit": _row(_NATIVE, _NATIVE, _unsupported("Compute Engine takes no price for spot instances")),
    "tags in capitals": _row(_NATIVE, _NATIVE, _approximated("labels are in lower case")),
}
"""By feature and provider."""

BLOCKS = frozenset({"aws", "azure", "gcp"})
"""Fields of a group that are for one cloud only."""


_NO_UNIT = "says how a person reads the number; a cloud compares plain numbers"
_NAMES = ("policies.*.name", "alarms.*.name", "schedules.*.name")
_OWN_WORD = "a label of the query, for people"
_EVERYWHERE: Mapping[str, str] = {
    "unmanaged.*": "says what a plan leaves alone; no cloud is told",
    "policies.*.approximate": "consent to what a note says; no cloud is told",
}
_UNLABELLED: Mapping[str, str] = {
    "policies.*.metric[custom].unit": _NO_UNIT,
    "alarms.*.metric[custom].unit": _NO_UNIT,
    "policies.*.metric[promql].unit": _NO_UNIT,
    "alarms.*.metric[promql].unit": _NO_UNIT,
    "policies.*.metric[promql].name": _OWN_WORD,
    "alarms.*.metric[promql].name": _OWN_WORD,
}
INERT: Mapping[str, Mapping[str, str]] = {
    "memory": {"unmanaged.*": _EVERYWHERE["unmanaged.*"]},
    "aws": {**_EVERYWHERE, **_UNLABELLED},
    "azure": {**_EVERYWHERE, **_UNLABELLED, **dict.fromkeys(_NAMES, "rules are told apart by what they do")},
    "gcp": {**_EVERYWHERE, **_UNLABELLED, **dict.fromkeys(_NAMES, "the signals of an autoscaler have no names")},
}
"""
By provider, the fields that rightly change nothing in the cloud and need no note, each with its reason.

`*` stands for names and places in lists, the source of a metric is in brackets.
"""


def inert_paths(group: ScalingGroup, provider: str) -> frozenset[str]:
    """The fields of a group that ask for what a cloud does without them too, as the table of features has it."""
    return frozenset(
        path for _, path, support in supports_of(group, provider) if support.means is Means.NATIVE and support.text
    )


def is_inert(pattern: str, provider: str) -> bool:
    """Whether a field rightly changes nothing in the cloud."""
    return pattern in INERT.get(provider, _EVERYWHERE)


def support_of(feature: str, provider: str) -> Support:
    """How `provider` does `feature`; what is not in the table is unsupported."""
    return FEATURES[feature].get(provider, _LATER)


def supports_of(group: ScalingGroup, provider: str) -> Iterator[tuple[str, str, Support]]:
    """Each feature that a group uses on a provider, its path, and how the provider does it."""
    others = frozenset() if provider == "memory" else BLOCKS - {provider}
    for feature, path in features_of(group):
        if path.split(".")[0] not in others:
            yield feature, path, support_of(feature, provider)


def is_controlled(group: ScalingGroup, provider: str) -> bool:
    """
    Whether a group's size is the controller's to decide on a provider.

    On Azure and Google Cloud one thing that needs the controller takes the whole group there: one actor writes the
    size.
    """
    return any(support.means is Means.CONTROLLER for _, _, support in supports_of(group, provider))
