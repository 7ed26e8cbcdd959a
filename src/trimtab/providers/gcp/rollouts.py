"""What the provider for Google Cloud declares of rollouts."""

from collections.abc import Mapping

from trimtab.declarations.rollouts import SHARES, SHARES_IN_ONE, RolloutSupport, by_trimtab, native

_UNPROTECTED = "Compute Engine protects no instance from scaling in"
ROLLOUTS: Mapping[str, RolloutSupport] = {
    "strategy: rolling": native("the updater of the group, whose update policy is as before at the end"),
    "strategy: canary": native("a second version with a target size"),
    "max_unavailable": native(
        "`maxUnavailable`; where it is below the number of zones of a group, trimtab names the instances one by one"
    ),
    "max_surge": native(
        "`maxSurge`; none, or at least as many as the group has zones: a share that is fewer is as many as that"
    ),
    "min_healthy": native("as the bound of `maxUnavailable`"),
    "checkpoints": native("the target size of the new version"),
    SHARES: native("`weightedBackendServices` of each route of a URL map that sends requests to both services"),
    SHARES_IN_ONE: native("`capacityScaler` of both groups in the backend service: about such shares of the requests"),
    "protected_instances: skip": by_trimtab(_UNPROTECTED),
    "protected_instances: replace": by_trimtab(f"{_UNPROTECTED}; all are replaced"),
    "gates: balancer": by_trimtab("what each backend service, and the group's own health check, says of an instance"),
    "gates: alarm": by_trimtab("an alert policy with an open alert, by its display name"),
    "gates: metric": by_trimtab("a metric of instances: cpu, network, the agent's, or one's own without dimensions"),
    "batch_timeout": by_trimtab("the updater itself waits for ever for an instance to be healthy"),
    "on_failure: rollback": native("the old template again, within the same bounds"),
    "on_failure: pause": by_trimtab("the updater is made to stand still (`OPPORTUNISTIC`)"),
    "on_failure: stop": by_trimtab("the updater is made to stand still (`OPPORTUNISTIC`)"),
    "keep": by_trimtab("instance templates, the newest by the time of their creation"),
}
"""
By part, who does it where that differs from what a driver does.

https://cloud.google.com/compute/docs/instance-groups/rolling-out-updates-to-managed-instance-groups
"""
