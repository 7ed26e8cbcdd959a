"""Scenarios in which something is not known, not answered, or not running."""

from collections.abc import Sequence

from trimtab.controller import Controller
from trimtab.drills.advice import against_silence
from trimtab.drills.controlling import controlled_groups
from trimtab.drills.expectations import back_within, never_below_minimum, told_by, unchanged
from trimtab.drills.results import DrillCheck, DrillResult
from trimtab.drills.stage import Stage
from trimtab.drills.subjects import (
    BUSY,
    MINUTE,
    WITHIN,
    Results,
    all_of,
    asking_for_more,
    is_about,
    larger_than,
    not_tried,
    result_of,
    with_instances,
)
from trimtab.errors import TrimtabError
from trimtab.models import ScalingGroup
from trimtab.store import open_store
from trimtab.store.records import Store


def metrics_blind(stage: Stage) -> Results:
    """No metric has a datapoint for an hour."""
    groups, others = with_instances(stage, "metrics-blind")
    yield from others
    watched = {name for name, _, _ in stage.points}
    for group in groups:
        if group.name not in watched:
            yield not_tried("metrics-blind", group, stage.unwatched(group))
    groups, others = _able_to_shrink(stage, [group for group in groups if group.name in watched])
    yield from others
    if not groups:
        return
    stage.measured = False
    stage.run(60, every=5)
    for group in groups:
        signs = stage.signs(group)
        missing = against_silence(group)
        agent = "add `notify_no_data`, or an alarm with `missing: breaching` that notifies people"
        yield result_of(
            "metrics-blind",
            group,
            [
                never_below_minimum(stage.readings[group.name], fix=missing),
                unchanged(stage.readings[group.name], stage.before[group.name].desired, fix=missing),
                told_by(signs, is_about({"no-data", "alarm"}), what="it", fix=agent),
            ],
            signs,
        )


def _able_to_shrink(stage: Stage, groups: Sequence[ScalingGroup]) -> tuple[list[ScalingGroup], list[DrillResult]]:
    """The groups above their minimum, those at it made larger by their load first; and what is said of the others."""
    at_minimum = [group for group in groups if stage.state(group).desired <= stage.state(group).min]
    growing, _ = asking_for_more(stage, "metrics-blind", at_minimum)
    if growing:
        stage.load = BUSY
        larger = {group.name: larger_than(stage.size(group)) for group in growing}
        stage.run(int(WITHIN / MINUTE), until=all_of(growing, lambda group: larger[group.name](stage.state(group))))
        stage.load = 1.0
    still = [group for group in at_minimum if stage.state(group).desired <= stage.state(group).min]
    reason = "it is at its minimum, and does not grow under load, so that nothing could scale it in"
    stage.mark()
    others = [not_tried("metrics-blind", group, reason) for group in still]
    return [group for group in groups if group not in still], others


def throttled(stage: Stage) -> Results:
    """Calls are refused as too many: a few, then all for a while."""
    stage.staged.throttle(3)
    few = [sign for sign in stage.plan_signs(None) if sign.code != "note"]
    stage.staged.throttle(None)
    signs = stage.plan_signs(None)
    writes = [sign for sign in signs if sign.code == "change"]
    stage.staged.end_throttling()
    after = stage.plan_signs(None)
    stage.run(2)
    checks = [
        DrillCheck(
            name="size",
            expected="nothing is planned on what could not be read",
            observed=f"{len(writes)} changes planned",
            held=not writes,
        ),
        told_by(signs, lambda sign: sign.source == "exit code", what="it", fix=""),
        DrillCheck(
            name="back",
            expected="an empty plan once calls are answered",
            observed="empty" if not after else f"{after[0]}",
            held=not after,
        ),
    ]
    if stage.staged.retries:
        passed = not any(sign.source in ("exit code", "plan") for sign in few)
        seen = "as if nothing were" if passed else str(few[0])
        checks.insert(
            0, DrillCheck(name="retried", expected="three refused calls are made again", observed=seen, held=passed)
        )
    yield DrillResult(scenario="throttled", checks=tuple(checks), told=tuple(map(str, signs[:3])))


def controller_dead(stage: Stage) -> Results:
    """The controller, which sizes what the cloud cannot, stops for an hour; then it runs again under a higher load."""
    controlled = controlled_groups(stage)
    for group in stage.fleet.groups:
        if group.name not in controlled:
            yield not_tried("controller-dead", group, "the cloud sizes it, not a controller")
    groups = [group for group in stage.fleet.groups if group.name in controlled]
    if not groups:
        return
    store = open_store("sqlite://")
    try:
        yield from _without_controller(stage, groups, store)
    except TrimtabError as error:
        yield from (not_tried("controller-dead", group, f"no controller starts here: {error}") for group in groups)
    finally:
        store.close()


def _without_controller(stage: Stage, groups: Sequence[ScalingGroup], store: Store) -> Results:
    with Controller(stage.fleet, stage.cloud, store=store) as controller:
        stage.each_minute = controller.tick
        stage.run(10)
    stage.each_minute = None
    stage.mark()
    stage.run(60, every=5)
    signs = {group.name: stage.signs(group, store=store) for group in groups}
    stage.load, again = BUSY, stage.cloud.now()
    grown = {group.name: larger_than(stage.size(group)) for group in groups}
    with Controller(stage.fleet, stage.cloud, store=store) as controller:
        stage.each_minute = controller.tick
        stage.run(int(WITHIN / MINUTE), until=all_of(groups, lambda group: grown[group.name](stage.state(group))))
    for group in groups:
        readings, fix = stage.readings[group.name], "let the cloud size it: `trimtab check` says why it does not"
        dead = [each for each in readings if each.at <= again]
        checks = [
            never_below_minimum(dead, fix=fix),
            unchanged(dead, stage.before[group.name].desired, fix=fix),
            told_by(
                signs[group.name], is_about({"controller-dead"}), what="it", fix="give `trimtab explain` the store"
            ),
            back_within(
                stage.since(again, group), again, WITHIN, grown[group.name], fix=fix, what="larger once it runs,"
            ),
        ]
        yield result_of("controller-dead", group, checks, signs[group.name])
