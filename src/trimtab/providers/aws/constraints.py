"""
What AWS refuses about the bodies that trimtab writes, each with its source; needs no SDK.

Sources that begin with `botocore` are paths in the service models that botocore ships: `service:Shape.member`.
"""

from trimtab.declarations.constraint import Citation, Constraints, Row, read_stated
from trimtab.declarations.limits import (
    AllOrNone,
    AtMostTimes,
    Bytes,
    Choice,
    Count,
    Distinct,
    Excludes,
    Needs,
    OneOf,
    Pattern,
    ProductAtMost,
    Range,
    When,
)

GROUP, TEMPLATE, POLICY = "autoscaling-group", "launch-template", "scaling-policy"
ACTION, ALARM = "scheduled-action", "metric-alarm"

_DATA = "LaunchTemplateData"
_DISK = f"{_DATA}.BlockDeviceMappings[*].Ebs"
_MIXED = "MixedInstancesPolicy"
_SHARES = f"{_MIXED}.InstancesDistribution"
_OVERRIDES = f"{_MIXED}.LaunchTemplate.Overrides"
_HOOK = "LifecycleHookSpecificationList[*]"
_POOL = "WarmPoolConfiguration"
_AHEAD = "PredictiveScalingConfiguration"
_ARN = r"arn:[\w-]+:[\w-]+:[^:]*:[^:]*:.+"
_ASCII = r"(?=.*[\x21-\x7e])[\x20-\x7e]+"
_EC2_ACTION = r"arn:aws[\w-]*:(automate:[\w-]+:ec2:|swf:[\w-]+:\d{12}:action/actions/AWS_EC2)"
_IS_SPOT = When(f"{_SHARES}.OnDemandPercentageAboveBaseCapacity", below=100)

_EBS = "botocore ec2:LaunchTemplateEbsBlockDeviceRequest"
_IOPS = Citation(
    f"{_EBS}.Iops",
    "gp3 : 3,000 - 80,000 IOPS io1 : 100 - 64,000 IOPS io2 : 100 - 256,000 IOPS",
)
_NO_IOPS = Citation(f"{_EBS}.Iops", "This parameter is supported for io1 , io2 , and gp3 volumes only.")
_SIZES = Citation(
    f"{_EBS}.VolumeSize",
    "gp2 : 1 - 16,384 GiB gp3 : 1 - 65,536 GiB io1 : 4 - 16,384 GiB io2 : 4 - 65,536 GiB st1 and sc1 : 125 - 16,384 "
    "GiB standard : 1 - 1024 GiB",
)
_THROUGHPUT = Citation(
    f"{_EBS}.Throughput",
    "The throughput to provision for a gp3 volume, with a maximum of 2,000 MiB/s. Valid Range: Minimum value of 125. "
    "Maximum value of 2,000.",
)
_PROVISIONED = "https://docs.aws.amazon.com/ebs/latest/userguide/provisioned-iops.html"
_QUOTAS = "https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-quotas.html"
PER_GROUP = {
    POLICY: (50, "scaling policies", Citation(_QUOTAS, "Scaling policies per Auto Scaling group 50")),
    ACTION: (125, "scheduled actions", Citation(_QUOTAS, "Scheduled actions per Auto Scaling group 125")),
}
"""How many of a kind a group has at most, what they are called, and who says so: no body of one shows the others."""
_NO_POOL = Citation(
    "https://docs.amazonaws.cn/sdkfornet/v3/apidocs/items/AutoScaling/TPutWarmPoolRequest.html",
    "This operation cannot be called on an Auto Scaling group that has a mixed instances policy or a launch "
    "template or launch configuration that requests Spot Instances.",
)
_PERIOD = "botocore cloudwatch:PutMetricAlarmInput.Period"
_ACTIONS = Citation(
    "botocore cloudwatch:PutMetricAlarmInput.AlarmActions",
    "Each action is specified as an Amazon Resource Name (ARN).",
)


def _of_type(*types: str) -> tuple[When, ...]:
    return (When(f"{_DISK}.VolumeType", among=types),)


def _volume_rows() -> tuple[Row, ...]:
    sizes = {"standard": (1, 1024), "gp2": (1, 16384), "gp3": (1, 65536), "io1": (4, 16384), "io2": (4, 65536)}
    sizes |= dict.fromkeys(("st1", "sc1"), (125, 16384))
    without_iops = ("standard", "gp2", "st1", "sc1")
    iops = {"gp3": (3000, 80000), "io1": (100, 64000), "io2": (100, 256000)}
    per_gb = {
        "gp3": (
            500,
            "https://github.com/rocicorp/mono/pull/4410",
            "Iops to volume size ratio of 750.000000 is too high; maximum is 500",
        ),
        "io1": (50, _PROVISIONED, "The maximum ratio of provisioned IOPS to requested volume size (in GiB) is 50:1."),
        "io2": (1000, _PROVISIONED, "Provisioned IOPS up to 256,000, with an IOPS:GiB ratio of 1,000:1."),
    }
    return (
        *(
            Row(
                kind=TEMPLATE,
                leaf=f"{_DISK}.VolumeSize",
                rule=Range(*bounds, unit="GiB"),
                source=_SIZES,
                when=_of_type(name),
                code="InvalidParameterValue",
            )
            for name, bounds in sizes.items()
        ),
        *(
            Row(kind=TEMPLATE, leaf=f"{_DISK}.Iops", rule=Range(*bounds), source=_IOPS, when=_of_type(name))
            for name, bounds in iops.items()
        ),
        *(
            Row(
                kind=TEMPLATE,
                leaf=f"{_DISK}.Iops",
                rule=AtMostTimes(f"{_DISK}.VolumeSize", most),
                source=Citation(page, quote),
                when=(*_of_type(name), *((When(f"{_DISK}.Iops", above=3000),) if name == "gp3" else ())),
            )
            for name, (most, page, quote) in per_gb.items()
        ),
        Row(
            kind=TEMPLATE,
            leaf=f"{_DISK}.Iops",
            rule=Excludes(When(f"{_DISK}.VolumeType", among=without_iops), "is for gp3, io1 and io2 volumes"),
            source=_NO_IOPS,
            fix="leave `iops` out, or use `type: ssd` or `type: fast-ssd`",
        ),
        Row(
            kind=TEMPLATE,
            leaf=f"{_DISK}.Iops",
            rule=Needs((When(f"{_DISK}.VolumeType"),), "takes a volume type beside it"),
            source=_NO_IOPS,
            fix="add `type: ssd` or `type: fast-ssd`",
        ),
        Row(
            kind=TEMPLATE,
            leaf=f"{_DISK}.VolumeType",
            rule=Needs((When(f"{_DISK}.Iops"),), "io1 and io2 volumes take a number of IOPS"),
            source=Citation("botocore ec2:EbsBlockDevice.Iops", "This parameter is required for io1 and io2 volumes."),
            when=_of_type("io1", "io2"),
            code="MissingParameter",
            fix="add `iops`",
        ),
        Row(kind=TEMPLATE, leaf=f"{_DISK}.Throughput", rule=Range(125, 2000), source=_THROUGHPUT),
        Row(
            kind=TEMPLATE,
            leaf=f"{_DISK}.Throughput",
            rule=Needs((When(f"{_DISK}.VolumeType", among=("gp3",)),), "is for gp3 volumes"),
            source=_THROUGHPUT,
            fix="leave `throughput` out, or use `type: ssd`",
        ),
        *(
            Row(
                kind=TEMPLATE,
                leaf=f"{_DISK}.Throughput",
                rule=rule,
                source=Citation(
                    "https://github.com/runs-on/runs-on/issues/260",
                    "you cannot launch instances with >750 MB/Sec througbput settings, or you get an error: "
                    "Throughput (MiBps) to iops ratio of 0.333333 is too high; maximum is 0.250000 MiBps per iops",
                ),
                when=(*_of_type("gp3"), When(f"{_DISK}.Iops", absent=absent)),
                fix="give as many `iops` as it takes: four for each MiB/s",
            )
            for rule, absent in ((AtMostTimes(f"{_DISK}.Iops", 0.25), False), (Range(most=750), True))
        ),
        Row(
            kind=TEMPLATE,
            leaf=f"{_DISK}.KmsKeyId",
            rule=Needs((When(f"{_DISK}.Encrypted", among=(True,)),), "takes an encrypted volume"),
            source=Citation(
                "botocore ec2:CreateVolumeRequest.KmsKeyId",
                "If KmsKeyId is specified, the encrypted state must be true .",
            ),
            code="InvalidParameterDependency",
            fix="add `encrypted: true`",
        ),
    )


def _tag_rows(kind: str, tags: str) -> tuple[Row, ...]:
    tagging = "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Tags.html"
    return (
        Row(
            kind=kind,
            leaf=f"{tags}[*].Key",
            rule=Pattern(r"(?!aws:).*", "keys that begin with aws: are reserved", flags=2 | 16),
            source=Citation("botocore ec2:Tag.Key", "May not begin with aws: ."),
            fix="give the tag another name",
        ),
        Row(
            kind=kind,
            leaf=tags,
            rule=Count(most=50, what="tags, with trimtab's own"),
            source=Citation(tagging, "Maximum number of tags per resource – 50"),
            code="TagLimitExceeded" if kind == TEMPLATE else "",
        ),
    )


def _action_rows(leaf: str) -> tuple[Row, ...]:
    return (
        Row(
            kind=ALARM,
            leaf=leaf,
            rule=Distinct(),
            source=Citation(
                "https://github.com/hashicorp/terraform-provider-aws/issues/21112",
                "Duplicate actions are not allowed",
            ),
        ),
        Row(
            kind=ALARM,
            leaf=f"{leaf}[*]",
            rule=Pattern(_ARN, "an action is an ARN, such as arn:aws:sns:us-east-1:123456789012:ops"),
            source=_ACTIONS,
        ),
        Row(
            kind=ALARM,
            leaf=f"{leaf}[*]",
            rule=Pattern(
                r"(?!arn:[\w-]+:(sqs|iam|s3|kinesis|firehose|events|states|logs):).*",
                "no alarm acts on such a thing itself; write the ARN of a topic that it subscribes to",
            ),
            source=Citation(
                "botocore cloudwatch:PutMetricAlarmInput.AlarmActions",
                "SNS notification action:",
            ),
        ),
        Row(
            kind=ALARM,
            leaf=f"{leaf}[*]",
            rule=Pattern(
                rf"(?!{_EC2_ACTION}).*",
                "it stops, ends, reboots or recovers the instance whose metric it is, and no metric of a group has one",
            ),
            source=Citation(
                "https://github.com/marklogic/cloud-enablement-aws/issues/82",
                "Invalid use of EC2 action. An EC2 action can only be used if the alarm is monitoring an EC2 instance.",
            ),
            when=(When("MetricName"), When("Dimensions[*].Name", among=("InstanceId",), absent=True)),
        ),
    )


WRITTEN: tuple[Row, ...] = (
    # launch templates
    Row(
        kind=TEMPLATE,
        leaf=f"{_DATA}.UserData",
        rule=Bytes(16384, decoded=True),
        source=Citation("botocore ec2:RequestLaunchTemplateData.UserData", "User data is limited to 16 KB."),
        code="InvalidUserData.Malformed",
        fix="fetch the rest from a bucket when the instance starts",
    ),
    Row(
        kind=TEMPLATE,
        leaf=f"{_DATA}.MetadataOptions.HttpPutResponseHopLimit",
        rule=Range(1, 64),
        source=Citation(
            "botocore ec2:LaunchTemplateInstanceMetadataOptionsRequest.HttpPutResponseHopLimit",
            "Possible values: Integers from 1 to 64",
        ),
    ),
    Row(
        kind=TEMPLATE,
        leaf=f"{_DATA}.KeyName",
        rule=Pattern(
            r"(?!ssh-|ecdsa-|---- BEGIN|-----BEGIN).*", "AWS takes the name of a key pair, not a key", flags=16
        ),
        source=Citation("botocore ec2:RequestLaunchTemplateData.KeyName", "The name of the key pair."),
        code="InvalidKeyPair.NotFound",
        fix="import the key as a key pair and give its name",
    ),
    Row(
        kind=TEMPLATE,
        leaf=f"{_DATA}.BlockDeviceMappings",
        rule=Distinct(by="DeviceName"),
        source=Citation(
            "https://github.com/hashicorp/packer/pull/2320",
            "InvalidBlockDeviceMapping: /dev/sde is being assigned to multiple times.",
        ),
        code="InvalidBlockDeviceMapping",
        fix="a disk without `device` is that of the system",
    ),
    *_volume_rows(),
    *_tag_rows(TEMPLATE, f"{_DATA}.TagSpecifications[*].Tags"),
    # Auto Scaling groups
    *_tag_rows(GROUP, "Tags"),
    Row(
        kind=GROUP,
        leaf="MaxInstanceLifetime",
        rule=Range(86400, unit="s"),
        source=Citation(
            "botocore autoscaling:CreateAutoScalingGroupType.MaxInstanceLifetime",
            "If specified, the value must be either 0 or a number equal to or greater than 86,400 seconds (1 day).",
        ),
        when=(When("MaxInstanceLifetime"),),
    ),
    Row(
        kind=GROUP,
        leaf="MaxInstanceLifetime",
        rule=Range(most=31536000, unit="s"),
        source=Citation(
            "https://github.com/hashicorp/terraform-provider-aws/pull/20844",
            "maxInstanceLifetime must be either equal to 0 or between 86400 and 31536000 seconds (inclusive).",
        ),
    ),
    Row(
        kind=GROUP,
        leaf="HealthCheckType",
        rule=Pattern(
            r"(EC2|EBS|ELB|VPC_LATTICE)(,(EC2|EBS|ELB|VPC_LATTICE))*",
            "write EC2, EBS, ELB, VPC_LATTICE, or several with commas",
        ),
        source=Citation(
            "botocore autoscaling:CreateAutoScalingGroupType.HealthCheckType",
            "The valid values are EC2 , EBS , ELB , and VPC_LATTICE .",
        ),
    ),
    Row(
        kind=GROUP,
        leaf="TerminationPolicies[*]",
        rule=Pattern(
            r"Default|AllocationStrategy|ClosestToNextInstanceHour|NewestInstance|OldestInstance"
            r"|OldestLaunchConfiguration|OldestLaunchTemplate|arn:aws[\w-]*:lambda:.+",
            "write Default, AllocationStrategy, ClosestToNextInstanceHour, NewestInstance, OldestInstance, "
            "OldestLaunchConfiguration, OldestLaunchTemplate or the ARN of a Lambda function",
        ),
        source=Citation(
            "botocore autoscaling:CreateAutoScalingGroupType.TerminationPolicies",
            "Valid values: Default | AllocationStrategy | ClosestToNextInstanceHour | NewestInstance | OldestInstance "
            "| OldestLaunchConfiguration | OldestLaunchTemplate | "
            "arn:aws:lambda:region:account-id:function:my-function:my-alias",
        ),
    ),
    Row(
        kind=GROUP,
        leaf=f"{_HOOK}.HeartbeatTimeout",
        rule=Range(30, 7200, unit="s"),
        source=Citation(
            "botocore autoscaling:LifecycleHookSpecification.HeartbeatTimeout",
            "The range is from 30 to 7200 seconds.",
        ),
    ),
    Row(
        kind=GROUP,
        leaf=f"{_HOOK}.RoleARN",
        rule=Needs((When(f"{_HOOK}.NotificationTargetARN"),), "needs a notification target, which is missing"),
        source=Citation(
            "botocore autoscaling:LifecycleHookSpecification.RoleARN",
            "Valid only if the notification target is an Amazon SNS topic or an Amazon SQS queue.",
        ),
        fix="add `notify` or leave `role` out",
    ),
    *(
        Row(
            kind=GROUP,
            leaf=f"{_HOOK}.{name}",
            rule=Pattern(_ARN, "write an ARN"),
            source=Citation(
                f"botocore autoscaling:LifecycleHookSpecification.{name}",
                "The Amazon Resource Name (ARN)" if name == "NotificationTargetARN" else "The ARN of the IAM role",
            ),
        )
        for name in ("NotificationTargetARN", "RoleARN")
    ),
    Row(
        kind=GROUP,
        leaf="NotificationConfigurations[*].TopicARN",
        rule=Pattern(r"arn:[\w-]+:sns:[\w-]+:\d{12}:[\w.-]+", "write the ARN of an SNS topic"),
        source=Citation(
            "botocore autoscaling:PutNotificationConfigurationType.TopicARN",
            "The Amazon Resource Name (ARN) of the Amazon SNS topic.",
        ),
    ),
    Row(
        kind=GROUP,
        leaf=f"{_HOOK}.NotificationTargetARN",
        rule=Needs((When(f"{_HOOK}.RoleARN"),), "takes the role by which it is told"),
        source=Citation(
            "botocore autoscaling:PutLifecycleHookType.RoleARN",
            "Valid only if the notification target is an Amazon SNS topic or an Amazon SQS queue. Required for new "
            "lifecycle hooks",
        ),
        when=(When(f"{_HOOK}.NotificationTargetARN", fits=r"arn:[\w-]+:(sns|sqs):"),),
        fix="add `role`",
    ),
    *(
        Row(
            kind=GROUP,
            leaf=leaf,
            rule=Count(most=most, what=what),
            source=Citation(_QUOTAS, quote),
            code="LimitExceeded",
        )
        for leaf, most, what, quote in (
            ("LifecycleHookSpecificationList", 50, "hooks", "Lifecycle hooks per Auto Scaling group 50"),
            ("NotificationConfigurations", 10, "topics", "SNS topics per Auto Scaling group 10"),
            ("TargetGroupARNs", 50, "target groups", "Elastic Load Balancing target groups per Auto Scaling group 50"),
        )
    ),
    Row(
        kind=GROUP,
        leaf="ServiceLinkedRoleARN",
        rule=Pattern(r"arn:[\w-]+:iam::\d{12}:role/.+", "write the ARN of a role"),
        source=Citation(
            "botocore autoscaling:CreateAutoScalingGroupType.ServiceLinkedRoleARN",
            "The Amazon Resource Name (ARN) of the service-linked role",
        ),
    ),
    Row(
        kind=GROUP,
        leaf=f"{_OVERRIDES}[*].WeightedCapacity",
        rule=Range(1, 999),
        source=Citation(
            "botocore autoscaling:LaunchTemplateOverrides.WeightedCapacity", "Value must be in the range of 1–999."
        ),
    ),
    Row(
        kind=GROUP,
        leaf=_OVERRIDES,
        rule=AllOrNone("WeightedCapacity"),
        source=Citation(
            "botocore autoscaling:LaunchTemplateOverrides.WeightedCapacity",
            "If you specify a value for WeightedCapacity for one instance type, you must specify a value for "
            "WeightedCapacity for all of them.",
        ),
    ),
    Row(
        kind=GROUP,
        leaf=_OVERRIDES,
        rule=Count(most=40, what="sizes"),
        source=Citation(
            "botocore autoscaling:LaunchTemplateOverrides.InstanceType",
            "You can specify up to 40 instance types per Auto Scaling group.",
        ),
    ),
    Row(
        kind=GROUP,
        leaf=f"{_SHARES}.SpotMaxPrice",
        rule=Range(0.001),
        source=Citation(
            "botocore autoscaling:InstancesDistribution.SpotMaxPrice", "Valid Range: Minimum value of 0.001"
        ),
    ),
    Row(
        kind=GROUP,
        leaf=_POOL,
        rule=Excludes(_IS_SPOT, "cannot stand beside Spot instances"),
        source=_NO_POOL,
        fix="leave out `aws.warm_pool` or `purchase.spot`",
    ),
    Row(
        kind=GROUP,
        leaf=_POOL,
        rule=Excludes(When(f"{_OVERRIDES}[*].WeightedCapacity"), "cannot stand beside sizes with weights"),
        source=_NO_POOL,
        fix="leave out `aws.warm_pool` or the weights",
    ),
    # policies
    Row(
        kind=POLICY,
        leaf=f"{_AHEAD}.SchedulingBufferTime",
        rule=Range(0, 3599, unit="s"),
        source=Citation(
            "botocore autoscaling:PredictiveScalingConfiguration.SchedulingBufferTime",
            "The value must be less than the forecast interval duration of 3600 seconds (60 minutes).",
        ),
    ),
    Row(
        kind=POLICY,
        leaf=f"{_AHEAD}.MaxCapacityBuffer",
        rule=Needs(
            (When(f"{_AHEAD}.MaxCapacityBreachBehavior", among=("IncreaseMaxCapacity",)),),
            "is for a maximum that may be increased",
        ),
        source=Citation(
            "botocore autoscaling:PredictiveScalingConfiguration.MaxCapacityBuffer",
            "Required if the MaxCapacityBreachBehavior property is set to IncreaseMaxCapacity , and cannot be used "
            "otherwise.",
        ),
        fix="add `maximum_breach: increase` or leave `maximum_buffer` out",
    ),
    # alarms
    Row(
        kind=ALARM,
        leaf="Period",
        rule=Choice((10, 20, 30, 60), multiples=True, unit="s"),
        source=Citation(_PERIOD, "Valid values are 10, 20, 30, and any multiple of 60."),
    ),
    Row(
        kind=ALARM,
        leaf="Metrics[*].MetricStat.Period",
        rule=Choice((1, 5, 10, 20, 30, 60), multiples=True, unit="s"),
        source=Citation(
            "botocore cloudwatch:MetricStat.Period",
            "For high-resolution metrics that are collected at intervals of less than one minute, the period can be "
            "1, 5, 10, 20, 30, 60, or any multiple of 60.",
        ),
    ),
    Row(
        kind=ALARM,
        leaf="EvaluationInterval",
        rule=Choice((10, 20, 30, 60), multiples=True, unit="s"),
        source=Citation(
            "botocore cloudwatch:PutMetricAlarmInput.EvaluationInterval",
            "Valid values are 10, 20, 30, and any multiple of 60.",
        ),
    ),
    *(
        Row(
            kind=ALARM,
            leaf="EvaluationPeriods",
            rule=ProductAtMost(period, 604800, unit="s"),
            source=Citation(
                _PERIOD,
                "An alarm's total current evaluation period can be no longer than seven days, so Period multiplied by "
                "EvaluationPeriods can't be more than 604,800 seconds.",
            ),
        )
        for period in ("Period", "Metrics[*].MetricStat.Period")
    ),
    *(
        Row(
            kind=ALARM,
            leaf="EvaluationPeriods",
            rule=ProductAtMost(period, 86400, unit="s"),
            source=Citation(
                _PERIOD,
                "For alarms with a period of less than one hour (3,600 seconds), the total evaluation period can't be "
                "longer than one day (86,400 seconds).",
            ),
            when=(When(period, below=3600),),
        )
        for period in ("Period", "Metrics[*].MetricStat.Period")
    ),
    Row(
        kind=ALARM,
        leaf="DatapointsToAlarm",
        rule=AtMostTimes("EvaluationPeriods", 1),
        source=Citation(
            "botocore cloudwatch:PutMetricAlarmInput.DatapointsToAlarm",
            'This is used only if you are setting an "M out of N" alarm.',
        ),
    ),
    Row(
        kind=ALARM,
        leaf="MetricName",
        rule=Pattern(_ASCII, "metric names are of ASCII characters, not all of them spaces"),
        source=Citation(
            "botocore cloudwatch:MetricStreamFilter.MetricNames",
            "Each metric name can contain only ASCII printable characters (ASCII range 32 through 126). Each metric "
            "name must contain at least one non-whitespace character.",
        ),
    ),
    *(
        Row(
            kind=ALARM,
            leaf=f"{where}Dimensions[*].Name",
            rule=Pattern(rf"(?!:){_ASCII}", "names of dimensions are of ASCII characters and begin with no colon"),
            source=Citation(
                "botocore cloudwatch:Dimension.Name",
                "Dimension names must contain only ASCII characters, must include at least one non-whitespace "
                "character, and cannot start with a colon ( : ).",
            ),
        )
        for where in ("", "Metrics[*].MetricStat.Metric.")
    ),
    *(
        Row(
            kind=ALARM,
            leaf=f"{where}Dimensions[*].Value",
            rule=Pattern(_ASCII, "values of dimensions are of ASCII characters"),
            source=Citation(
                "botocore cloudwatch:Dimension.Value",
                "Dimension values must contain only ASCII characters and must include at least one non-whitespace "
                "character.",
            ),
        )
        for where in ("", "Metrics[*].MetricStat.Metric.")
    ),
    Row(
        kind=ALARM,
        leaf="TreatMissingData",
        rule=OneOf(("breaching", "notBreaching", "ignore", "missing")),
        source=Citation(
            "botocore cloudwatch:PutMetricAlarmInput.TreatMissingData",
            "Valid Values: breaching | notBreaching | ignore | missing",
        ),
    ),
    *_action_rows("AlarmActions"),
    *_action_rows("OKActions"),
    *_action_rows("InsufficientDataActions"),
)
"""What the models say in sentences, and what pages of AWS say: taken over by hand."""

STATED = read_stated("trimtab.providers.aws")
CONSTRAINTS = Constraints((*STATED.rows, *WRITTEN), name="AWS", checked=STATED.checked)
