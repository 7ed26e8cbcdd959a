"""Holding a plan against one that was saved and approved: what a reviewer saw is what is done."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from trimtab.errors import StalePlan
from trimtab.models import Position
from trimtab.phrases import in_words
from trimtab.plan.changes import Action, Change, FieldChange, Note, Reason, Unknown
from trimtab.plan.plan import Plan
from trimtab.plan.resource import Key, full_digest

_TEXTS = ("notes", "problems", "unknown")
_ADVICE = re.compile(r"(group [^:]*: )?TT6\d\d ")
_COUNT = re.compile(r"\b\d+( of \d+)? instances?\b")

_NOT_A_PLAN = "this is not a saved plan; make one with `trimtab plan --out FILE`"
_ALTERED = "this plan was altered after it was saved; make a new one with `trimtab plan --out FILE`"
_NOTHING = full_digest(None)


def check_saved(plan: Plan, saved: Mapping[str, Any]) -> None:
    """
    Hold a plan against one that was saved and approved earlier.

    Provider, fleet, changes and texts are the same. When a plan was made, how many instances there are, the lines of
    the file and what checks say of the cloud (TT6xx) may differ.

    Raises:
        StalePlan: They are not, or the saved plan is no longer as it was saved; the message says what differs.
    """
    if saved.get("trimtab_plan") != 1 or not isinstance(saved.get("digest"), str):
        raise StalePlan(_NOT_A_PLAN)
    told = {name: value for name, value in saved.items() if name != "digest"}
    try:
        is_whole = full_digest(told) == saved["digest"]
    except RecursionError:
        raise StalePlan("this is not a saved plan: it is nested too deeply") from None
    differences = list(_differences(_parts(told), _parts(json.loads(json.dumps(plan.to_saved())))))
    if not differences and told.get("fingerprint") != plan.fingerprint:
        differences.append("what the changes begin from and lead to")
    when = f"the saved plan of {str(saved.get('made_at'))[:40]}"
    again = "make a new plan with `trimtab plan --out FILE`, review it, and apply that one"
    if not is_whole:
        where = in_words(differences, "; ") or "in a part that is not compared"
        raise StalePlan(f"{when} was altered after it was saved: {where}; {again}")
    if new := [str(each) for each in plan.problems if not told.get("problems")]:
        raise StalePlan(f"{when} cannot be carried out now: {in_words(new, '; ')}; mend that, then apply it again")
    if differences:
        raise StalePlan(
            f"{when} no longer fits, because the file or the cloud has changed: {in_words(differences, '; ')}; {again}"
        )


def read_plan(saved: Mapping[str, Any]) -> Plan:
    """
    A plan that was saved, or printed as JSON, to be looked at: what its fields are about, values or their digests.

    Raises:
        StalePlan: It is not a plan, or was altered after it was saved.
    """
    is_saved = "digest" in saved
    told = {name: value for name, value in saved.items() if name != "digest"}
    try:
        if saved.get("trimtab_plan") != 1 or (is_saved and full_digest(told) != saved["digest"]):
            raise StalePlan(_NOT_A_PLAN if saved.get("trimtab_plan") != 1 else _ALTERED)
        return Plan(
            provider=str(saved["provider"]),
            fleet=str(saved["fleet"]),
            made_at=datetime.fromisoformat(saved["made_at"]),
            changes=tuple(_change_of(change, is_saved=is_saved) for change in saved["changes"]),
            notes=tuple(Note(str(text)) for text in saved["notes"]),
            problems=tuple(Note(str(text)) for text in saved["problems"]),
            unknown=tuple(_unknown_of(str(text)) for text in saved["unknown"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise StalePlan(f"{_NOT_A_PLAN} ({type(error).__name__}: {error})") from error


def _change_of(saved: Mapping[str, Any], *, is_saved: bool) -> Change:
    key = Key(saved["location"], saved["kind"], saved["name"], saved.get("parent", ""))
    return Change(
        action=Action(saved["action"]),
        reason=Reason(saved["reason"]),
        key=key,
        group=saved["group"],
        instances=int(saved["instances_lost"]),
        fields=tuple(_field_of(item, is_saved=is_saved) for item in saved["fields"]),
        notes=tuple(map(str, saved["notes"])),
    )


def _field_of(saved: Mapping[str, Any], *, is_saved: bool) -> FieldChange:
    old, new = ((_shown(saved[name]) if is_saved else saved[name]) for name in ("old", "new"))
    file, _, line = str(saved.get("source", "")).rpartition(":")
    return FieldChange(
        path=str(saved["path"]),
        old=old,
        new=new,
        field=str(saved["field"]),
        source=Position(file, int(line), 1) if file else None,
        reason=Reason(saved["reason"]) if "reason" in saved else None,
        is_mark=bool(saved.get("mark")),
    )


def _shown(digest: str) -> str | None:
    return None if digest == _NOTHING else f"sha256:{digest[:8]}"


def _unknown_of(text: str) -> Unknown:
    scope, _, reason = text.partition(" could not be read: ")
    kind, _, location = scope.partition(" in ")
    return Unknown(location, kind, reason)


def _parts(saved: Mapping[str, Any]) -> dict[str, Any]:
    """What is compared of a plan, by what it is called."""
    parts: dict[str, Any] = {name: saved.get(name) for name in ("provider", "fleet")}
    changes: Any = saved.get("changes")
    for change in _listed(changes):
        label = " ".join(str(change.get(word)) for word in ("action", "kind", "parent", "name") if change.get(word))
        parts[f"{label} ({change.get('location')})"] = list(_change(change))
    for name in _TEXTS:
        texts: Any = saved.get(name)
        parts[name] = [_steady(text) for text in texts if not _ADVICE.match(str(text))] if _is_list(texts) else texts
    number = len(changes) if _is_list(changes) else changes
    return {**parts, "summary": saved.get("summary"), "number of changes": number}


def _change(change: Mapping[str, Any]) -> Iterator[Any]:
    yield {name: change.get(name) for name in ("reason", "group", "notes")}
    for item in sorted(_listed(change.get("fields")), key=lambda item: str(item.get("path"))):
        yield {name: item.get(name) for name in ("path", "old", "new", "field", "mark")}


def _differences(saved: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    for name in dict.fromkeys([*saved, *now]):
        if name not in now:
            yield f"{name} is in the saved plan only"
        elif name not in saved:
            yield f"{name} is not in the saved plan"
        elif saved[name] != now[name]:
            yield from _difference(name, saved[name], now[name])


def _difference(name: str, saved: Any, now: Any) -> Iterator[str]:
    if name in ("provider", "fleet"):
        yield f"{name} {_short(saved)} instead of {_short(now)}"
    elif name in _TEXTS and _is_list(saved):
        gone = [f"{name}: {_short(text)} is in the saved plan only" for text in saved if text not in now]
        new = [f"{name}: {_short(text)} is not in the saved plan" for text in now if text not in saved]
        yield from [*gone, *new] or [f"{name}: how often or in which order they stand"]
    elif _is_list(saved) and isinstance(now, list):
        differing = [item for item in (*saved[1:], *now[1:]) if item not in saved or item not in now]
        # a mark differs along with what is wanted
        paths = {str(item.get("path")) for item in differing if not item["mark"]} or {
            str(item.get("path")) for item in differing
        }
        yield f"{name}: {in_words(sorted(paths)) or 'its group, reason, notes or number of fields'}"
    else:
        yield name


def _listed(value: Any) -> list[Mapping[str, Any]]:
    return [item for item in value if isinstance(item, Mapping)] if _is_list(value) else []


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _steady(text: Any) -> str:
    return _COUNT.sub("instances", str(text))


def _short(value: Any) -> str:
    text = str(value)
    return repr(text if len(text) <= 80 else f"{text[:80]}...")
