"""Which calls the shim answers itself; all others go to moto as they came."""

from trimtab.emulators.aws import (
    activities,
    alarms,
    execution,
    group_reads,
    groups,
    members,
    policies,
    processes,
    schedules,
    templates,
)
from trimtab.emulators.aws.calls import Handler

_AUTO_SCALING: dict[str, Handler] = {
    "AttachLoadBalancerTargetGroups": groups.attach_load_balancer_target_groups,
    "BatchDeleteScheduledAction": schedules.batch_delete_scheduled_action,
    "BatchPutScheduledUpdateGroupAction": schedules.batch_put_scheduled_update_group_action,
    "CreateAutoScalingGroup": groups.create_auto_scaling_group,
    "CreateOrUpdateTags": groups.create_or_update_tags,
    "DeleteAutoScalingGroup": groups.delete_auto_scaling_group,
    "DeletePolicy": policies.delete_policy,
    "DeleteScheduledAction": schedules.delete_scheduled_action,
    "DeleteTags": groups.delete_tags,
    "DescribeAutoScalingGroups": group_reads.describe_auto_scaling_groups,
    "DescribeAutoScalingInstances": group_reads.describe_auto_scaling_instances,
    "DescribePolicies": policies.describe_policies,
    "DescribeScalingActivities": activities.describe_scaling_activities,
    "DescribeScheduledActions": schedules.describe_scheduled_actions,
    "DescribeTags": group_reads.describe_tags,
    "ExecutePolicy": execution.execute_policy,
    "PutScalingPolicy": policies.put_scaling_policy,
    "PutScheduledUpdateGroupAction": schedules.put_scheduled_update_group_action,
    "ResumeProcesses": processes.resume_processes,
    "SetDesiredCapacity": groups.set_desired_capacity,
    "SuspendProcesses": processes.suspend_processes,
    "TerminateInstanceInAutoScalingGroup": members.terminate_instance_in_auto_scaling_group,
    "UpdateAutoScalingGroup": groups.update_auto_scaling_group,
}

_CLOUDWATCH: dict[str, Handler] = {
    "DeleteAlarms": alarms.delete_alarms,
    "DescribeAlarms": alarms.describe_alarms,
    "DescribeAlarmsForMetric": alarms.describe_alarms_for_metric,
    "DisableAlarmActions": alarms.disable_alarm_actions,
    "EnableAlarmActions": alarms.enable_alarm_actions,
    "ListTagsForResource": alarms.list_tags_for_resource,
    "PutMetricAlarm": alarms.put_metric_alarm,
    "SetAlarmState": alarms.set_alarm_state,
    "TagResource": alarms.tag_resource,
    "UntagResource": alarms.untag_resource,
}

_EC2: dict[str, Handler] = {
    "CreateLaunchTemplate": templates.create_launch_template,
    "CreateLaunchTemplateVersion": templates.create_launch_template_version,
    "DeleteLaunchTemplate": templates.delete_launch_template,
    "DeleteLaunchTemplateVersions": templates.delete_launch_template_versions,
    "DescribeLaunchTemplateVersions": templates.describe_launch_template_versions,
    "DescribeLaunchTemplates": templates.describe_launch_templates,
    "ModifyLaunchTemplate": templates.modify_launch_template,
}

HANDLERS: dict[tuple[str, str], Handler] = {
    **{("autoscaling", name): handler for name, handler in _AUTO_SCALING.items()},
    **{("cloudwatch", name): handler for name, handler in _CLOUDWATCH.items()},
    **{("ec2", name): handler for name, handler in _EC2.items()},
}
