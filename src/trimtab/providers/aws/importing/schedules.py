"""Scheduled actions as schedules: two that a window would be written as are one window again."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from trimtab.errors import InvalidModel
from trimtab.models import Capacity, InstanceTemplate, ScalingGroup, Schedule
from trimtab.providers.aws.importing.policies import drop_none
from trimtab.providers.aws.resources import action_resource
from trimtab.providers.aws.schedules import END, SIZES, actions_of, problems_of

Body = Mapping[str, Any]


@dataclass(frozen=True)
class ImportedTimetable:
    """
    A group's schedules, and what their windows say of its own sizes.

    Attributes:
        schedules: In the order of their names.
        capacity: The group's own sizes.
        refused: Why an action has no schedule, by the name that it would have.
    """

    schedules: tuple[Schedule, ...]
    capacity: Capacity
    refused: Mapping[str, str]


def read_schedules(actions: Mapping[str, Mapping[str, Any]], live: Capacity, now: datetime) -> ImportedTimetable:
    """
    The schedules that a group's actions stand for.

    Args:
        actions: As they are answered, by their names within the group.
        live: The sizes that the group has now.
        now: A start that only says when an action is next due is none of the schedule's own.
    """
    bodies = {name: _body(item, now) for name, item in actions.items()}
    windows = dict(_windows(bodies, now))
    for chosen in (windows, {}):
        table = _table(bodies, chosen, live)
        if not any(problems_of(_group(table))):
            break
    return table


def _body(item: Mapping[str, Any], now: datetime) -> Body:
    """An action as translation writes it: only what recurs has a zone."""
    body = dict(action_resource("", item, now).body)
    if "Recurrence" in body:
        body.setdefault("TimeZone", "UTC")
    elif body.get("TimeZone") == "UTC":
        del body["TimeZone"]
    return body


def _table(bodies: Mapping[str, Body], windows: Mapping[str, Schedule], live: Capacity) -> ImportedTimetable:
    capacity = _own_sizes(live, [bodies[f"{name}{END}"] for name in windows])
    windows = {name: window for name, window in windows.items() if _puts_back(bodies[f"{name}{END}"], capacity)}
    ends = {f"{name}{END}" for name in windows}
    kept: list[Schedule] = []
    refused: dict[str, str] = {}
    for name in sorted(set(bodies) - ends):
        try:
            kept.append(_checked(windows.get(name) or _plain(name, bodies[name]), capacity))
        except InvalidModel as error:
            refused[name] = error.problems[0].message
    return ImportedTimetable(tuple(kept), capacity, refused)


def _own_sizes(live: Capacity, ends: Sequence[Body]) -> Capacity:
    """The sizes that windows put back at their end, where they do; what the group has, where not."""
    sizes = live.model_dump() | {"desired": None}
    for body in reversed(ends):
        sizes |= {name: body[native] for name, native in SIZES.items() if native in body}
    try:
        return Capacity.model_validate(sizes)
    except InvalidModel:
        return live.model_copy(update={"desired": None})


def _puts_back(end: Body, capacity: Capacity) -> bool:
    return all(end[native] == getattr(capacity, name) for name, native in SIZES.items() if native in end)


def _windows(bodies: Mapping[str, Body], now: datetime) -> Iterator[tuple[str, Schedule]]:
    """Each pair of actions that one window would be written as."""
    for name, start in bodies.items():
        end = bodies.get(f"{name}{END}")
        if end is None:
            continue
        try:
            window = _window(name, start, end)
            actions = {action.name: action.body for action in actions_of(_alone(window, end), now)}
        except InvalidModel:
            continue
        if actions == {name: dict(start), f"{name}{END}": dict(end)}:
            yield name, window


def _window(name: str, start: Body, end: Body) -> Schedule:
    plain = _plain(name, start)
    if plain.at is not None:
        closes = datetime.fromisoformat(end["StartTime"]) if "StartTime" in end else plain.at
        return Schedule.model_validate({**_fields(plain), "duration": closes - plain.at})
    return Schedule.model_validate({**_fields(plain), "until": end.get("Recurrence")})


def _fields(schedule: Schedule) -> dict[str, Any]:
    return schedule.model_dump(exclude_unset=True)


def _plain(name: str, body: Body) -> Schedule:
    start, end = (_moment(body.get(at)) for at in ("StartTime", "EndTime"))
    once = "Recurrence" not in body
    return Schedule.model_validate(
        drop_none(
            name=name,
            cron=body.get("Recurrence"),
            at=start if once else None,
            zone=body.get("TimeZone", "UTC"),
            starts=None if once else start,
            ends=end,
            **{word: body.get(native) for word, native in SIZES.items()},
        )
    )


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text).astimezone(UTC)


def _alone(window: Schedule, end: Body) -> ScalingGroup:
    sizes = {name: end.get(native) for name, native in SIZES.items()}
    capacity = Capacity.model_construct(**sizes)
    return _group(ImportedTimetable((window,), capacity, {}))


def _group(table: ImportedTimetable) -> ScalingGroup:
    template = InstanceTemplate.model_construct()
    return ScalingGroup.model_construct(
        name="it", capacity=table.capacity, template=template, schedules=table.schedules
    )


def _checked(schedule: Schedule, capacity: Capacity) -> Schedule:
    """The schedule, if its sizes and the group's own can hold at the same time."""
    low = capacity.min if schedule.min is None else schedule.min
    high = capacity.max if schedule.max is None else schedule.max
    Capacity(min=low, max=high)
    return schedule
