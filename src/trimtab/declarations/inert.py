"""Fields that rightly change nothing, in every cloud: no vendor has a place for them."""

from collections.abc import Mapping

UNMANAGED: Mapping[str, str] = {
    "unmanaged.*": "says what a plan leaves alone; no cloud is told",
    "rollout.**": "says how a rollout is driven; a plan writes nothing of it",
    "load_balancers.*.haproxy.**": "trimtab keeps the servers of a HAProxy; no cloud is told",
}
ALTERNATE: Mapping[str, str] = {
    "load_balancers.*.alternate": "says where a blue-green rollout puts its group; a plan changes nothing for it",
}
"""The field of clouds whose balancers have weights; elsewhere it is refused."""
_NO_UNIT = "says how a person reads the number; a cloud compares plain numbers"
_OWN_WORD = "a label of the query, for people"
NOWHERE: Mapping[str, str] = {
    **UNMANAGED,
    "policies.*.approximate": "consent to what a note says; no cloud is told",
    "policies.*.metric[custom].unit": _NO_UNIT,
    "alarms.*.metric[custom].unit": _NO_UNIT,
    "policies.*.metric[promql].unit": _NO_UNIT,
    "alarms.*.metric[promql].unit": _NO_UNIT,
    "policies.*.metric[math].unit": _NO_UNIT,
    "alarms.*.metric[math].unit": _NO_UNIT,
    "policies.*.metric[promql].name": _OWN_WORD,
    "alarms.*.metric[promql].name": _OWN_WORD,
}
"""
By pattern, the fields that no cloud is told, each with its reason.

`*` stands for names and places in lists, `**` for all that is in a field, the source of a metric is in brackets.
"""
NAMES = ("policies.*.name", "alarms.*.name", "schedules.*.name")
"""The names of a group's items, for clouds that tell them apart by what they do."""
