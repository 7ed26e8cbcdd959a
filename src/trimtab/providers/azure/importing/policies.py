"""Rules of an autoscale profile as alarms and policies of the model."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from trimtab.providers.azure.importing.group import duration
from trimtab.providers.azure.importing.metrics import compared, dimensions_of, metric_of, statistic_of
from trimtab.providers.importing import legal, unused
from trimtab.providers.importing.building import whole
from trimtab.providers.metrics import writes_count

MINUTE = timedelta(minutes=1)
_WORDS = {"ChangeCount": "change", "PercentChangeCount": "percent", "ExactCount": "to"}
COMPARISONS = ("above", "at_least", "below", "at_most")
Body = Mapping[str, Any]


@dataclass
class Rules:
    """
    Alarms and policies out of rules.

    Attributes:
        kept: What the mark says that policies are called: name to `change:1`.
        policies: Policies by name.
        alarms: Alarms by name.
        origins: The rule that each alarm was read from, by the alarm's name.
        refused: Why there is no alarm or policy of a rule, by the rule's name.
        taken: Names that other alarms have.
    """

    kept: Mapping[str, str] = field(default_factory=dict)
    policies: dict[str, Any] = field(default_factory=dict)
    alarms: dict[str, Any] = field(default_factory=dict)
    origins: dict[str, str] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    taken: Collection[str] = ()

    def take(self, rules: Sequence[Body]) -> None:
        """Add the alarms and policies of these rules, named as plans name rules."""
        for rule in rules:
            trigger, action = rule.get("metricTrigger") or {}, rule.get("scaleAction") or {}
            alarm, amount = _alarm(trigger), _amount(action)
            if alarm is None:
                self.refused[rule["name"]] = f"alarms cannot compare by {trigger.get('operator')}"
            elif amount is None:
                self.refused[rule["name"]] = f"policies cannot {action.get('direction')} by {action.get('type')}"
            else:
                name = unused(_alarm_name(alarm), {*self.alarms, *self.taken})
                self.alarms[name] = {**alarm, "triggers": [self._policy(amount)]}
                self.origins[name] = rule["name"]

    def _policy(self, amount: Body) -> str:
        """The policy that does this: one that is there already, else a new one, by its name in the mark."""
        for name, existing in self.policies.items():
            if existing == amount:
                return name
        word, value = next((word, amount[word]) for word in _WORDS.values() if word in amount)
        names = [name for name, text in self.kept.items() if text == f"{word}:{value}" and name not in self.policies]
        way = "scale-to" if word == "to" else "scale-in" if value < 0 else "scale-out"
        name = names[0] if names else unused(way, self.policies)
        self.policies[name] = dict(amount)
        return name


def _alarm(trigger: Body) -> dict[str, Any] | None:
    metric, native = metric_of(
        str(trigger.get("metricResourceUri", "")),
        str(trigger.get("metricName", "")),
        trigger.get("metricNamespace"),
        dimensions_of(trigger, name="DimensionName", operator="Equals", key=str.capitalize),
        shared=bool(trigger.get("dividePerInstance")),
    )
    comparison = compared(str(trigger.get("operator")), trigger.get("threshold") or 0, native)
    if not comparison:
        return None
    counted = writes_count(metric)
    statistic = statistic_of(trigger.get("statistic"), str(trigger.get("timeAggregation")), native, counted=counted)
    given = {"statistic": statistic} if statistic != "average" and not counted else {}
    window = duration(trigger.get("timeWindow"))
    periods = window // MINUTE if isinstance(window, timedelta) else window
    return {"metric": metric, **given, **comparison, "period": MINUTE, "periods": periods}


def _amount(action: Body) -> dict[str, Any] | None:
    word, value = _WORDS.get(str(action.get("type"))), whole(action.get("value"))
    direction = action.get("direction")
    if word is None or direction not in ("Increase", "Decrease") or (value == 0 and word != "to"):
        return None
    signed = -value if direction == "Decrease" and word != "to" else value
    return {word: signed, "cooldown": duration(action.get("cooldown"))}


def _alarm_name(alarm: Body) -> str:
    metric = alarm["metric"]
    name = metric if isinstance(metric, str) else metric.get("name") or metric.get("custom")
    word = next(word for word in COMPARISONS if word in alarm)
    return legal(f"{name}-{word}", "alarm")
