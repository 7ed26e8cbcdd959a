"""The native kinds of Google Cloud, one row each; the one diff reads them."""

from collections.abc import Mapping

from trimtab.plan import Field, Kind, MarkPlace

_MACHINE = "properties"
_CARD = f"{_MACHINE}.networkInterfaces[*]"
_DISK = f"{_MACHINE}.disks[*]"
_POLICY = "autoscalingPolicy"
_CUSTOM = f"{_POLICY}.customMetricUtilizations[*]"
_WINDOW = f"{_POLICY}.scalingSchedules"
_CONDITION = "conditions[*].conditionThreshold"
_PROMQL = "conditions[*].conditionPrometheusQueryLanguage"
_THRESHOLDS = "above at_least below at_most"

_IDENTITY = frozenset({"kind", "id", "name", "selfLink", "creationTimestamp", "region", "fingerprint"})
_RECORDS = frozenset({"name", "creationRecord"})

CHANNEL = Kind(
    name="notification-channel",
    label="notification channel",
    rank=0,
    mark=MarkPlace.LABELS,
    fields=(
        Field(path="type", models="alarms", immutable=True),
        Field(path="labels", models="alarms"),
        Field(path="enabled", models="alarms", default=True),
    ),
    states=_RECORDS | {"mutationRecords", "verificationStatus"},
    replaces=True,
)

TEMPLATE = Kind(
    name="instance-template",
    label="instance template",
    rank=0,
    mark=MarkPlace.DESCRIPTION,
    defaults={
        f"{_MACHINE}.disks[*].boot": [True],
        f"{_MACHINE}.disks[*].mode": ["READ_WRITE"],
        f"{_MACHINE}.disks[*].type": ["PERSISTENT"],
        f"{_MACHINE}.networkInterfaces[*].name": ["nic0"],
    },
    fields=(
        Field(path=f"{_MACHINE}.machineType", models="template.size"),
        Field(path=f"{_MACHINE}.labels", models="tags template.tags"),
        Field(path=f"{_MACHINE}.tags.items", models="template.security_groups gcp.network_tags"),
        Field(
            path=f"{_MACHINE}.metadata.items[startup-script].value",
            models="template.user_data template.variables template.agents",
        ),
        Field(
            path=f"{_MACHINE}.metadata.items[user-data].value",
            models="template.user_data_parts template.variables template.metadata",
        ),
        Field(path=f"{_MACHINE}.metadata.items[ssh-keys].value", models="template.ssh_key"),
        Field(path=f"{_MACHINE}.metadata.items[*].value", models="template.metadata"),
        Field(path=f"{_MACHINE}.serviceAccounts", models="template.role gcp.scopes"),
        Field(path=f"{_DISK}.initializeParams.sourceImage", models="template.image template.size.architecture"),
        Field(path=f"{_DISK}.initializeParams.diskSizeGb", models="template.disks.size_gb"),
        Field(path=f"{_DISK}.initializeParams.diskType", models="template.disks.type"),
        Field(path=f"{_DISK}.initializeParams.provisionedIops", models="template.disks.iops"),
        Field(path=f"{_DISK}.initializeParams.provisionedThroughput", models="template.disks.throughput"),
        Field(path=f"{_DISK}.diskEncryptionKey", models="template.disks.key"),
        Field(path=f"{_DISK}.deviceName", models="template.disks.device"),
        Field(path=f"{_DISK}.autoDelete", models="template.disks.keep template.disks"),
        Field(path=f"{_CARD}.network", models="placement.subnets placement.network"),
        Field(path=f"{_CARD}.subnetwork", models="placement.subnets placement.network"),
        Field(path=f"{_CARD}.accessConfigs[*].type", models="template.public_address"),
        Field(path=f"{_CARD}.accessConfigs[*].name", models="template.public_address"),
        Field(path=f"{_MACHINE}.scheduling.provisioningModel", models="purchase.spot", default="STANDARD"),
        Field(path=f"{_MACHINE}.scheduling.instanceTerminationAction", models="purchase.spot"),
        Field(path=f"{_MACHINE}.scheduling.preemptible", models="purchase.spot", default=False),
        # of an instance that is no Spot VM and has no GPU, no field says these
        Field(path=f"{_MACHINE}.scheduling.automaticRestart", default=True),
        Field(path=f"{_MACHINE}.scheduling.onHostMaintenance", default="MIGRATE"),
        Field(path=f"{_MACHINE}.reservationAffinity", models="purchase.reservation"),
    ),
    maps={f"{_MACHINE}.metadata.items": "key"},
    states=frozenset({f"{_CARD}.kind", f"{_CARD}.fingerprint", f"{_DISK}.kind", f"{_DISK}.index"}),
    content_addressed=True,
    is_template=True,
)

HEALTH_CHECK = Kind(
    name="health-check",
    label="health check",
    rank=0,
    mark=MarkPlace.DESCRIPTION,
    defaults={
        "checkIntervalSec": [5],
        "timeoutSec": [5],
        "healthyThreshold": [2],
        "unhealthyThreshold": [2],
    },
    fields=(
        Field(path="type", models="health_check.path health_check.protocol health_check.port health_check.by"),
        Field(path="httpHealthCheck.port", models="health_check.port"),
        Field(path="httpHealthCheck.requestPath", models="health_check.path"),
        Field(path="httpsHealthCheck.port", models="health_check.port"),
        Field(path="httpsHealthCheck.requestPath", models="health_check.path"),
        Field(path="httpHealthCheck.host", models="health_check.host"),
        Field(path="httpsHealthCheck.host", models="health_check.host"),
        Field(path="tcpHealthCheck.port", models="health_check.port"),
        Field(path="checkIntervalSec", models="health_check.interval", default=5),
        Field(path="timeoutSec", models="health_check.timeout", default=5),
        Field(path="healthyThreshold", models="health_check.healthy_threshold", default=2),
        Field(path="unhealthyThreshold", models="health_check.unhealthy_threshold", default=2),
    ),
    states=_IDENTITY,
)

MANAGER = Kind(
    name="group-manager",
    label="managed instance group",
    rank=1,
    mark=MarkPlace.DESCRIPTION,
    defaults={
        "listManagedInstancesResults": ["PAGELESS"],
        "updatePolicy.type": ["OPPORTUNISTIC"],
        "updatePolicy.minimalAction": ["REPLACE"],
        "updatePolicy.replacementMethod": ["SUBSTITUTE"],
        "updatePolicy.instanceRedistributionType": ["PROACTIVE"],
        # as many as the group has zones
        "updatePolicy.maxSurge.fixed": range(5),
        "updatePolicy.maxUnavailable.fixed": range(5),
        "instanceLifecyclePolicy.defaultActionOnFailure": ["REPAIR"],
        "instanceLifecyclePolicy.forceUpdateOnRepair": ["NO"],
        "instanceLifecyclePolicy.onFailedHealthCheck": ["DEFAULT_ACTION"],
    },
    fields=(
        Field(path="zone", models="placement.zones", immutable=True),
        Field(path="baseInstanceName", models="gcp.base_instance_name native_name", immutable=True),
        Field(path="versions[*].instanceTemplate", models="template"),
        Field(path="targetSize", models="capacity.desired"),
        Field(path="updatePolicy.type", models="template", default="OPPORTUNISTIC"),
        Field(
            path="updatePolicy.instanceRedistributionType",
            models="gcp.target_shape",
            default="PROACTIVE",
        ),
        Field(path="autoHealingPolicies[*].healthCheck", models="health_check.by health_check.path"),
        Field(path="autoHealingPolicies[*].initialDelaySec", models="health_check.grace", server_default=True),
        Field(path="namedPorts", models="gcp.named_ports load_balancers.port"),
        Field(path="targetPools", models="load_balancers.id load_balancers.name"),
        Field(path="distributionPolicy.zones", models="placement.zones", immutable=True, server_default=True),
        Field(path="distributionPolicy.targetShape", models="gcp.target_shape", default="EVEN"),
        Field(
            path="instanceFlexibilityPolicy.instanceSelections",
            models="purchase.sizes purchase.sizes.size purchase.strategy template.size",
        ),
        Field(path="statefulPolicy.preservedState.disks", models="template.disks.stateful template.disks.keep"),
        Field(path="statefulPolicy.preservedState.internalIPs", models="template.internal_address"),
        Field(path="statefulPolicy.preservedState.externalIPs", models="template.external_address"),
        *(
            Field(path=f"updatePolicy.{name}", models="template.disks.stateful", server_default=True)
            for name in ("replacementMethod", "maxSurge.fixed")
        ),
        Field(path="targetStoppedSize", models="gcp.stopped", default=0),
        Field(path="targetSuspendedSize", models="gcp.suspended", default=0),
    ),
    sets=frozenset({"namedPorts", "targetPools", "distributionPolicy.zones"}),
    # the template of the first version is said twice
    states=_IDENTITY
    | {"instanceGroup", "currentActions", "status", "satisfiesPzi", "satisfiesPzs", "instanceTemplate"}
    | {"updatePolicy.maxSurge.calculated", "updatePolicy.maxUnavailable.calculated"},
    holds_instances=True,
    template=("versions",),
)

AUTOSCALER = Kind(
    name="autoscaler",
    label="autoscaler",
    rank=2,
    mark=MarkPlace.DESCRIPTION,
    objects=(_WINDOW,),
    fields=(
        Field(path="zone", models="placement.zones", immutable=True),
        Field(path="target", models="native_name", immutable=True),
        Field(path=f"{_POLICY}.minNumReplicas", models="capacity.min schedules.*.min"),
        Field(path=f"{_POLICY}.maxNumReplicas", models="capacity.max schedules.*.max"),
        Field(path=f"{_POLICY}.mode", models="policies policies.*.scale_in policies.*.enabled gcp.mode", default="ON"),
        Field(
            path=f"{_POLICY}.coolDownPeriodSec",
            models="gcp.initialization warm_up policies.*.warm_up",
            default=60,
        ),
        Field(path=f"{_POLICY}.stabilizationPeriodSec", models="gcp.stabilization stabilization", default=600),
        Field(
            path=f"{_POLICY}.cpuUtilization.utilizationTarget",
            models="policies.*.target policies.*.metric policies.*.statistic",
        ),
        Field(
            path=f"{_POLICY}.cpuUtilization.predictiveMethod",
            models="policies.*.mode policies.*.buffer",
            default="NONE",
        ),
        Field(
            path=f"{_POLICY}.loadBalancingUtilization.utilizationTarget", models="policies.*.target policies.*.metric"
        ),
        Field(path=f"{_CUSTOM}.filter", models="policies.*.metric"),
        Field(path=f"{_CUSTOM}.utilizationTarget", models="policies.*.target"),
        Field(path=f"{_CUSTOM}.utilizationTargetType", models="policies.*.metric"),
        Field(path=f"{_CUSTOM}.singleInstanceAssignment", models="policies.*.target"),
        Field(path=f"{_POLICY}.scaleInControl.maxScaledInReplicas.fixed", models="gcp.scale_in_limit"),
        Field(path=f"{_POLICY}.scaleInControl.timeWindowSec", models="gcp.scale_in_window gcp.scale_in_limit"),
        Field(
            path=_WINDOW,
            models="schedules.*.cron schedules.*.at schedules.*.until schedules.*.duration schedules.*.zone "
            "schedules.*.skip_dates schedules.*.only_dates schedules.*.description",
        ),
    ),
    maps={f"{_POLICY}.customMetricUtilizations": "metric"},
    replaces=True,
    blocks_delete_of=MANAGER.name,
)

BACKEND = Kind(
    name="backend",
    label="backend of a load balancer",
    rank=3,
    mark=MarkPlace.PARENT,
    parent=MANAGER.name,
    deleted_before_parent=True,
    fields=(
        Field(path="group", models="load_balancers.name load_balancers.id"),
        Field(path="balancingMode", models="policies.*.metric load_balancers", server_default=True),
        Field(path="maxRatePerInstance", models="policies.*.target"),
        Field(path="drain", models="load_balancers.drain", server_default=True),
    ),
)

ALERT_POLICY = Kind(
    name="alert-policy",
    label="alert policy",
    rank=4,
    mark=MarkPlace.LABELS,
    fields=(
        Field(path="enabled", models="enabled", default=True),
        Field(path="documentation.content", models="description"),
        Field(path="combiner", models="metric", default="OR"),
        Field(path="severity", models="severity"),
        Field(path=f"{_CONDITION}.filter", models="metric"),
        Field(path=f"{_CONDITION}.comparison", models=_THRESHOLDS),
        Field(path=f"{_CONDITION}.thresholdValue", models=_THRESHOLDS),
        Field(path=f"{_CONDITION}.duration", models="period periods datapoints"),
        Field(path=f"{_CONDITION}.aggregations", models="period statistic"),
        Field(path=f"{_CONDITION}.evaluationMissingData", models="missing"),
        Field(path=f"{_CONDITION}.trigger", models="metric"),
        Field(path=f"{_PROMQL}.query", models=f"metric {_THRESHOLDS}"),
        Field(path=f"{_PROMQL}.duration", models="period periods datapoints"),
        Field(path=f"{_PROMQL}.evaluationInterval", models="period"),
        Field(path="alertStrategy.notificationPrompts", models="notify notify_ok"),
        Field(path="notificationChannels", models="notify notify_ok"),
    ),
    maps={"conditions": "displayName"},
    names={f"{_CONDITION}.filter": MANAGER.name},
    sets=frozenset({"alertStrategy.notificationPrompts", "notificationChannels"}),
    states=_RECORDS | {"mutationRecord", "validity"},
    replaces=True,
)

KINDS: Mapping[str, Kind] = {
    kind.name: kind for kind in (CHANNEL, TEMPLATE, HEALTH_CHECK, MANAGER, AUTOSCALER, BACKEND, ALERT_POLICY)
}
