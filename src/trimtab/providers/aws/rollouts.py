"""What the provider for AWS declares of rollouts."""

from collections.abc import Mapping

from trimtab.declarations.rollouts import SHARES, RolloutSupport, by_trimtab, native, refused

ROLLOUTS: Mapping[str, RolloutSupport] = {
    "strategy: rolling": native("one instance refresh to a numbered version of the launch template"),
    "strategy: canary": native("an instance refresh up to each checkpoint, and one for the rest"),
    "max_unavailable": native("MinHealthyPercentage; in groups of more than a hundred rounded down to whole per cents"),
    "max_surge": native("MaxHealthyPercentage, at most 100 points above MinHealthyPercentage"),
    "min_healthy": native("MinHealthyPercentage; where neither it nor a surge leaves room, nothing is replaced"),
    "checkpoints": native(
        "CheckpointPercentages of what is left, to the instance in groups of up to a hundred; the refresh is cancelled "
        "there, and goes on by itself only if no process has looked for two days"
    ),
    "checkpoints.bake": by_trimtab("AWS has one delay for all checkpoints, of two days at most"),
    SHARES: native(
        "`Weight` of both target groups in each listener and rule that forwards to them; of a Network Load Balancer's "
        "for new connections"
    ),
    "bake": by_trimtab(
        "the last refresh has saved the new version by then: what is lost comes back with it, and the way back is a "
        "refresh to the old one"
    ),
    "skip_matching: false": refused(
        "a step is a refresh of what is left, and without skipping it would replace the new instances again; leave it "
        "out"
    ),
    "protected_instances: skip": native("ScaleInProtectedInstances: Ignore"),
    "protected_instances: replace": native("ScaleInProtectedInstances: Refresh"),
    "standby_instances: skip": native("StandbyInstances: Ignore"),
    "standby_instances: replace": native("StandbyInstances: Terminate"),
    "gates: alarm": by_trimtab("any number of metric and composite alarms; those without data count as quiet"),
    "gates: metric": by_trimtab(
        "GetMetricData by InstanceId: cpu, network, what the agent aggregates by InstanceId, and custom metrics with it"
    ),
    "on_failure: rollback": native(
        "RollbackInstanceRefresh while a refresh is on and AWS can; else a refresh to the old version"
    ),
    "on_failure: pause": native("CancelInstanceRefresh"),
    "on_failure: stop": native("CancelInstanceRefresh"),
    "keep": by_trimtab("versions of the launch template that bear the mark; one that is in use stays besides"),
}
"""By part, who does it where that differs from what a driver does."""
