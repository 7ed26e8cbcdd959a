"""
What Google Cloud refuses about the bodies that trimtab writes, each with its source; needs no SDK.

Sources that begin with `discovery` are places in Google's discovery documents: the document, the schema, the property.
"""

from trimtab.declarations.constraint import Citation, Constraints, Row, read_stated
from trimtab.declarations.limits import (
    AtMostTimes,
    Bytes,
    Count,
    Distinct,
    Excludes,
    Inside,
    Length,
    Multiple,
    Needs,
    Pattern,
    Range,
    TotalBytes,
    When,
)

TEMPLATE, MANAGER, AUTOSCALER = "instance-template", "group-manager", "autoscaler"
HEALTH_CHECK, ALERT, CHANNEL = "health-check", "alert-policy", "notification-channel"

_DOCS = "https://docs.cloud.google.com"
_DISK = "properties.disks[*].initializeParams"
_POLICY = "autoscalingPolicy"
_SCHEDULE = f"{_POLICY}.scalingSchedules{{*}}"
_CONDITION = "conditions[*].conditionThreshold"
_LABELS = "lower-case letters, digits, `-` and `_`, at most 63 characters"
_SPOT = When("properties.scheduling.provisioningModel", among=("SPOT",))
_RFC1035 = r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?"


def _compute(schema: str, path: str, quote: str) -> Citation:
    return Citation(f"discovery compute.v1 {schema}:{path}", quote)


def _monitoring(schema: str, path: str, quote: str) -> Citation:
    return Citation(f"discovery monitoring.v3 {schema}:{path}", quote)


def _custom_rows() -> tuple[Row, ...]:
    """What a custom machine type may be: https://docs.cloud.google.com/compute/docs/instances/creating-instance-with-custom-machine-type."""
    helper = "https://cloud.google.com/compute/docs/samples/compute-custom-machine-type-helper-class"
    sizes = r"custom-(?P<per>\d+)-(?P<number>\d+)"
    recent = Citation(
        helper, "cpuSeriesE2Limit: allowedCores: makeRange(2, 33, 2), minMemPerCore: 512, maxMemPerCore: 8192"
    )
    memory = "memory for each vCPU in MB"
    rules = (
        (Inside(r"(?:\w+-)?custom-(?!1-)(?P<number>\d+)-.*", Multiple(2), "the number of vCPUs"), recent),
        (Inside(r"(?:e2|n2|n2d|n4)-custom-(?P<number>\d+)-.*", Range(2), "the number of vCPUs"), recent),
        (Inside(rf"(?:e2|n2|n2d)-{sizes}(?:-ext)?", Range(512), memory), recent),
        (Inside(rf"(?:e2|n2|n2d)-{sizes}", Range(most=8192), memory), recent),
        (
            Inside(r"(?:\w+-)?custom-\w+-(?P<number>\d+)(?:-ext)?", Multiple(256), "memory in MB"),
            Citation(
                "https://googleapis.dev/dotnet/Google.Apis.Cloudbilling.v1beta/latest/api/"
                "Google.Apis.Cloudbilling.v1beta.Data.CustomMachineType.html",
                "Must be an increment of 0.25 (256 MB).",
            ),
        ),
        (
            Pattern(r"(?!(c|t)\d\w*-custom).*", "series C and Tau have no custom machine types"),
            Citation(
                "https://cloud.google.com/compute/docs/instances/creating-instance-with-custom-machine-type?hl=JA",
                "カスタム マシンタイプは、C マシンシリーズと Tau マシンシリーズでは使用できません。",
            ),
        ),
    )
    return tuple(
        Row(kind=TEMPLATE, leaf="properties.machineType", rule=rule, source=source, fix="choose another size")
        for rule, source in rules
    )


def _label_rows(kind: str, labels: str, source: Citation) -> tuple[Row, ...]:
    return (
        Row(kind=kind, leaf=labels, rule=Count(most=64, what="labels, with trimtab's own"), source=source),
        Row(
            kind=kind,
            leaf=f"{labels}{{key}}",
            rule=Pattern(r"[^\W\d_A-Z]([^\WA-Z]|-){0,62}", f"names of labels are of {_LABELS}, a letter first"),
            source=source,
        ),
        Row(
            kind=kind,
            leaf=f"{labels}{{*}}",
            rule=Pattern(r"([^\WA-Z]|-){0,63}", f"values of labels are of {_LABELS}"),
            source=source,
        ),
    )


_LATE = _compute(
    "HealthCheck",
    "timeoutSec",
    "The default value is 5 seconds. It is invalid for timeoutSec to have greater value than checkIntervalSec.",
)
_BALANCED = "You can specify up to 160,000 IOPS and 2,400 MiB/s of throughput for a single Hyperdisk Balanced volume."
_RESOURCE_LABELS = Citation(
    f"{_DOCS}/pubsub/docs/labels",
    "The labels applied to a resource must meet the following requirements: Each resource can have up to 64 labels. "
    "Each label must be a key-value pair. Keys have a minimum length of 1 character and a maximum length of 63 "
    "characters, and cannot be empty.",
)

WRITTEN: tuple[Row, ...] = (
    # instance templates
    Row(
        kind=TEMPLATE,
        leaf="properties.metadata.items[*].value",
        rule=Bytes(262144),
        source=Citation(
            "https://cloud.google.com/dotnet/docs/reference/Google.Cloud.Compute.V1/latest/"
            "Google.Cloud.Compute.V1.Items",
            "The only restriction placed on values is that their size must be less than or equal to 262144 bytes "
            "(256 KiB).",
        ),
        fix="keep the script in a bucket and fetch it when the instance starts",
    ),
    Row(
        kind=TEMPLATE,
        leaf="properties.metadata.items",
        rule=TotalBytes(512 * 1024 - 1),
        source=_compute(
            "InstanceTemplate",
            "properties.metadata.items",
            "The total size of all keys and values must be less than 512 KB.",
        ),
        fix="keep the larger values in a bucket",
    ),
    Row(
        kind=TEMPLATE,
        leaf="properties.tags.items",
        rule=Count(most=64, what="network tags"),
        source=Citation(
            f"{_DOCS}/vpc/docs/add-remove-network-tags",
            "All tags for a VM must be unique. You can assign up to 64 different tags per VM.",
        ),
    ),
    Row(
        kind=TEMPLATE,
        leaf="properties.tags.items",
        rule=Distinct(),
        source=Citation(f"{_DOCS}/vpc/docs/add-remove-network-tags", "All tags for a VM must be unique."),
    ),
    Row(
        kind=TEMPLATE,
        leaf=f"{_DISK}.diskSizeGb",
        rule=Range(10, unit="GB"),
        source=_compute("InstanceTemplate", f"{_DISK}.diskSizeGb", "The size must be at least 10 GB."),
    ),
    Row(
        kind=TEMPLATE,
        leaf=f"{_DISK}.diskSizeGb",
        rule=Range(most=65536, unit="GB"),
        source=Citation(
            f"{_DOCS}/compute/docs/disks/persistent-disks", "Persistent Disk volumes can be up to 64 TiB in size."
        ),
    ),
    Row(
        kind=TEMPLATE,
        leaf=f"{_DISK}.provisionedIops",
        rule=Needs(
            (When(f"{_DISK}.diskType", fits="pd-extreme|hyperdisk-(balanced|extreme)"),),
            "is for Hyperdisk Balanced, Hyperdisk Extreme and Extreme Persistent Disk",
        ),
        source=Citation(
            "https://github.com/cloudpilot-ai/karpenter-provider-gcp/pull/210",
            "provisionedIOPS is only accepted for pd-extreme, hyperdisk-balanced, "
            "hyperdisk-balanced-high-availability, and hyperdisk-extreme",
        ),
        fix="leave `iops` out, or use `type: hyperdisk-balanced`",
    ),
    Row(
        kind=TEMPLATE,
        leaf=f"{_DISK}.provisionedIops",
        rule=Range(10000, 120000),
        source=_compute("InstanceTemplate", f"{_DISK}.provisionedIops", "Values must be between 10,000 and 120,000."),
        when=(When(f"{_DISK}.diskType", fits="pd-extreme"),),
    ),
    Row(
        kind=TEMPLATE,
        leaf=f"{_DISK}.provisionedThroughput",
        rule=Needs((When(f"{_DISK}.diskType", fits="hyperdisk-(balanced|throughput|ml)"),), "is for Hyperdisks"),
        source=Citation(
            "https://github.com/cloudpilot-ai/karpenter-provider-gcp/pull/210",
            "provisionedThroughput is only accepted for hyperdisk-balanced, hyperdisk-balanced-high-availability, "
            "hyperdisk-throughput, and hyperdisk-ml",
        ),
        fix="leave `throughput` out, or use `type: hyperdisk-balanced`",
    ),
    *(
        Row(
            kind=TEMPLATE,
            leaf=f"{_DISK}.{name}",
            rule=Needs((When(f"{_DISK}.diskSizeGb"),), "takes a size beside it"),
            source=Citation(
                f"{_DOCS}/compute/docs/disks/hd-types/hyperdisk-ml",
                "You can't specify an IOPS or throughput level if you don't specify a size.",
            ),
            when=(When(f"{_DISK}.diskType", fits="hyperdisk"),),
            fix="add `size_gb`",
        )
        for name in ("provisionedIops", "provisionedThroughput")
    ),
    Row(
        kind=TEMPLATE,
        leaf=f"{_DISK}.diskType",
        rule=Pattern(r"(?!hyperdisk-(extreme|throughput|ml)).*", "such a disk cannot be a boot disk"),
        source=Citation(
            f"{_DOCS}/compute/docs/disks/add-hyperdisk",
            "For Hyperdisk Balanced volumes, you can also create boot disks and data disks.",
        ),
        when=(When(f"{_DISK}.sourceImage"),),
    ),
    Row(
        kind=TEMPLATE,
        leaf=f"{_DISK}.diskType",
        rule=Pattern(r"hyperdisk-.*", "such a machine takes Hyperdisks alone"),
        source=Citation(
            "https://github.com/GoogleCloudPlatform/PerfKitBenchmarker/pull/4950",
            "Ensure PKB correctly provisions C4 instances with hyperdisk storage only, as they are hyperdisk-exclusive "
            "machines (like N4 instances).",
        ),
        when=(When("properties.machineType", fits=r"(.*/)?(c4|n4)-"),),
        fix="use `type: hyperdisk-balanced`",
    ),
    Row(
        kind=TEMPLATE,
        leaf=f"{_DISK}.diskType",
        rule=Pattern(r"(?!hyperdisk-balanced).*", "such a machine takes no Hyperdisk Balanced"),
        source=Citation(
            "https://github.com/nextflow-io/nextflow/pull/6841",
            "hyperdisk-balanced disks are not compatible with all machine families. For example, N1, N2, and N2D do "
            "not support Hyperdisk types",
        ),
        when=(When("properties.machineType", fits=r"(.*/)?(n1|n2|n2d)-"),),
        fix="use `type: pd-balanced`, or another size",
    ),
    Row(
        kind=TEMPLATE,
        leaf=f"{_DISK}.diskType",
        rule=Pattern(r"(?!hyperdisk-).*", "such a machine takes no Hyperdisk"),
        source=Citation(
            "https://github.com/nextflow-io/nextflow/pull/6841",
            "From the list of not supported local ssd, only E2 do not support hyperdisk.",
        ),
        when=(When("properties.machineType", fits=r"(.*/)?(e2|f1|g1)-"),),
        fix="use `type: pd-balanced`, or another size",
    ),
    *_custom_rows(),
    *(
        Row(
            kind=TEMPLATE,
            leaf=f"{_DISK}.{leaf}",
            rule=rule,
            source=Citation(f"{_DOCS}/compute/docs/disks/hd-types/{kind}", quote),
            when=(When(f"{_DISK}.diskType", fits=f"{kind}$"),),
        )
        for leaf, kind, rule, quote in (
            *(
                (leaf, "hyperdisk-balanced", Range(most=most), _BALANCED)
                for leaf, most in (("provisionedIops", 160000), ("provisionedThroughput", 2400))
            ),
            ("provisionedIops", "hyperdisk-extreme", Range(128, 350000), "IOPS: between 128 and 350,000 IOPS."),
            ("diskSizeGb", "hyperdisk-extreme", Range(64, unit="GB"), "Size: between 64 GiB and 64 TiB."),
        )
    ),
    Row(
        kind=TEMPLATE,
        leaf=f"{_DISK}.provisionedThroughput",
        rule=Range(1),
        source=_compute(
            "InstanceTemplate", f"{_DISK}.provisionedThroughput", "Values must greater than or equal to 1."
        ),
    ),
    Row(
        kind=TEMPLATE,
        leaf="properties.reservationAffinity",
        rule=Excludes(_SPOT, "cannot stand beside Spot instances"),
        source=Citation(
            "https://github.com/hashicorp/terraform-provider-google/blob/main/website/docs/r/"
            "compute_reservation.html.markdown",
            "Reservations do not apply to `f1-micro` or `g1-small` machine types, preemptible VMs, sole tenant nodes",
        ),
        when=(When("properties.reservationAffinity.consumeReservationType", among=("SPECIFIC_RESERVATION",)),),
        fix="leave `purchase.reservation` or `purchase.spot` out",
    ),
    *_label_rows(TEMPLATE, "properties.labels", _RESOURCE_LABELS),
    # health checks
    *(
        Row(
            kind=HEALTH_CHECK,
            leaf=f"{name}.port",
            rule=Range(1, 65535),
            source=_compute("HealthCheck", "grpcHealthCheck.port", "Valid values are 1 through 65535."),
        )
        for name in ("httpHealthCheck", "httpsHealthCheck", "tcpHealthCheck")
    ),
    *(
        Row(
            kind=HEALTH_CHECK,
            leaf=f"{name}.requestPath",
            rule=Pattern(r"/\S*", "a path begins with `/` and has no spaces"),
            source=_compute("HealthCheck", f"{name}.requestPath", "Must comply withRFC3986."),
        )
        for name in ("httpHealthCheck", "httpsHealthCheck")
    ),
    Row(
        kind=HEALTH_CHECK,
        leaf="checkIntervalSec",
        rule=Range(1, unit="s"),
        source=_compute("HealthCheck", "checkIntervalSec", "How often (in seconds) to send a health check."),
    ),
    Row(
        kind=HEALTH_CHECK,
        leaf="timeoutSec",
        rule=Range(1, unit="s"),
        source=_compute("HealthCheck", "timeoutSec", "How long (in seconds) to wait before claiming failure."),
    ),
    Row(
        kind=HEALTH_CHECK,
        leaf="timeoutSec",
        rule=AtMostTimes("checkIntervalSec", 1),
        source=_LATE,
    ),
    Row(
        kind=HEALTH_CHECK,
        leaf="timeoutSec",
        rule=Range(most=5, unit="s"),
        source=_LATE,
        when=(When("checkIntervalSec", absent=True),),
        fix="give an `interval` that is as long",
    ),
    Row(
        kind=HEALTH_CHECK,
        leaf="checkIntervalSec",
        rule=Range(least=5, unit="s"),
        source=_LATE,
        when=(When("timeoutSec", absent=True),),
        fix="give a `timeout` that is as short",
    ),
    *(
        Row(
            kind=HEALTH_CHECK,
            leaf=leaf,
            rule=Range(1, 10),
            source=Citation(
                "https://github.com/jclouds/jclouds-labs-google/pull/137",
                f"Invalid value for field 'resource.{leaf}': '{value}'.  Must be less than or equal to 10",
            ),
        )
        for leaf, value in (("unhealthyThreshold", 15), ("healthyThreshold", 30))
    ),
    # managers of groups
    Row(
        kind=MANAGER,
        leaf="baseInstanceName",
        rule=Pattern(r"[a-z]([-a-z0-9]{0,56}[a-z0-9])?", "lower-case letters, digits and `-`, at most 58 characters"),
        source=_compute(
            "InstanceGroupManager",
            "baseInstanceName",
            "The maximum character length is 58 and the name must comply with RFC1035 format.",
        ),
    ),
    Row(
        kind=MANAGER,
        leaf="autoHealingPolicies[*].initialDelaySec",
        rule=Range(0, 3600, unit="s"),
        source=_compute(
            "InstanceGroupManager",
            "autoHealingPolicies[*].initialDelaySec",
            "The value of initial delay must be between 0 and 3600 seconds.",
        ),
    ),
    Row(
        kind=MANAGER,
        leaf="namedPorts[*].port",
        rule=Range(1, 65535),
        source=_compute(
            "InstanceGroupManager",
            "namedPorts[*].port",
            "The port number, which can be a value between 1 and 65535.",
        ),
    ),
    Row(
        kind=MANAGER,
        leaf="namedPorts[*].name",
        rule=Pattern(_RFC1035, "lower-case letters, digits and `-`, at most 63 characters"),
        source=_compute(
            "InstanceGroupManager",
            "namedPorts[*].name",
            "The name must be 1-63 characters long, and comply withRFC1035.",
        ),
    ),
    # autoscalers
    Row(
        kind=AUTOSCALER,
        leaf=f"{_POLICY}.minNumReplicas",
        rule=Range(0),
        source=_compute("Autoscaler", f"{_POLICY}.minNumReplicas", "This cannot be less than 0."),
    ),
    Row(
        kind=AUTOSCALER,
        leaf=f"{_POLICY}.maxNumReplicas",
        rule=AtMostTimes(f"{_POLICY}.minNumReplicas", 1, least=True),
        source=_compute(
            "Autoscaler",
            f"{_POLICY}.maxNumReplicas",
            "The maximum number of replicas must not be lower than minimal number of replicas.",
        ),
    ),
    Row(
        kind=AUTOSCALER,
        leaf=f"{_POLICY}.cpuUtilization.utilizationTarget",
        rule=Range(0.000001, 1),
        source=_compute(
            "Autoscaler",
            f"{_POLICY}.cpuUtilization.utilizationTarget",
            "Must be a float value in the range (0, 1].",
        ),
    ),
    *(
        Row(
            kind=AUTOSCALER,
            leaf=f"{_POLICY}.{leaf}",
            rule=Range(0.000001),
            source=_compute("Autoscaler", f"{_POLICY}.{leaf}", quote),
        )
        for leaf, quote in (
            ("customMetricUtilizations[*].utilizationTarget", "This must be a positive value."),
            ("loadBalancingUtilization.utilizationTarget", "Must be a positive float value."),
        )
    ),
    Row(
        kind=AUTOSCALER,
        leaf=f"{_POLICY}.coolDownPeriodSec",
        rule=Range(0, unit="s"),
        source=_compute(
            "Autoscaler",
            f"{_POLICY}.coolDownPeriodSec",
            "The number of seconds that your application takes to initialize on a VM instance.",
        ),
    ),
    Row(
        kind=AUTOSCALER,
        leaf=f"{_POLICY}.stabilizationPeriodSec",
        rule=Range(0, 3600, unit="s"),
        source=Citation(
            "https://github.com/takech9203/google-cloud-news-summary",
            "安定化期間を 0 秒から 3600 秒 (1 時間) の範囲で自由に設定可能になった",
        ),
    ),
    Row(
        kind=AUTOSCALER,
        leaf=f"{_POLICY}.customMetricUtilizations",
        rule=Count(most=5, what="metrics"),
        source=Citation(
            f"{_DOCS}/compute/docs/autoscaler/scaling-cloud-monitoring-metrics",
            "You can configure autoscaling based on up to 5 Monitoring metrics per MIG.",
        ),
    ),
    Row(
        kind=AUTOSCALER,
        leaf=f"{_POLICY}.scalingSchedules",
        rule=Count(most=128, what="schedules"),
        source=_compute("Autoscaler", f"{_POLICY}.scalingSchedules", "Up to 128 scaling schedules are allowed."),
    ),
    Row(
        kind=AUTOSCALER,
        leaf=f"{_SCHEDULE}.durationSec",
        rule=Range(300, unit="s"),
        source=_compute("Autoscaler", f"{_SCHEDULE}.durationSec", "The minimum allowed value is 300."),
    ),
    # alert policies and those who are told
    Row(
        kind=ALERT,
        leaf="conditions",
        rule=Count(1, 6, what="conditions"),
        source=_monitoring("AlertPolicy", "conditions", "A policy can have from one to six conditions."),
    ),
    Row(
        kind=ALERT,
        leaf=f"{_CONDITION}.aggregations[*].alignmentPeriod",
        rule=Range(60, unit="s"),
        source=_monitoring(
            "AlertPolicy", f"{_CONDITION}.aggregations[*].alignmentPeriod", "The value must be at least 60 seconds."
        ),
    ),
    Row(
        kind=ALERT,
        leaf=f"{_CONDITION}.aggregations[*].alignmentPeriod",
        rule=Range(most=90000, unit="s"),
        source=_monitoring(
            "AlertPolicy",
            f"{_CONDITION}.aggregations[*].alignmentPeriod",
            "90,000 seconds (25 hours) for alerting policies.",
        ),
    ),
    Row(
        kind=ALERT,
        leaf=f"{_CONDITION}.duration",
        rule=Multiple(60, unit="s"),
        source=_monitoring(
            "AlertPolicy",
            f"{_CONDITION}.duration",
            "Currently, only values that are a multiple of a minute--e.g., 0, 60, 120, or 300 seconds--are supported.",
        ),
    ),
    Row(
        kind=ALERT,
        leaf="documentation.content",
        rule=Length(most=8192),
        source=_monitoring(
            "AlertPolicy", "documentation.content", "The content may not exceed 8,192 Unicode characters"
        ),
    ),
    Row(
        kind=ALERT,
        leaf="documentation.content",
        rule=Bytes(10240),
        source=_monitoring(
            "AlertPolicy",
            "documentation.content",
            "may not exceed more than 10,240 bytes when encoded in UTF-8 format",
        ),
    ),
    Row(
        kind=ALERT,
        leaf="notificationChannels",
        rule=Count(most=16, what="channels"),
        source=Citation(
            "https://github.com/mchmarny/stackdriver-notification-handler",
            "Stackdriver has a limit of 16 notification channels.",
        ),
    ),
    *_label_rows(
        ALERT,
        "userLabels",
        _monitoring(
            "AlertPolicy",
            "userLabels",
            "The field can contain up to 64 entries. Each key and value is limited to 63 Unicode characters or 128 "
            "bytes, whichever is smaller.",
        ),
    ),
    Row(
        kind=CHANNEL,
        leaf="labels.email_address",
        rule=Pattern(r"[^@\s]+@[^@\s]+", "write an e-mail address"),
        source=_monitoring(
            "NotificationChannel", "labels", "Configuration fields that define the channel and its behavior."
        ),
    ),
)
"""What the documents say in sentences, and what pages of Google say: taken over by hand."""

STATED = read_stated("trimtab.providers.gcp")
CONSTRAINTS = Constraints((*STATED.rows, *WRITTEN), name="Google Cloud", checked=STATED.checked)
