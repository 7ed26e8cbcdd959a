"""Scenarios in which somebody, or the calendar, changes something."""

from base64 import b64encode
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from trimtab.drills.expectations import back_within, never_below_minimum, told_by
from trimtab.drills.results import DrillCheck
from trimtab.drills.stage import FIRST, Stage
from trimtab.drills.subjects import (
    BUSY,
    ILL,
    MINUTE,
    RETURN,
    Results,
    all_of,
    asking_for_more,
    is_about,
    not_tried,
    result_of,
    with_instances,
)
from trimtab.emulators.shared.staging import NotStaged
from trimtab.engine.openings import openings
from trimtab.engine.timetable import timetable_of
from trimtab.errors import TrimtabError
from trimtab.models import Fleet, ScalingGroup
from trimtab.providers.base import GroupState
from trimtab.providers.rolling import is_ready

HALF_AN_HOUR = timedelta(minutes=30)
MARKER = "trimtab drill: this script starts nothing"
SCRIPT = f"#!/bin/sh\n# {MARKER}\n"
AHEAD, AFTER = timedelta(days=3), timedelta(days=2)
"""How long before and after a change of the clocks the size is looked at."""
LATE = timedelta(minutes=10)
NEXT_TO_NOTHING, IDLE = 0.05, 20
"""A load, and for how many minutes: Google scales in to the largest size that it wanted in the last ten."""
EARLY = timedelta(minutes=5)
_ACT = "let its schedules act: end what stops them, such as suspended processes"
_MOVE = "move the schedule out of the hour that is skipped or comes twice"


def image_gone(stage: Stage) -> Results:
    """The image of each group's template is deleted, and the load grows."""
    groups, others = asking_for_more(stage, "image-gone", stage.fleet.groups)
    yield from others
    tried = []
    for group in groups:
        try:
            stage.staged.lose_image(stage.cloud, stage.native(group), stage.state(group).location)
        except NotStaged as error:
            yield not_tried("image-gone", group, str(error))
        else:
            tried.append(group)
    if not tried:
        return
    stage.load = BUSY
    stage.run(15, every=3)
    for group in tried:
        signs = [*stage.signs(group), *stage.plan_signs(group, refresh=["image"])]
        told = told_by(signs, is_about({"image", "image-gone", "problem"}), what="the image", fix="")
        kept = never_below_minimum(stage.readings[group.name], fix="keep a minimum that the load needs")
        yield result_of("image-gone", group, [kept, told], signs)


def bad_template(stage: Stage) -> Results:
    """A start script that starts nothing is applied, then instances are made of it; then the old one again."""
    groups, others = asking_for_more(stage, "bad-template", stage.fleet.groups)
    yield from others
    for group in groups:
        for text in (MARKER, b64encode(SCRIPT.encode()).decode()):  # as it is sent
            stage.staged.fail_made_of(stage.state(group), text)
    if not groups:
        return
    good = stage.fleet
    stage.apply(_with_script(good, [group.name for group in groups]))
    stage.load = BUSY
    stage.run(20, every=2)
    signs = {group.name: stage.signs(group) for group in groups}
    stage.apply(good)
    stage.load = 1.0
    fixed = stage.cloud.now()
    stage.run(
        int(HALF_AN_HOUR / MINUTE), until=all_of(groups, lambda group: _is_well(stage, group)(stage.state(group)))
    )
    for group in groups:
        fix = "add `health_check` with a path, or `by: load-balancer`, so that what does not serve is noticed"
        readings = stage.readings[group.name]
        after = stage.since(fixed, group)
        checks = [
            never_below_minimum(readings, lambda state: state.running, fix=fix),
            told_by(signs[group.name], is_about(ILL), what="instances that do not serve", fix=fix),
            back_within(after, fixed, HALF_AN_HOUR, _is_well(stage, group), fix=fix),
        ]
        yield result_of("bad-template", group, checks, signs[group.name])


def _with_script(fleet: Fleet, names: Sequence[str]) -> Fleet:
    changed = {
        "user_data": SCRIPT,
        "user_data_parts": (),
        "variables": None,
        "agents": (),
    }  # alone, so that its encoded text is found
    groups = tuple(
        group.model_copy(update={"template": group.template.model_copy(update=changed), "rollout": None})
        if group.name in names
        else group
        for group in fleet.groups
    )
    return fleet.model_copy(update={"groups": groups})


def _is_well(stage: Stage, group: ScalingGroup) -> Callable[[GroupState], bool]:
    """Whether at least as many run as before and each serves."""
    wanted = stage.size(group)
    return lambda state: state.running >= wanted and all(map(is_ready, state.instances))


# the calendar


def clock_changes(fleet: Fleet) -> Sequence[datetime]:
    """Some days before each change of the clocks in a year, in the zones of a fleet's schedules."""
    zones = dict.fromkeys(schedule.zone for group in fleet.groups for schedule in group.schedules)
    moments = {moment for zone in zones for moment in _changes(zone)}
    return [moment - AHEAD for moment in sorted(moments)[:2]] or [FIRST]


def _changes(zone: str) -> list[datetime]:
    """When the offset of a zone changes within a year, to the hour."""
    where, hours = ZoneInfo(zone), [FIRST + timedelta(hours=number) for number in range(24 * 366)]
    offsets = [at.astimezone(where).utcoffset() for at in hours]
    return [at for at, old, new in zip(hours[1:], offsets, offsets[1:], strict=False) if old != new]


def clock_change(stage: Stage) -> Results:
    """The clocks change: schedules go by local time before and after it."""
    begin, change = stage.cloud.now(), stage.began
    waiting = []
    for group in stage.fleet.groups:
        zones = {schedule.zone for schedule in group.schedules}
        changing = [zone for zone in zones if any(begin <= at <= begin + AHEAD + AFTER for at in _changes(zone))]
        if not group.schedules:
            yield not_tried("clock-change", group, "it has no schedule")
        elif not changing:
            yield not_tried("clock-change", group, f"no clock of its schedules changes ({', '.join(sorted(zones))})")
        elif not (opening := _openings(group, change, change + AHEAD + AFTER)):
            yield not_tried("clock-change", group, "no schedule makes it larger in the days around the change")
        else:
            waiting.append((group, opening))
    seen: dict[str, list[str]] = {group.name: [] for group, _ in waiting}
    smaller: dict[str, list[bool]] = {group.name: [] for group, _ in waiting}
    """Whether each group was smaller before each opening."""
    stage.measured = False  # sizes of schedules alone
    for at in sorted({at for _, some in waiting for at, _ in some}):
        due = [(group, wanted) for group, some in waiting for moment, wanted in some if moment == at]
        if at - HALF_AN_HOUR <= stage.cloud.now():
            continue
        stage.staged.advance(at - HALF_AN_HOUR - stage.cloud.now())
        _shrink(stage, [group for group, _ in due])
        stage.staged.advance(at - EARLY - stage.cloud.now())
        stage.read()
        early = {group.name: stage.state(group).desired for group, _ in due}
        stage.staged.advance(EARLY + LATE)
        stage.read()
        for group, wanted in due:
            late = stage.state(group).desired
            smaller[group.name].append(early[group.name] < wanted)
            if not early[group.name] < wanted <= late:
                seen[group.name].append(f"{at:%a %H:%M %Z}: {early[group.name]}, then {late} instead of {wanted}")
    for group, some in waiting:
        if not any(smaller[group.name][1:] or smaller[group.name]):  # before the first one it is as it was made
            reason = "nothing makes it smaller between two openings of its schedules, so that none shows"
            yield not_tried("clock-change", group, f"{reason}; add a policy that scales in")
            continue
        zone = group.schedules[0].zone
        way = "forward" if _goes_forward(begin, zone) else "back"
        local = ", ".join(f"{at.astimezone(ZoneInfo(zone)):%a %H:%M %Z}" for at, _ in some)
        wrong = "; ".join(seen[group.name])
        never = len(seen[group.name]) == len(smaller[group.name])
        check = DrillCheck(
            name="size",
            expected=f"larger within {LATE / MINUTE:g} min of local time as clocks go {way}",
            observed=wrong or local,
            held=not wrong,
            fix=(_ACT if never else _MOVE) if wrong else "",
        )
        yield result_of("clock-change", group, [check], [])


def _goes_forward(begin: datetime, zone: str) -> bool:
    at = [moment.astimezone(ZoneInfo(zone)).utcoffset() for moment in (begin, begin + AHEAD + AFTER)]
    return (at[1] or timedelta(0)) > (at[0] or timedelta(0))


def _openings(group: ScalingGroup, begin: datetime, end: datetime) -> list[tuple[datetime, int]]:
    """When schedules make a group larger, and how large at least."""
    table = timetable_of(group.schedules)
    found: dict[datetime, int] = {}
    for schedule in group.schedules:
        for start, _ in openings(schedule, begin, end):
            low, _ = table.at(start.at).bounds(group.capacity)
            before, _ = table.at(start.at - EARLY).bounds(group.capacity)
            if low > before:
                found[start.at] = low
    return sorted(found.items())


def _shrink(stage: Stage, groups: Sequence[ScalingGroup]) -> None:
    """Scale groups in to their minimum: by hand, or by almost no load where the cloud refuses that."""
    try:
        for group in groups:
            state = stage.live(group).read()
            if state.desired > state.min:
                stage.live(group).scale(to=max(state.min, stage.in_force(group)))
    except TrimtabError:
        stage.load, stage.measured = NEXT_TO_NOTHING, True
        stage.run(IDLE, every=IDLE)
        stage.load, stage.measured = 1.0, False


# somebody


def operator_resizes(stage: Stage) -> Results:
    """Somebody sets the size: below the minimum, which is refused, and then larger by two."""
    groups, others = with_instances(stage, "operator-resizes")
    yield from others
    tried, refused = [], {}
    for group in groups:
        state = stage.state(group)
        if not stage.staged.evaluates and (group.policies or group.alarms):
            yield not_tried("operator-resizes", group, "the cloud in memory runs no policies")
        elif stage.size(group) >= state.max:
            yield not_tried("operator-resizes", group, "it is at its maximum, so that it cannot be larger")
        else:
            refused[group.name] = state.min == 0 or _is_refused(stage, group, state.min - 1)
            stage.live(group).scale(to=min(state.max, state.desired + 2))
            tried.append(group)
    stage.read()
    stage.run(
        int(RETURN / MINUTE),
        every=2,
        until=all_of(tried, lambda group: _has_returned(stage, group)(stage.state(group))),
    )
    signs = {group.name: [*stage.signs(group), *stage.plan_signs(group)] for group in tried}
    if any(sign.source == "plan" for found in signs.values() for sign in found):
        stage.apply(stage.fleet)
        stage.run(2)
    for group in tried:
        readings = stage.readings[group.name][1:]
        observed = "refused" if refused[group.name] else "accepted"
        fix = "add a policy that scales in, or bring its threshold nearer to the one that scales out"
        checks = [
            DrillCheck(
                name="size",
                expected="a size below the minimum is refused",
                observed=observed,
                held=refused[group.name],
            ),
            told_by(signs[group.name], lambda sign: sign.source in ("activity", "plan"), what="it", fix=fix),
            back_within(readings, stage.began, RETURN + 2 * MINUTE, _has_returned(stage, group), fix=fix),
        ]
        yield result_of("operator-resizes", group, checks, signs[group.name])


def _has_returned(stage: Stage, group: ScalingGroup) -> Callable[[GroupState], bool]:
    wanted = stage.before[group.name].desired
    return lambda state: state.desired <= wanted


def _is_refused(stage: Stage, group: ScalingGroup, size: int) -> bool:
    try:
        stage.live(group).scale(to=size)
    except TrimtabError:
        return True
    return False
