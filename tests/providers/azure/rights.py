"""
The right that Azure asks a caller for, by the call.

https://learn.microsoft.com/azure/role-based-access-control/resource-provider-operations
"""

ACTIONS = {
    "VirtualMachineScaleSets_List": "Microsoft.Compute/virtualMachineScaleSets/read",
    "VirtualMachineScaleSets_Get": "Microsoft.Compute/virtualMachineScaleSets/read",
    "VirtualMachineScaleSets_CreateOrUpdate": "Microsoft.Compute/virtualMachineScaleSets/write",
    "VirtualMachineScaleSets_Update": "Microsoft.Compute/virtualMachineScaleSets/write",
    "VirtualMachineScaleSets_Delete": "Microsoft.Compute/virtualMachineScaleSets/delete",
    "VirtualMachineScaleSets_DeleteInstances": "Microsoft.Compute/virtualMachineScaleSets/delete/action",
    "VirtualMachineScaleSets_UpdateInstances": "Microsoft.Compute/virtualMachineScaleSets/manualupgrade/action",
    "VirtualMachineScaleSetVMs_List": "Microsoft.Compute/virtualMachineScaleSets/virtualMachines/read",
    "VirtualMachineScaleSetVMs_Get": "Microsoft.Compute/virtualMachineScaleSets/virtualMachines/read",
    "VirtualMachineScaleSetVMs_Update": "Microsoft.Compute/virtualMachineScaleSets/virtualMachines/write",
    "NetworkInterfaces_ListVirtualMachineScaleSet": (
        "Microsoft.Compute/virtualMachineScaleSets/networkInterfaces/read"
    ),
    "AutoscaleSettings_ListByResourceGroup": "Microsoft.Insights/autoscaleSettings/read",
    "AutoscaleSettings_Get": "Microsoft.Insights/autoscaleSettings/read",
    "AutoscaleSettings_CreateOrUpdate": "Microsoft.Insights/autoscaleSettings/write",
    "AutoscaleSettings_Delete": "Microsoft.Insights/autoscaleSettings/delete",
    "MetricAlerts_ListByResourceGroup": "Microsoft.Insights/metricAlerts/read",
    "MetricAlerts_Get": "Microsoft.Insights/metricAlerts/read",
    "MetricAlerts_CreateOrUpdate": "Microsoft.Insights/metricAlerts/write",
    "MetricAlerts_Delete": "Microsoft.Insights/metricAlerts/delete",
    "MetricAlertsStatus_List": "Microsoft.Insights/metricAlerts/Status/read",
    "ActionGroups_ListByResourceGroup": "Microsoft.Insights/actionGroups/read",
    "ActionGroups_Get": "Microsoft.Insights/actionGroups/read",
    "ActionGroups_CreateOrUpdate": "Microsoft.Insights/actionGroups/write",
    "ActionGroups_Delete": "Microsoft.Insights/actionGroups/delete",
    "Metrics_List": "Microsoft.Insights/Metrics/Read",
    "CustomMetrics_Create": "Microsoft.Insights/Metrics/Write",
    "ActivityLogs_List": "Microsoft.Insights/eventtypes/values/Read",
    "Subnets_Get": "Microsoft.Network/virtualNetworks/subnets/read",
    "VirtualNetworks_List": "Microsoft.Network/virtualNetworks/read",
    "NetworkSecurityGroups_Get": "Microsoft.Network/networkSecurityGroups/read",
    "UserAssignedIdentities_Get": "Microsoft.ManagedIdentity/userAssignedIdentities/read",
    "DiskEncryptionSets_Get": "Microsoft.Compute/diskEncryptionSets/read",
    "CapacityReservationGroups_Get": "Microsoft.Compute/capacityReservationGroups/read",
    "SshPublicKeys_Get": "Microsoft.Compute/sshPublicKeys/read",
    "LoadBalancers_List": "Microsoft.Network/loadBalancers/read",
    "ApplicationGateways_List": "Microsoft.Network/applicationGateways/read",
    "ResourceSkus_List": "Microsoft.Compute/skus/read",
    "Usage_List": "Microsoft.Compute/locations/usages/read",
    "VirtualMachineImages_List": "Microsoft.Compute/locations/publishers/artifacttypes/offers/skus/versions/read",
    "VirtualMachines_List": "Microsoft.Compute/virtualMachines/read",
}
"""What Azure asks a role for; operations that are polled ask for nothing of their own."""
