"""Which operations are called in the scenes of the wire, and which only have their form looked at."""

TEXTS = {
    "aws": """
        AttachLoadBalancerTargetGroups BatchDeleteScheduledAction BatchPutScheduledUpdateGroupAction
        CreateAutoScalingGroup CreateLaunchTemplate CreateLaunchTemplateVersion CreateOrUpdateTags DeleteAlarms
        DeleteAutoScalingGroup DeleteLaunchTemplate DeletePolicy DeleteTags DescribeAccountLimits DescribeAlarms
        DescribeAutoScalingGroups DescribeAvailabilityZones DescribeImages DescribeInstanceRefreshes
        DescribeInstanceTypeOfferings DescribeInstanceTypes DescribeInstances DescribeLaunchTemplateVersions
        DescribeLifecycleHooks DescribeNotificationConfigurations DescribePolicies DescribeScalingActivities
        DescribeScheduledActions DescribeSubnets DescribeTargetGroups DescribeTargetHealth
        DetachLoadBalancerTargetGroups EnableMetricsCollection GetMetricData GetServiceQuota GetTopicAttributes
        PutLifecycleHook PutMetricAlarm PutMetricData PutScalingPolicy ResumeProcesses SetDesiredCapacity
        SetInstanceProtection StartInstanceRefresh SuspendProcesses TerminateInstanceInAutoScalingGroup
        UpdateAutoScalingGroup
    """,
    "azure": """
        ActionGroups_CreateOrUpdate ActionGroups_Delete ActionGroups_Get ActionGroups_ListByResourceGroup
        ActivityLogs_List ApplicationGateways_List AutoscaleSettings_CreateOrUpdate AutoscaleSettings_Delete
        AutoscaleSettings_Get AutoscaleSettings_ListByResourceGroup CustomMetrics_Create LoadBalancers_List
        MetricAlertsStatus_List MetricAlerts_CreateOrUpdate MetricAlerts_Delete MetricAlerts_Get
        MetricAlerts_ListByResourceGroup Metrics_List NetworkInterfaces_ListVirtualMachineScaleSet
        Operations_Get ResourceSkus_List Subnets_Get Usage_List VirtualMachineImages_List
        VirtualMachineScaleSetVMs_Get VirtualMachineScaleSetVMs_List VirtualMachineScaleSetVMs_Update
        VirtualMachineScaleSets_CreateOrUpdate VirtualMachineScaleSets_Delete
        VirtualMachineScaleSets_DeleteInstances VirtualMachineScaleSets_Get VirtualMachineScaleSets_List
        VirtualMachineScaleSets_Update VirtualMachineScaleSets_UpdateInstances
    """,
    "gcp": """
        CreateAlertPolicy CreateNotificationChannel CreateTimeSeries DeleteAlertPolicy DeleteNotificationChannel
        ListAlertPolicies ListAlerts ListNotificationChannels ListTimeSeries UpdateAlertPolicy
        autoscalers.aggregatedList backendServices.aggregatedList backendServices.get backendServices.getHealth
        backendServices.patch globalOperations.aggregatedList healthChecks.aggregatedList images.list
        instanceGroupManagers.aggregatedList instanceTemplates.delete instanceTemplates.get
        instanceTemplates.insert instanceTemplates.list instances.aggregatedList machineTypes.aggregatedList
        regionAutoscalers.delete regionAutoscalers.get regionAutoscalers.insert regionAutoscalers.update
        regionHealthChecks.delete regionHealthChecks.get regionHealthChecks.insert regionHealthChecks.patch
        regionInstanceGroupManagers.applyUpdatesToInstances regionInstanceGroupManagers.delete
        regionInstanceGroupManagers.get regionInstanceGroupManagers.insert
        regionInstanceGroupManagers.listErrors regionInstanceGroupManagers.listManagedInstances
        regionInstanceGroupManagers.patch regionInstanceGroupManagers.recreateInstances regionInstanceGroups.get
        regionInstanceGroups.setNamedPorts regions.get
    """,
}
CALLED = {cloud: frozenset(text.split()) for cloud, text in TEXTS.items()}
"""Operations of the scenes, rollouts among them; the exhaustive run sees that it is they, and answers each badly."""
LOOKED_UP_BY_NAME = """
    DescribeKeyPairs DescribeSecurityGroups DescribeVpcs GetInstanceProfile GetParameters ListAliases ListMetrics
    GetAWSDefaultServiceQuota GetRole DescribePlacementGroups DescribeCapacityReservations networks.list
    reservations.aggregatedList resourcePolicies.list subnetworks.list zones.list targetPools.list
"""
"""What some groups name: a plan goes on without it and says so, as with the like that the scenes ask for."""
OF_LARGE_ACCOUNTS = """
    DescribeLaunchTemplates ActionGroups_ListBySubscriptionId AutoscaleSettings_ListBySubscription
    MetricAlerts_ListBySubscription VirtualMachineScaleSets_ListAll
"""
"""Lists in place of those that the scenes ask for, where there is more or other than there."""
OF_HOOKS = """
    ChangeMessageVisibility CompleteLifecycleAction DeleteMessage DescribeAutoScalingInstances GetQueueUrl
    ReceiveMessage RecordLifecycleActionHeartbeat
"""
"""What handlers of lifecycle hooks ask: tests of theirs break the wire."""
OF_OTHER_PLACES = """
    autoscalers.get globalOperations.get instanceGroupManagers.get instanceGroupManagers.listErrors
    instanceGroupManagers.listManagedInstances instanceGroups.get regionBackendServices.get
    regionBackendServices.getHealth regionInstanceTemplates.get regionOperations.get regionUrlMaps.get
    urlMaps.aggregatedList urlMaps.get zoneOperations.get
"""
"""The zonal, regional or global twins of those of the scenes, and what is asked while an operation is under way."""
OF_FEW_GROUPS = """
    CancelInstanceRefresh DeleteLaunchTemplateVersions DeleteLifecycleHook DeleteNotificationConfiguration
    DeleteWarmPool DescribeAlarmHistory DescribeLaunchConfigurations DescribeListeners DescribeRules
    DisableMetricsCollection EnterStandby ExecutePolicy ModifyLaunchTemplate ModifyListener ModifyRule
    PutNotificationConfiguration PutWarmPool RollbackInstanceRefresh VirtualMachines_List
"""
"""Warm pools, topics, shares of requests, the way back, and what one instance is told."""
_TEXTS = (LOOKED_UP_BY_NAME, OF_LARGE_ACCOUNTS, OF_HOOKS, OF_OTHER_PLACES, OF_FEW_GROUPS)
FORM_ONLY = frozenset(word for text in _TEXTS for word in text.split())
"""Not in a scene: the tests of the envelopes hold what a good reply to them is."""
