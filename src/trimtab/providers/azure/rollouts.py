"""Who does the parts of a rollout on Azure, where its driver does them in a way of its own."""

from collections.abc import Mapping

from trimtab.declarations.rollouts import SHARES, SHARES_IN_ONE, RolloutSupport, by_trimtab, refused

_NO_WEIGHTS = (
    "neither Azure Load Balancer nor Application Gateway sends shares of the requests to backend pools; leave it out: "
    "both groups are in the pool for `bake`"
)
ROLLOUTS: Mapping[str, RolloutSupport] = {
    "strategy: rolling": by_trimtab("new machines come and old ones go; Azure's own rolling upgrades stand still"),
    "max_unavailable": by_trimtab("instances are deleted, and the capacity is raised again at once"),
    "max_surge": by_trimtab(
        "the capacity is raised for a while, up to the maximum of the autoscale setting, which takes away what is "
        "above it"
    ),
    SHARES: refused(_NO_WEIGHTS),
    SHARES_IN_ONE: refused(_NO_WEIGHTS),
    "protected_instances: skip": by_trimtab(
        "those protected from scaling in or from actions of the scale set keep the old model"
    ),
    "standby_instances: skip": by_trimtab("machines that are stopped or deallocated keep the old model"),
    "standby_instances: replace": by_trimtab("machines that are stopped or deallocated are replaced by running ones"),
    "gates: balancer": by_trimtab("what the probe, or the health extension, says of an instance"),
    "gates: alarm": by_trimtab("metric alerts by their names in the resource group, or by their ids"),
    "gates: metric": by_trimtab("what Azure's hosts measure of each instance, as averages of a minute"),
    "on_failure: rollback": by_trimtab(
        "the old values are kept in tags of the scale set; a change of `template.user_data` or of the password, "
        "which Azure never gives back, is refused"
    ),
    "keep": by_trimtab("2 at most: a scale set has one model, and the values of the one before in its tags"),
}
"""By the parts of a rollout."""
