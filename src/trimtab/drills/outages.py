"""Scenarios in which instances go, are ill, or are not to be had."""

from datetime import timedelta

from trimtab.drills.advice import against_a_lost_zone, against_a_shortage
from trimtab.drills.expectations import back_within, instances_of, never_below_minimum, some_serve, told_by
from trimtab.drills.stage import Stage
from trimtab.drills.subjects import (
    BUSY,
    ILL,
    MINUTE,
    TOO_FEW,
    WITHIN,
    Results,
    all_of,
    asking_for_more,
    is_about,
    is_replaced,
    larger_than,
    not_tried,
    result_of,
    with_instances,
)
from trimtab.emulators.shared.staging import NotStaged
from trimtab.providers.base import GroupState, Instance


def zone_lost(stage: Stage) -> Results:
    """The zone with the most instances has none any more, and gives none."""
    groups, others = with_instances(stage, "zone-lost")
    yield from others
    zones = [each.zone for group in groups for each in stage.state(group).instances]
    lost = max(sorted(set(filter(None, zones))), key=zones.count, default="")
    gone = {group.name: _in_zone(stage.state(group), lost) for group in groups}
    for group in groups:
        if not lost or not any(each.zone for each in stage.state(group).instances):
            reason = "it is in no zone: the cloud places it in the region, and a zone that fails cannot be staged"
            yield not_tried("zone-lost", group, f"{reason}; `placement.zones` spreads it")
        elif not gone[group.name]:
            yield not_tried("zone-lost", group, f"none of its instances is in {lost}, which was lost")
    hit = [group for group in groups if gone[group.name] and lost]
    for group in hit:
        stage.staged.run_short(stage.state(group), lost)
    for group in hit:
        stage.staged.lose(stage.cloud, stage.state(group), gone[group.name])
    stage.read()
    is_back = {group.name: is_replaced(stage, group, gone[group.name]) for group in hit}
    since, what = stage.began, "back"
    if not stage.staged.moves:  # its cloud waits for the zone
        stage.run(int(WITHIN / MINUTE), every=3)
        stage.staged.end_shortages()
        since, what = stage.cloud.now(), "back once the zone is,"
    stage.run(int(WITHIN / MINUTE), until=all_of(hit, lambda group: is_back[group.name](stage.state(group))))
    for group in hit:
        signs = stage.signs(group)
        readings = stage.readings[group.name][1:]
        spread = against_a_lost_zone(group)
        yield result_of(
            "zone-lost",
            group,
            [
                some_serve(readings, stage.size(group), fix=spread),
                back_within(readings, since, WITHIN, is_back[group.name], fix=spread, what=what),
                told_by(signs, lambda sign: sign.source != "plan", what="it", fix="add a health check"),
            ],
            signs,
        )
    stage.staged.end_shortages()


def _in_zone(state: GroupState, zone: str) -> list[Instance]:
    return [each for each in state.instances if each.zone == zone]


def no_capacity(stage: Stage) -> Results:
    """No instance is to be had for ten minutes, while the load grows."""
    groups, others = asking_for_more(stage, "no-capacity", stage.fleet.groups)
    yield from others
    for group in groups:
        stage.staged.run_short(stage.state(group))
    stage.load = BUSY
    stage.run(15, every=3)
    signs = {group.name: stage.signs(group) for group in groups}
    stage.staged.end_shortages()
    over = stage.cloud.now()
    grown = {group.name: larger_than(stage.size(group)) for group in groups}
    stage.run(int(WITHIN / MINUTE), until=all_of(groups, lambda group: grown[group.name](stage.state(group))))
    for group in groups:
        after = stage.since(over, group)
        sooner = against_a_shortage(group)
        yield result_of(
            "no-capacity",
            group,
            [
                never_below_minimum(stage.readings[group.name], fix="keep a minimum that the load needs"),
                told_by(signs[group.name], is_about(TOO_FEW), what="the shortage", fix="add an alarm on the size"),
                back_within(after, over, WITHIN, grown[group.name], fix=sooner, what="larger once it is over,"),
            ],
            signs[group.name],
        )


def half_unhealthy(stage: Stage) -> Results:
    """Half of the instances of each group fail their health checks."""
    groups, others = with_instances(stage, "half-unhealthy")
    yield from others
    gone = {group.name: stage.state(group).instances[: (stage.size(group) + 1) // 2] for group in groups}
    for group in groups:
        stage.staged.fail(stage.state(group), gone[group.name])
    stage.read()
    limits = {group.name: WITHIN + (group.health_check.grace or timedelta(0)) for group in groups}
    is_back = {group.name: is_replaced(stage, group, gone[group.name]) for group in groups}
    longest = max(limits.values(), default=WITHIN)
    stage.run(int(longest / MINUTE), until=all_of(groups, lambda group: is_back[group.name](stage.state(group))))
    for group in groups:
        signs = stage.signs(group)
        fix = "add `health_check` with a path, or `by: load-balancer`, so that what does not serve is replaced"
        yield result_of(
            "half-unhealthy",
            group,
            [
                back_within(
                    stage.readings[group.name][1:],
                    stage.began,
                    limits[group.name],
                    is_back[group.name],
                    fix=fix,
                    what="replaced",
                ),
                told_by(signs, is_about({*ILL, "change"}), what="them", fix=fix),
            ],
            signs,
        )


def balancer_health_lost(stage: Stage) -> Results:
    """The balancer's check fails of every instance, though all serve."""
    groups, others = with_instances(stage, "balancer-health-lost")
    yield from others
    tried = []
    for group in groups:
        if not group.cloud_balancers:
            yield not_tried("balancer-health-lost", group, "it has no load balancer")
            continue
        try:
            stage.staged.lose_balancer_health(group, stage.state(group))
        except NotStaged as error:
            yield not_tried("balancer-health-lost", group, str(error))
        else:
            tried.append(group)
    if tried:
        stage.read()
        stage.run(2)
        signs = {group.name: stage.signs(group) for group in tried}
        stage.run(10)
        for group in tried:
            fix = stage.staged.successor_first
            kept = never_below_minimum(stage.readings[group.name], instances_of, fix=fix)
            told = told_by(signs[group.name], is_about({*ILL, "change"}), what="it", fix="add a health check")
            yield result_of("balancer-health-lost", group, [kept, told], signs[group.name])
