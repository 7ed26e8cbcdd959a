"""Bodies that translation made, as AWS would answer them: references resolved, its own fields and defaults added."""

from datetime import datetime

from tests.providers.aws.random_groups import ARN, FLEET, LABEL, NATIVE, NOW, ROOT
from trimtab.engine.schedules import next_fire
from trimtab.models import Fleet
from trimtab.plan import resolved, revealed
from trimtab.plan.resource import references
from trimtab.providers.aws.facts import AwsFacts, ImageFacts
from trimtab.providers.aws.importing import Replies
from trimtab.providers.aws.translate import translate
from trimtab.providers.moments import zulu

GROUP_METRICS = ("MinSize", "MaxSize", "DesiredCapacity", "InServiceInstances", "PendingInstances", "StandbyInstances")
ALL_METRICS = [f"Group{name}" for name in (*GROUP_METRICS, "TerminatingInstances", "TotalInstances")]
REGION = "us-east-1"
MARK = "[trimtab fleet=virtualmin group=web digest=0123456789abcdef]"


def facts_of(group):
    names = [one.name or one.id.split("/")[1] for one in group.load_balancers]
    labels = {word: LABEL.format(name) for name in names for word in (name, ARN.format(name))}
    return AwsFacts(
        images={group.name: ImageFacts(group.template.image.id, ROOT)},
        target_groups={REGION: {name: ARN.format(name) for name in names}},
        labels={REGION: labels},
        zones={REGION: ["us-east-1a", "us-east-1b"]},
    )


def replies_to(group, now=NOW):
    """What the calls would answer once `group` is applied, less all marks but the template's, which versions keep."""
    made = translate(Fleet(name=FLEET, groups=[group]), facts_of(group), now, REGION).resources
    known = {ref: _given(ref) for item in made for ref in references(item.body)}
    bodies = {(item.key.kind, item.key.name): revealed(resolved(item.body, known)) for item in made}

    def of(kind):
        return [(name, body) for (one, name), body in bodies.items() if one == kind]

    whole = bodies["autoscaling-group", NATIVE]
    version = {
        "LaunchTemplateName": NATIVE,
        "VersionNumber": 1,
        "VersionDescription": MARK,
        **bodies["launch-template", NATIVE],
    }
    return Replies(
        group=_group(whole),
        version=version,
        own_version=version,
        policies=[
            {**_inside, "PolicyName": name, "PolicyARN": _arn(name), **body} for name, body in of("scaling-policy")
        ],
        actions=[_action(name, body, now) for name, body in of("scheduled-action")],
        alarms=[{"AlarmName": name, "StateValue": "OK", **_filled(body)} for name, body in of("metric-alarm")],
        hooks=[{**_inside, **_HOOK, **one} for one in whole.get("LifecycleHookSpecificationList", ())],
        topics=[
            {**_inside, "TopicARN": one["TopicARN"], "NotificationType": event}
            for one in whole.get("NotificationConfigurations", ())
            for event in one["NotificationTypes"]
        ],
        target_groups=[_target(one) for one in whole.get("TargetGroupARNs", ())],
    )


_inside = {"AutoScalingGroupName": NATIVE}
_HOOK = {"HeartbeatTimeout": 3600, "DefaultResult": "ABANDON", "GlobalTimeout": 172800}


def _given(ref):
    return _arn(ref.key.name) if ref.attribute == "arn" else "1"


def _arn(policy):
    return f"arn:aws:autoscaling:{REGION}:1:scalingPolicy:0:autoScalingGroupName/{NATIVE}:policyName/{policy}"


def _filled(body):
    return {name: value for name, value in body.items() if value is not None}


def _group(body):
    apart = ("LifecycleHookSpecificationList", "NotificationConfigurations")
    found = {name: value for name, value in body.items() if name not in apart}
    found.setdefault("DesiredCapacity", found["MinSize"])  # as CreateAutoScalingGroup documents
    defaults = {"HealthCheckGracePeriod": 0, "DefaultCooldown": 300, "NewInstancesProtectedFromScaleIn": False}
    if "VPCZoneIdentifier" in found:
        found |= {"VPCZoneIdentifier": ",".join(found["VPCZoneIdentifier"]), "AvailabilityZones": ["us-east-1a"]}
    if "MixedInstancesPolicy" in found:
        shares = found["MixedInstancesPolicy"]["InstancesDistribution"]
        found["MixedInstancesPolicy"]["InstancesDistribution"] = {"SpotAllocationStrategy": "lowest-price", **shares}
    processes = [{"ProcessName": name, "SuspensionReason": "by hand"} for name in found.get("SuspendedProcesses", ())]
    metrics = [{"Metric": name, "Granularity": "1Minute"} for name in ALL_METRICS if "EnabledMetrics" in found]
    more = {"SuspendedProcesses": processes, "EnabledMetrics": metrics, "Instances": []}
    return {**_inside, **defaults, **found, **more}


def _action(name, body, now):
    """A reply says when it is next due, as a moment."""
    if "Recurrence" in body and "StartTime" not in body:
        body = {**body, "StartTime": zulu(next_fire(body["Recurrence"], body["TimeZone"], now))}
    times = {at: datetime.fromisoformat(body[at]) for at in ("StartTime", "EndTime") if at in body}
    return {**_inside, "ScheduledActionName": name, **body, **times, "Time": times["StartTime"]}


def _target(arn):
    name = arn.split("/")[-2]
    balancer = (
        f"arn:aws:elasticloadbalancing:{REGION}:1:loadbalancer/{LABEL.format(name).partition('/targetgroup/')[0]}"
    )
    return {"TargetGroupArn": arn, "TargetGroupName": name, "LoadBalancerArns": [balancer]}
