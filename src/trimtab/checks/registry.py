"""The table of checks: a code, which never changes, and its rule."""

from collections.abc import Mapping

from trimtab.checks import (
    alarms,
    comments,
    health,
    live,
    policies,
    portability,
    purchase,
    reach,
    rollouts,
    schedules,
    sizes,
)
from trimtab.checks.outside import outside_rules
from trimtab.checks.rule import Rule, of_providers

RULES: Mapping[str, Rule] = {
    "TT101": Rule("Scaling in by one metric fights scaling out by another", alarms.find_fights),
    "TT102": Rule("Thresholds so near that the group flaps", alarms.find_flapping),
    "TT103": Rule("Scaling in on a metric that has no datapoints without traffic", alarms.find_missing_at_rest),
    "TT104": Rule("Policies in a group whose size cannot change", sizes.find_fixed_size),
    "TT105": Rule("A cooldown that is over before a new instance counts", policies.find_short_cooldowns),
    "TT106": Rule("A forecast that raises the maximum for good", policies.find_raised_maximum),
    "TT107": Rule("Target tracking beside alarms on the same metric", policies.find_shared_metric),
    "TT108": Rule("A policy that no alarm triggers", policies.find_untriggered),
    "TT109": Rule("An alarm that does nothing", alarms.find_idle),
    "TT110": Rule("Scaling out and never in", policies.find_only_out),
    "TT111": Rule("Scaling in and never out", policies.find_only_in),
    "TT112": Rule("A predictive policy that only forecasts", policies.find_forecast_only),
    "TT113": Rule("More instances than one placement group holds", of_providers),
    "TT114": Rule("Scaled to zero with no way back", policies.find_no_way_back),
    "TT115": Rule("A total held at a target", reach.find_totals),
    "TT116": Rule("Steps that no datapoint reaches", reach.find_unreached_steps),
    "TT117": Rule("A gap between a threshold and the first step", reach.find_gap),
    "TT118": Rule("A threshold or a target that the metric never has", reach.find_unreached_thresholds),
    "TT119": Rule("A count whose statistic is always 1", of_providers),
    "TT201": Rule("A health check that does not ask the load balancer", health.find_ignored_balancer),
    "TT202": Rule("A metric of an agent that the template does not mention", health.find_unmentioned_agent),
    "TT203": Rule("The newest image of any publisher", health.find_any_publisher),
    "TT204": Rule("New instances judged from their first second", health.find_no_grace),
    "TT205": Rule("Autohealing by the load balancer's health check", of_providers),
    "TT206": Rule("Disks that outlive their instances in a group that scales in", health.find_kept_disks),
    "TT301": Rule("Spot instances of one size", purchase.find_one_size),
    "TT302": Rule("Spot instances in one zone", purchase.find_one_zone),
    "TT303": Rule("Spot without a share on demand", purchase.find_no_share),
    "TT304": Rule("Evicted spot instances that keep their place", of_providers),
    "TT401": Rule("Two schedules that set the same field at the same moment", schedules.find_collisions),
    "TT402": Rule("A schedule at an hour that clock changes skip or repeat", schedules.find_clock_changes),
    "TT403": Rule("A scheduled size outside the bounds then in force", schedules.find_size_outside),
    "TT404": Rule("An initial size that no schedule allows", schedules.find_size_never_allowed),
    "TT405": Rule("A scheduled minimum above the group's maximum", schedules.find_minimum_above_maximum),
    "TT406": Rule("A schedule that nothing undoes", schedules.find_lasting),
    "TT407": Rule("A lower minimum that opens inside a greater one", schedules.find_lower_within),
    "TT408": Rule("A scheduled minimum above a scheduled maximum", schedules.find_contradictions),
    "TT501": Rule("A name that does not fit a cloud", portability.find_names),
    "TT502": Rule("Tags that do not fit a cloud", portability.find_tags),
    "TT601": Rule("A newer image than the one that was kept", live.only_plans_know, live=True),
    "TT602": Rule("Instances on an old template", live.only_plans_know, live=True),
    "TT701": Rule("A comment that ignores nothing", comments.only_files_know, of_comments=True),
    "TT702": Rule("A comment that ignores an unknown check", comments.only_files_know, of_comments=True),
    "TT703": Rule("A comment that ignores a check without a reason", comments.only_files_know, of_comments=True),
    "TT704": Rule("A comment to trimtab that cannot be read", comments.only_files_know, of_comments=True),
    "TT801": Rule("A rollout that nothing looks at", rollouts.find_unwatched),
    "TT802": Rule("A rollout that cannot move", rollouts.find_stuck),
    "TT803": Rule("A rollout that its own alarm stops", rollouts.find_self_stopping),
    "TT804": Rule("A rollout that is judged once it has reached everybody", rollouts.find_no_way_back),
    "TT805": Rule("A gate on load balancers in a group without any", rollouts.find_no_balancer),
    "TT806": Rule("A rollout that its bakes alone make late", rollouts.find_short_deadline),
}
"""
1xx policies and alarms, 2xx health and template, 3xx purchase, 4xx schedules, 5xx portability, 6xx only in plans,
7xx comments of the file, 8xx rollouts.
"""


def all_rules() -> Mapping[str, Rule]:
    """The rules of trimtab, and those that other distributions bring."""
    return {**RULES, **outside_rules()}
