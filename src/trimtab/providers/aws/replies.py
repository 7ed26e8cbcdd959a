"""What AWS's replies must look like, by operation and protocol; pure."""

import xml.etree.ElementTree as ET
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from trimtab.providers.replies import Reply, ReplyContext, Shape, find_problem

GROUP: Shape = {
    "AutoScalingGroupName": str,
    "MinSize": int,
    "MaxSize": int,
    "DesiredCapacity": int,
    "Instances?": [{"InstanceId": str}],
    "Tags?": [{"Key": str}],
    "SuspendedProcesses?": [{"ProcessName": str}],
}
VERSION: Shape = {"LaunchTemplateId": str, "LaunchTemplateName": str, "VersionNumber": int}
DATA: Shape = {
    "BlockDeviceMappings?": [{"DeviceName": str}],
    "TagSpecifications?": [{"ResourceType": str, "Tags?": [{"Key": str}]}],
}
NOTHING: Shape = {}
TAGGED: Shape = {"Tags?": [{"Key": str, "Value": str}]}
SHAPES: Mapping[str, Shape] = {
    # reads: the lists that they are for, and what trimtab tells their items by
    "describe_auto_scaling_groups": {"AutoScalingGroups": [GROUP]},
    "describe_policies": {
        "ScalingPolicies": [{"AutoScalingGroupName": str, "PolicyName": str, "PolicyARN": str}],
    },
    "describe_scheduled_actions": {
        "ScheduledUpdateGroupActions": [{"AutoScalingGroupName": str, "ScheduledActionName": str}],
    },
    "describe_lifecycle_hooks": {"LifecycleHooks": [{"LifecycleHookName": str}]},
    "describe_auto_scaling_instances": {"AutoScalingInstances": [{"InstanceId": str, "AutoScalingGroupName": str}]},
    "describe_notification_configurations": {
        "NotificationConfigurations": [{"AutoScalingGroupName": str, "TopicARN": str, "NotificationType": str}],
    },
    "describe_launch_configurations": {"LaunchConfigurations": [{"LaunchConfigurationName": str}]},
    "describe_instance_refreshes": {"InstanceRefreshes": [{"InstanceRefreshId": str, "Status": str}]},
    "describe_scaling_activities": {
        "Activities": [{"ActivityId": str, "AutoScalingGroupName": str, "StartTime": datetime}],
    },
    "describe_alarms": {
        "MetricAlarms": [{"AlarmName": str, "Dimensions?": [{"Name": str, "Value": str}]}],
        "CompositeAlarms?": [{"AlarmName": str}],
    },
    "describe_alarm_history": {"AlarmHistoryItems": [{"AlarmName": str, "Timestamp": datetime}]},
    "list_metrics": {"Metrics": [{"Namespace": str, "MetricName": str}]},
    "get_metric_data": {"MetricDataResults": [{"Id": str, "Timestamps": [datetime], "Values": [object]}]},
    "describe_launch_templates": {
        "LaunchTemplates": [
            {
                "LaunchTemplateName": str,
                "LaunchTemplateId": str,
                "LatestVersionNumber": int,
                "DefaultVersionNumber": int,
            }
        ],
    },
    "describe_launch_template_versions": {"LaunchTemplateVersions": [{**VERSION, "LaunchTemplateData": DATA}]},
    "describe_images": {"Images": [{"ImageId": str}]},
    "describe_subnets": {"Subnets": [{"SubnetId": str, "AvailabilityZone": str, "VpcId?": str, **TAGGED}]},
    "describe_security_groups": {"SecurityGroups": [{"GroupId": str, "GroupName?": str, "VpcId?": str, **TAGGED}]},
    "describe_vpcs": {"Vpcs": [{"VpcId": str, **TAGGED}]},
    "list_aliases": {"Aliases": [{"AliasName": str}]},
    "get_instance_profile": {"InstanceProfile": {"InstanceProfileName": str}},
    "get_topic_attributes": {"Attributes": {}},
    "get_role": {"Role": {"RoleName": str, "Arn": str}},
    "describe_placement_groups": {"PlacementGroups": [{"GroupName": str}]},
    "describe_capacity_reservations": {"CapacityReservations": [{"CapacityReservationId": str, "State": str}]},
    "describe_key_pairs": {"KeyPairs": [{"KeyName": str}]},
    "describe_instance_type_offerings": {"InstanceTypeOfferings": [{"InstanceType": str, "Location": str}]},
    "describe_instance_types": {"InstanceTypes": [{"InstanceType": str, "SupportedUsageClasses": [str]}]},
    "describe_availability_zones": {"AvailabilityZones": [{"ZoneName": str}]},
    "describe_instances": {"Reservations": [{"Instances": [{"InstanceId": str}]}]},
    "describe_target_groups": {"TargetGroups": [{"TargetGroupArn": str, "TargetGroupName": str}]},
    "describe_listeners": {"Listeners": [{"ListenerArn": str, "DefaultActions?": [{"Type": str}]}]},
    "describe_rules": {"Rules": [{"RuleArn": str, "Actions?": [{"Type": str}]}]},
    "modify_listener": {"Listeners": [{"ListenerArn": str}]},
    "modify_rule": {"Rules": [{"RuleArn": str}]},
    "describe_target_health": {
        "TargetHealthDescriptions": [{"Target": {"Id": str}, "TargetHealth": {"State": str}}],
    },
    "get_parameters": {"Parameters": [{"Name": str, "Value": str}]},
    "get_service_quota": {"Quota": {"Value": float | int}},
    "get_aws_default_service_quota": {"Quota": {"Value": float | int}},
    "describe_account_limits": {"MaxNumberOfAutoScalingGroups": int, "NumberOfAutoScalingGroups": int},
    "get_queue_url": {"QueueUrl": str},
    "receive_message": {"Messages?": [{"MessageId": str, "ReceiptHandle": str, "Body": str}]},
    # writes: what they give back
    "create_launch_template": {"LaunchTemplate": {"LaunchTemplateId": str, "LatestVersionNumber": int}},
    "create_launch_template_version": {"LaunchTemplateVersion": VERSION},
    "modify_launch_template": {"LaunchTemplate": {"LaunchTemplateId": str}},
    "delete_launch_template_versions": {
        "UnsuccessfullyDeletedLaunchTemplateVersions?": [{"VersionNumber?": int, "ResponseError?": {}}],
    },
    "delete_launch_template": {"LaunchTemplate": {"LaunchTemplateName": str}},
    "put_scaling_policy": {"PolicyARN": str},
    "batch_put_scheduled_update_group_action": {"FailedScheduledUpdateGroupActions?": [{"ScheduledActionName": str}]},
    "batch_delete_scheduled_action": {"FailedScheduledActions?": [{"ScheduledActionName": str}]},
    **dict.fromkeys(
        (
            "create_auto_scaling_group",
            "update_auto_scaling_group",
            "delete_auto_scaling_group",
            "create_or_update_tags",
            "delete_tags",
            "delete_policy",
            "execute_policy",
            "set_desired_capacity",
            "set_instance_protection",
            "enter_standby",
            "terminate_instance_in_auto_scaling_group",
            "suspend_processes",
            "resume_processes",
            "enable_metrics_collection",
            "disable_metrics_collection",
            "attach_load_balancer_target_groups",
            "detach_load_balancer_target_groups",
            "put_lifecycle_hook",
            "delete_lifecycle_hook",
            "put_notification_configuration",
            "delete_notification_configuration",
            "put_warm_pool",
            "delete_warm_pool",
            "put_metric_alarm",
            "delete_alarms",
            "start_instance_refresh",
            "cancel_instance_refresh",
            "rollback_instance_refresh",
            "put_metric_data",
            "complete_lifecycle_action",
            "record_lifecycle_action_heartbeat",
            "change_message_visibility",
            "delete_message",
        ),
        NOTHING,
    ),
}
"""Every operation that is called, and what must be in its reply besides the envelope that `check_envelope` asks for."""
LISTS: Mapping[str, str] = {
    operation: next(iter(shape))
    for operation, shape in SHAPES.items()
    if operation.startswith(("describe_", "list_"))
    and operation not in ("describe_instances", "describe_account_limits")
}
"""The part of a reply that is what an operation lists."""
TYPES: Mapping[str, Any] = {
    "structure": Mapping,
    "list": list,
    "map": Mapping,
    "string": str,
    "integer": int,
    "long": int,
    "float": float | int,
    "double": float | int,
    "boolean": bool,
    "timestamp": datetime,
}


def check_envelope(reply: Reply, model: Any, now: datetime) -> None:
    """
    Refuse what is not a reply of the service to this operation, before the SDK makes anything of it.

    The SDK takes HTML with 200 for the success of whatever answers nothing, as DeleteAutoScalingGroup does.

    Args:
        reply: As it came.
        model: botocore's model of the operation.
        now: The time.

    Raises:
        UnreadableReply: It is of something else than the service.
    """
    call = ReplyContext("aws", model.name, now)
    protocol = model.service_model.resolved_protocol
    if protocol in ("query", "ec2"):
        _check_xml(call, reply, model, protocol)
    elif protocol == "json":
        _check_json(call, reply, model)
    elif reply.headers.get("smithy-protocol") != "rpc-v2-cbor":  # https://smithy.io/2.0/additional-specs/protocols/
        raise call.unreadable(reply, "it does not say its protocol")


def check_parts(call: ReplyContext, parsed: Any, shape: Any) -> None:
    """
    Refuse a reply whose parts are missing, or are other than the service's model has them.

    Args:
        call: Its operation as boto3 has it.
        parsed: What the SDK read.
        shape: botocore's model of what the operation answers.

    Raises:
        UnreadableReply: It is so.
    """
    problem = find_problem(parsed, SHAPES.get(call.operation, NOTHING))
    if not problem and shape is not None and (mistyped := _mistyped(parsed, shape)):
        problem = f"it{mistyped}".removeprefix("it.")
    if problem:
        raise call.unreadable(Reply(200, b""), problem)


def _check_xml(call: ReplyContext, reply: Reply, model: Any, protocol: str) -> None:
    if reply.content_type and not reply.content_type.endswith("xml"):
        raise call.unreadable(reply, f"it is {reply.content_type}, not XML")
    try:
        root = ET.fromstring(reply.body)
    except (ET.ParseError, ValueError, LookupError) as error:
        raise call.unreadable(reply, "it is not XML, or cut off" if reply.body.strip() else "it is empty") from error
    parts = {_local(part): part for part in root}
    if reply.status >= 300:
        faults = (part for part in root.iter() if _local(part) == "Error")
        if not any(_local(part) == "Code" and part.text for fault in faults for part in fault):
            raise call.unreadable(reply, "it is an error without a code")
        return
    if _local(root) != f"{model.name}Response":
        raise call.unreadable(reply, f"it is {_local(root)}, not {model.name}Response")
    wrapper = (model.output_shape.serialization if model.output_shape else {}).get("resultWrapper")
    for name in ("requestId",) if protocol == "ec2" else ("ResponseMetadata", wrapper):
        if name and name not in parts:
            raise call.unreadable(reply, f"it has no {name}")


def _check_json(call: ReplyContext, reply: Reply, model: Any) -> None:
    if not reply.headers.get("x-amzn-requestid"):
        raise call.unreadable(reply, "it has no request id")
    if reply.status < 300 and model.output_shape is None and not reply.body.strip():
        return
    body = call.json_of(reply)
    if reply.status >= 300:
        if not isinstance(body.get("__type", body.get("code", reply.headers.get("x-amzn-errortype"))), str):
            raise call.unreadable(reply, "it is an error without a code")
    elif body and not body.keys() & (model.output_shape.members.keys() if model.output_shape else ()):
        raise call.unreadable(reply, "it is the answer to another operation")


def _mistyped(value: Any, shape: Any) -> str:
    """Where inside a value one is of another type than the model's, and of which not; empty where none is."""
    if value is None:
        return ""
    kind = shape.type_name
    if shape.name == DECODED and isinstance(value, Mapping):
        return ""
    wanted = TYPES.get(kind)
    if wanted is not None and (not isinstance(value, wanted) or (isinstance(value, bool) and wanted is not bool)):
        return f" is not of type {kind}"
    if kind == "structure":
        members = shape.members
        for name, item in value.items():
            if name in members and (problem := _mistyped(item, members[name])):
                return f".{name}{problem}"
    elif kind == "list":
        return next((f"[]{problem}" for item in value if (problem := _mistyped(item, shape.member))), "")
    elif kind == "map":
        return next((f".*{problem}" for item in value.values() if (problem := _mistyped(item, shape.value))), "")
    return ""


DECODED = "policyDocumentType"
"""Texts of IAM that botocore has read as JSON: `json_decode_policies` in botocore.handlers."""


def _local(element: ET.Element) -> str:
    return element.tag.rpartition("}")[2]
