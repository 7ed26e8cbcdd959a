"""
Alarms and step policies on AWS: what CloudWatch refuses the plan refuses, and unreachable steps are noticed.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html,
https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_Dimension.html and
https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-scaling-simple-step.html.
"""

import pytest

import trimtab as tt
from tests.found.marks import case
from tests.found.worlds import findings, fleet_of, naming

GROUP = """
name: shop
groups:
  web:
    capacity: {min: 1, max: 4}
    template: {image: ami-12c6146b, size: t3.small}
    placement: {zones: [us-east-1a]}
    policies: {out: {change: 1}}
    alarms: {hot: {%s}}
"""
TOPIC = "arn:aws:sns:us-east-1:123456789012:"
RECOVER = "arn:aws:automate:us-east-1:ec2:recover"
CASES = {
    "metric-name-beyond-ascii": ('metric: {custom: "Läst", namespace: Shop}, above: 70, triggers: [out]', "metric"),
    "dimension-value-beyond-ascii": (
        "metric: {custom: Load, namespace: Shop, dimensions: {Region: España}}, above: 70, triggers: [out]",
        "metric",
    ),
    "dimension-name-beyond-ascii": (
        "metric: {custom: Load, namespace: Shop, dimensions: {Región: Spain}}, above: 70, triggers: [out]",
        "metric",
    ),
    "namespace-begins-with-a-colon": (
        'metric: {custom: Load, namespace: ":Shop"}, above: 70, triggers: [out]',
        "metric",
    ),
    "31-dimensions": (
        f"metric: {{custom: Load, namespace: Shop, dimensions: {{{', '.join(f'd{i}: v' for i in range(31))}}}}}, "
        "above: 70, triggers: [out]",
        "metric",
    ),
    "six-actions": (
        f"metric: cpu, above: 70, period: 5m, triggers: [out], notify: [{', '.join(f'{TOPIC}{i}' for i in range(5))}]",
        "notify",
    ),
    "a-topic-that-is-no-arn": ("metric: cpu, above: 70, period: 5m, notify: [ops-topic]", "notify"),
    "the-same-topic-twice": (f"metric: cpu, above: 70, period: 5m, notify: [{TOPIC}a, {TOPIC}a]", "notify"),
    "an-action-on-instances-of-a-group": (
        "metric: {custom: StatusCheckFailed_System, namespace: AWS/EC2, "
        f"dimensions: {{AutoScalingGroupName: '{{group}}'}}}}, above: 0, notify: ['{RECOVER}']",
        "notify",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_what_cloudwatch_refuses_the_plan_refuses_and_names(aws, name):
    """hashicorp/terraform#25926, #19015, terraform-provider-aws#21112, marklogic/cloud-enablement-aws#82."""
    fields, field = CASES[name]
    refusals = aws.refusals(GROUP % fields)
    assert [text for text in refusals if "alarms.hot" in text and field in text], refusals


@pytest.mark.parametrize(
    "fields",
    [
        f"metric: cpu, above: 70, period: 5m, triggers: [out], notify: [{', '.join(f'{TOPIC}{i}' for i in range(4))}]",
        f"metric: {{custom: Load, namespace: Shop, dimensions: {{{', '.join(f'd{i}: v' for i in range(30))}}}}}, "
        "above: 1, triggers: [out]",
        'metric: cpu, above: 70, period: 5m, triggers: [out], description: "CPU ≥ 70 % 🔥"',
    ],
    ids=["five-actions", "30-dimensions", "a-description-beyond-ascii"],
)
def test_what_cloudwatch_just_takes_is_made_and_planned_to_nothing(aws, fields):
    """terraform#25926 = terraform-provider-aws#14747: the other side of the limits."""
    fleet = aws.put(GROUP % fields)
    assert aws.alarm("shop-web-hot") is not None
    assert aws.left(fleet) == []


PLAIN = {
    "AlarmName": "hot",
    "Namespace": "Shop",
    "MetricName": "Load",
    "Statistic": "Average",
    "Period": 60,
    "EvaluationPeriods": 1,
    "Threshold": 70,
    "ComparisonOperator": "GreaterThanThreshold",
}


@pytest.mark.parametrize(
    "changes",
    [
        case({"MetricName": "Läst"}, id="metric-name-beyond-ascii"),
        case({"Dimensions": [{"Name": "Region", "Value": "España"}]}, id="dimension-value-beyond-ascii"),
        case({"Dimensions": [{"Name": "Región", "Value": "Spain"}]}, id="dimension-name-beyond-ascii"),
        case(
            {
                "Namespace": "AWS/EC2",
                "MetricName": "StatusCheckFailed_System",
                "Dimensions": [{"Name": "AutoScalingGroupName", "Value": "web"}],
                "AlarmActions": [RECOVER],
            },
            id="an-action-on-instances-of-a-group",
        ),
        case({"Namespace": ":Shop"}, id="namespace-begins-with-a-colon"),
        case({"Dimensions": [{"Name": f"d{i}", "Value": "v"} for i in range(31)]}, id="31-dimensions"),
        case({"AlarmActions": [f"{TOPIC}{i}" for i in range(6)]}, id="six-actions"),
        case({"AlarmActions": ["ops-topic"]}, id="a-topic-that-is-no-arn"),
        case({"AlarmActions": [f"{TOPIC}a", f"{TOPIC}a"]}, id="the-same-topic-twice"),
    ],
)
def test_the_emulator_refuses_what_cloudwatch_refuses(aws, changes):
    """terraform#25926, terraform-provider-aws#21112; "Invalid use of EC2 action": marklogic/cloud-enablement-aws#82."""
    assert aws.code("cloudwatch", "put_metric_alarm", **{**PLAIN, **changes}) == "ValidationError"


STEPS = """
name: work
groups:
  nodes:
    capacity: {min: 0, max: 40, desired: 10}
    template: {image: ami-12c6146b, size: t3.small}
    placement: {zones: [us-east-1a]}
    policies:
      move: {type: step, steps: [%s]}
    alarms:
      when: {metric: %s, %s, period: 5m, triggers: [move]}
"""
QUEUE = "{name: queue-depth, of: jobs}"


@pytest.mark.parametrize(
    ("steps", "metric", "threshold"),
    [
        case(
            *("{lower: 0, percent: -100}", QUEUE, "below: 1"),
            id="low-alarm-with-steps-above",
        ),
        case(
            *("{upper: 0, change: 2}", QUEUE, "above: 5"),
            id="high-alarm-with-steps-below",
        ),
        case(
            *("{lower: 70, upper: 85, percent: 15}, {lower: 85, percent: 30}", "cpu", "at_least: 70"),
            id="steps-written-as-thresholds",
        ),
        case(
            *("{lower: 10, change: 2}", "cpu", "at_least: 70"),
            id="gap-before-the-first-step",
        ),
    ],
)
def test_steps_that_no_datapoint_reaches_are_found_by_check_and_plan(aws, steps, metric, threshold):
    """mapbox/ecs-watchbot#187, teaching-vacancies#58, widdix#92; hashicorp/terraform-provider-aws#2662."""
    fleet = fleet_of(STEPS % (steps, metric, threshold))
    plan = aws.cloud.plan(fleet)
    for texts in (findings(fleet, "aws"), [*plan.notes, *plan.problems]):
        assert naming("policies.move", texts) or naming("alarms.when", texts), [str(text) for text in texts]


def test_steps_that_datapoints_reach_are_let_be(aws):
    """The two right forms: mapbox/ecs-watchbot#187, terraform-provider-aws#2662."""
    steps = "{lower: 0, upper: 15, percent: 15}, {lower: 15, percent: 30}"
    for text in (STEPS % ("{upper: 0, percent: -100}", QUEUE, "below: 1"), STEPS % (steps, "cpu", "at_least: 70")):
        texts = findings(fleet_of(text), "aws")
        assert not [one for one in texts if ".steps" in one], texts


def test_the_emulator_finds_no_step_for_a_low_alarm_whose_steps_lie_above(aws):
    """ "No step adjustment found for metric value [0.0] and breach threshold 1.0": mapbox/ecs-watchbot#187."""
    aws.put(STEPS % ("{lower: 0, percent: -100}", QUEUE, "below: 1"))
    point = {"namespace": "AWS/SQS", "metric": "ApproximateNumberOfMessagesVisible", "value": 0}
    for _ in range(10):
        aws.doors.push([{**point, "dimensions": {"QueueName": "jobs"}}])
        aws.clock.advance(tt.minutes(1))
    assert aws.alarm("work-nodes-when")["StateValue"] == "ALARM"
    assert aws.cloud.group("nodes").read().desired == 10


@pytest.mark.parametrize(("cpu", "size"), [(80, 10), (100, 10)])
def test_the_emulator_finds_no_step_where_thresholds_were_written(aws, cpu, size):
    """The first of them begins at 140 per cent: terraform-provider-aws#2662."""
    steps = "{lower: 70, upper: 85, percent: 15}, {lower: 85, percent: 30}"
    aws.put(STEPS % (steps, "cpu", "at_least: 70"), wait="stable")
    aws.testing.push(tt.metrics.cpu, group="nodes", value=cpu)
    aws.clock.advance(tt.minutes(6))
    assert aws.cloud.group("nodes").read().desired == size


TAGS = """
name: shop
groups:
  web:
    capacity: {min: 1, max: 4}
    template: {image: ami-12c6146b, size: t3.small}
    placement: {zones: [us-east-1a]}
    tags: {%s}
"""


@pytest.mark.parametrize(
    "tags",
    [
        case('"aws:cloud": x', id="reserved-prefix"),
        case(
            ", ".join(f"k{i}: v" for i in range(51)),
            id="51-tags",
        ),
    ],
)
def test_tags_that_aws_refuses_the_plan_refuses(aws, tags):
    """
    terraform#25926's kin; 50 tags a resource, and keys do not begin with `aws:`.

    https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-tagging.html
    """
    assert naming("tags", aws.refusals(TAGS % tags))


def test_tags_beyond_ascii_are_made_and_planned_to_nothing(aws):
    """terraform#25926's kin: letters of every script are taken."""
    assert aws.left(aws.put(TAGS % "Größe: groß")) == []


def test_the_emulator_refuses_a_tag_with_the_reserved_prefix(aws):
    """ "aws: prefixed tag key names are not allowed for external use"."""
    aws.make_group("old")
    tag = {"ResourceId": "old", "ResourceType": "auto-scaling-group", "Key": "aws:cloud", "Value": "x"}
    code = aws.code("autoscaling", "create_or_update_tags", Tags=[{**tag, "PropagateAtLaunch": False}])
    assert code == "ValidationError"


def test_the_emulator_refuses_51_tags(aws):
    """https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_CreateAutoScalingGroup.html"""
    tags = [{"Key": f"k{i}", "Value": "v"} for i in range(51)]
    given = {"AutoScalingGroupName": "old", "MinSize": 0, "MaxSize": 1, "AvailabilityZones": ["us-east-1a"]}
    template = aws.make_template("old")
    code = aws.code("autoscaling", "create_auto_scaling_group", **given, LaunchTemplate=template, Tags=tags)
    assert code == "ValidationError"
