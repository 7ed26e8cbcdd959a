"""What translate makes of a fleet, and botocore's own model of the services to hold it against."""

from datetime import UTC, datetime

import botocore.session
from botocore.validate import ParamValidator

from tests.conftest import make_fleet, make_group
from trimtab.plan import resolved, revealed
from trimtab.plan.resource import references
from trimtab.providers.aws.facts import AwsFacts, ImageFacts
from trimtab.providers.aws.translate import translate
from trimtab.providers.aws.writes import AFTER_CREATION

NOW = datetime(2026, 1, 5, 9, tzinfo=UTC)
ARN = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/{}/0123456789abcdef"
LABEL = "app/front/50dc6c495c0c9188/targetgroup/{}/0123456789abcdef"
SESSION = botocore.session.get_session()


def facts_for(fleet):
    names = {one.name for group in fleet.groups for one in group.load_balancers if one.name}
    groups = [group.name for group in fleet.groups]
    return AwsFacts(
        images={name: ImageFacts("ami-0123456789abcdef0", "/dev/sda1") for name in groups},
        kept={name: {"image": "01234567:ami-0123456789abcdef0"} for name in groups},
        subnets={name: ["subnet-1", "subnet-2"] for name in groups},
        target_groups={"us-east-1": {name: ARN.format(name) for name in names}},
        labels={"us-east-1": {name: LABEL.format(name) for name in names}},
        zones={"us-east-1": ["us-east-1a", "us-east-1b"]},
    )


def wanted(fleet, now=NOW):
    return translate(fleet, facts_for(fleet), now, "us-east-1").resources


def of_kind(fleet, kind, now=NOW):
    return [item for item in wanted(fleet, now) if item.key.kind == kind]


def one_group(**fields):
    return make_fleet(make_group(**fields))


def request(item):
    """Service, operation and parameters of the call that would create a resource."""
    known = {ref: "arn:aws:autoscaling:x" if ref.attribute == "arn" else "1" for ref in references(item.body)}
    body = revealed(resolved(item.body, known))
    name = item.key.name
    match item.key.kind:
        case "launch-template":
            return "ec2", "CreateLaunchTemplate", {"LaunchTemplateName": name, **body}
        case "autoscaling-group":
            body = {name: value for name, value in body.items() if name not in AFTER_CREATION}
            if "VPCZoneIdentifier" in body:
                body["VPCZoneIdentifier"] = ",".join(body["VPCZoneIdentifier"])
            return "autoscaling", "CreateAutoScalingGroup", {"AutoScalingGroupName": name, **body}
        case "scaling-policy":
            given = {"AutoScalingGroupName": item.key.parent, "PolicyName": name, **body}
            return "autoscaling", "PutScalingPolicy", given
        case "scheduled-action":
            actions = [{"ScheduledActionName": name, **body}]
            given = {"AutoScalingGroupName": item.key.parent, "ScheduledUpdateGroupActions": actions}
            return "autoscaling", "BatchPutScheduledUpdateGroupAction", given
        case _:
            return "cloudwatch", "PutMetricAlarm", {"AlarmName": name, **body}


def bad_enums(shape, value):
    """Values that the model's enums do not have; the SDK leaves them to the service."""
    if shape.type_name == "structure":
        for name, each in value.items():
            yield from bad_enums(shape.members[name], each)
    elif shape.type_name == "list":
        for each in value:
            yield from bad_enums(shape.member, each)
    elif shape.type_name == "string" and shape.enum and value not in shape.enum:
        yield value


def hold_against_the_model(item):
    service, operation, params = request(item)
    shape = SESSION.get_service_model(service).operation_model(operation).input_shape
    report = ParamValidator().validate(params, shape)
    assert not report.has_errors(), f"{item.key}: {report.generate_report()}"
    assert not list(bad_enums(shape, params)), item.key
