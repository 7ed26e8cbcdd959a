"""The native kinds of Azure, one row each; the one diff reads them."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from trimtab.plan import Field, Kind, MarkPlace, Resource

HOME = "resource_group"
"""In which a name is unique, whatever its case and location (naming rules, Azure Resource Manager)."""
SPOT = frozenset({"Spot", "Low"})
"""Priorities that Azure may take away; `Low` is the old word (Virtual Machine Scale Sets REST API)."""
_SET = "properties"
_PROFILE = f"{_SET}.virtualMachineProfile"
_OS = f"{_PROFILE}.osProfile"
_STORAGE = f"{_PROFILE}.storageProfile"
_IMAGE = f"{_STORAGE}.imageReference"
_OS_DISK = f"{_STORAGE}.osDisk"
_DATA_DISK = f"{_STORAGE}.dataDisks[*]"
_NETWORK = f"{_PROFILE}.networkProfile"
_CARD = f"{_NETWORK}.networkInterfaceConfigurations[*].properties"
_ADDRESS = f"{_CARD}.ipConfigurations[*].properties"
_MONITOR = f"{_PROFILE}.extensionProfile.extensions[azure-monitor-agent].properties"
_HEALTH = f"{_PROFILE}.extensionProfile.extensions[health].properties"
"""One extension; those that somebody else installs are theirs."""
_SPOT = f"{_SET}.priorityMixPolicy"
_WHEN = f"{_SET}.profiles[*]"
_RULE = f"{_WHEN}.rules[*]"
_TRIGGER = f"{_RULE}.metricTrigger"
_TOLD = f"{_SET}.notifications[*]"
_CRITERION = f"{_SET}.criteria.allOf[*]"
_QUEUE = "dimensions[EntityName]"
"""Tells one queue of a Service Bus namespace, by a name that is part of its id."""
_OF_IMAGE = (
    "template.image.id template.image.newest template.image.owner template.image.os template.image.architecture "
    "template.size.architecture"
)

# https://learn.microsoft.com/azure/virtual-machine-scale-sets/virtual-machine-scale-sets-upgrade-scale-set
# https://learn.microsoft.com/azure/virtual-machine-scale-sets/virtual-machine-scale-sets-use-availability-zones


def _only_adds(old: Collection[str] | None, new: Collection[str] | None) -> bool:
    """Whether zones are added to those that are there: none goes, and there is no way back to no zones."""
    return frozenset(old or ()) <= frozenset(new or ())


def _grows(old: int | None, new: int | None) -> bool:
    """Whether a disk gets larger: a managed disk does not shrink."""
    return old is None or new is None or old <= new


def _spreads(old: bool | None, new: bool | None) -> bool:
    """Whether a set does not go back to one placement group: what was spread out stays so (REST API)."""
    return not (old is False and new is True)


def _stays_given(old: object, new: object) -> bool:
    """Whether an image named by an id is followed by another one named so: the kind of image stays."""
    return (old is None) is (new is None)


def _made_with(disk: str) -> Iterator[Field]:
    """What a disk keeps that it was made with."""
    kind, key = "storageAccountType", "diskEncryptionSet.id"
    yield Field(path=f"{disk}.managedDisk.{kind}", models="template.disks.type", server_default=True, immutable=True)
    yield Field(path=f"{disk}.managedDisk.{key}", models="template.disks.key", ignore_case=True, immutable=True)


_GLOBAL = "Global"
"""Where alerts and action groups are (Metric Alerts, Action Groups: Create Or Update)."""


def _tagged(item: Resource) -> dict[str, str]:
    return {**(item.body.get("tags") or {}), **(item.mark.tags() if item.mark else {})}


def _sent_in_region(item: Resource) -> Mapping[str, Any]:
    return {**item.body, "tags": _tagged(item), "location": item.key.location}


def _sent_globally(item: Resource) -> Mapping[str, Any]:
    return {**item.body, "tags": _tagged(item), "location": _GLOBAL}


ACTION_GROUP = Kind(
    name="action-group",
    label="action group",
    ignore_case=True,
    unique_in=HOME,
    rank=0,
    mark=MarkPlace.TAGS,
    fields=(
        Field(path=f"{_SET}.groupShortName", models="alarms"),
        Field(path=f"{_SET}.enabled", models="alarms", default=True),
        Field(path=f"{_SET}.emailReceivers[*].emailAddress", models="alarms"),
        Field(path=f"{_SET}.emailReceivers[*].useCommonAlertSchema", models="alarms", default=False),
        Field(path=f"{_SET}.webhookReceivers[*].serviceUri", models="alarms"),
        Field(path=f"{_SET}.webhookReceivers[*].useCommonAlertSchema", models="alarms", default=False),
    ),
    maps={f"{_SET}.emailReceivers": "name", f"{_SET}.webhookReceivers": "name"},
    replaces=True,
    sends=_sent_globally,
)

SCALE_SET = Kind(
    name="scale-set",
    label="scale set",
    ignore_case=True,
    unique_in=HOME,
    rank=1,
    mark=MarkPlace.TAGS,
    fields=(
        Field(path="resourceGroup", models="azure.resource_group", immutable=True, ignore_case=True),
        Field(path="location", models="location", immutable=True, time_varying=True),
        Field(path="sku.name", models="template.size"),
        # the image's purchase plan: https://learn.microsoft.com/azure/virtual-machines/linux/cli-ps-findimage
        Field(path="plan", models="template.image.os", server_default=True, immutable=True),
        Field(path="sku.capacity", models="capacity.desired"),
        Field(path="zones", models="placement.zones", immutable=True, in_place=_only_adds),
        Field(path="identity.type", models="template.role", default="None"),
        Field(path="identity.userAssignedIdentities", models="template.role", ignore_case=True),
        Field(path="tags", models="tags template.tags"),
        Field(path=f"{_SET}.orchestrationMode", models="azure.orchestration", immutable=True, default="Uniform"),
        Field(path=f"{_SET}.upgradePolicy.mode", models="template", default="Manual"),
        Field(path=f"{_SET}.overprovision", models="azure.overprovision"),
        Field(
            path=f"{_SET}.singlePlacementGroup",
            models="azure.single_placement_group",
            server_default=True,
            immutable=True,
            in_place=_spreads,
        ),
        Field(path=f"{_SET}.zoneBalance", models="azure.zone_balance", immutable=True, default=False),
        Field(
            path=f"{_SET}.platformFaultDomainCount", models="azure.fault_domains", immutable=True, server_default=True
        ),
        Field(path=f"{_SET}.scaleInPolicy.rules", models="azure.scale_in", default=["Default"]),
        Field(
            path=f"{_SET}.automaticRepairsPolicy.enabled",
            models="azure.automatic_repairs health_check.by",
            default=False,
        ),
        Field(path=f"{_SET}.automaticRepairsPolicy.gracePeriod", models="health_check.grace", server_default=True),
        Field(path=f"{_SET}.additionalCapabilities.ultraSSDEnabled", models="template.disks.type", server_default=True),
        Field(path=f"{_SET}.spotRestorePolicy.enabled", models="azure.restore_spot", default=False),
        Field(path=f"{_SET}.spotRestorePolicy.restoreTimeout", models="azure.restore_spot", server_default=True),
        Field(path=f"{_SPOT}.baseRegularPriorityCount", models="purchase.on_demand_base"),
        Field(path=f"{_SPOT}.regularPriorityPercentageAboveBase", models="purchase.on_demand_percent"),
        Field(path=f"{_SET}.skuProfile.vmSizes", models="purchase.sizes.size template.size"),
        Field(path=f"{_SET}.skuProfile.allocationStrategy", models="purchase.strategy"),
        Field(path=f"{_PROFILE}.priority", models="purchase.spot", immutable=True, default="Regular"),
        Field(path=f"{_PROFILE}.evictionPolicy", models="azure.eviction", immutable=True, server_default=True),
        Field(path=f"{_PROFILE}.billingProfile.maxPrice", models="purchase.max_price", default=-1),
        Field(
            path=f"{_PROFILE}.capacityReservation.capacityReservationGroup.id",
            models="purchase.reservation",
            immutable=True,
            ignore_case=True,
        ),
        Field(path=f"{_IMAGE}.id", models=_OF_IMAGE, ignore_case=True, immutable=True, in_place=_stays_given),
        *(
            Field(path=f"{_IMAGE}.{name}", models=_OF_IMAGE, ignore_case=True)
            for name in ("publisher", "offer", "sku", "version")
        ),
        Field(
            path=f"{_OS_DISK}.diskSizeGB",
            models="template.disks.size_gb",
            server_default=True,
            immutable=True,
            in_place=_grows,
        ),
        *_made_with(_OS_DISK),
        Field(path=f"{_OS_DISK}.deleteOption", models="template.disks", default="Delete"),
        Field(
            path=f"{_DATA_DISK}.diskSizeGB",
            models="template.disks.size_gb",
            server_default=True,
            immutable=True,
            in_place=_grows,
        ),
        Field(path=f"{_DATA_DISK}.createOption", models="template.disks template.disks.device", immutable=True),
        *_made_with(_DATA_DISK),
        Field(path=f"{_DATA_DISK}.deleteOption", models="template.disks", default="Delete"),
        Field(path=f"{_DATA_DISK}.diskIOPSReadWrite", models="template.disks.iops", server_default=True),
        Field(path=f"{_DATA_DISK}.diskMBpsReadWrite", models="template.disks.throughput", server_default=True),
        Field(path=f"{_OS}.computerNamePrefix", models="azure.computer_name_prefix", immutable=True, ignore_case=True),
        Field(path=f"{_OS}.adminUsername", models="azure.admin_username", immutable=True),
        # sent by a creation alone, and never given back
        Field(path=f"{_OS}.adminPassword", models="template.admin_password.env", initial=True),
        Field(path=f"{_OS}.windowsConfiguration.provisionVMAgent", models=_OF_IMAGE, server_default=True),
        Field(
            path=f"{_OS}.customData",
            models="template.user_data template.user_data_parts template.variables template.agents",
            write_only=True,
        ),
        Field(
            # another system, or a password where none was, is another scale set
            path=f"{_OS}.linuxConfiguration.disablePasswordAuthentication",
            models="template.admin_password.env template.ssh_key",
            immutable=True,
        ),
        Field(path=f"{_OS}.linuxConfiguration.ssh.publicKeys", models="template.ssh_key"),
        Field(path=f"{_CARD}.networkSecurityGroup.id", models="template.security_groups", ignore_case=True),
        Field(
            path=f"{_ADDRESS}.subnet.id",
            models="placement.subnets placement.subnet_tags placement.network",
            ignore_case=True,
        ),
        Field(path=f"{_ADDRESS}.publicIPAddressConfiguration.name", models="template.public_address"),
        Field(
            path=f"{_ADDRESS}.loadBalancerBackendAddressPools",
            models="load_balancers.name load_balancers.id",
            ignore_case=True,
        ),
        Field(
            path=f"{_ADDRESS}.applicationGatewayBackendAddressPools",
            models="azure.application_gateway_pools load_balancers.id",
            ignore_case=True,
        ),
        Field(path=f"{_NETWORK}.healthProbe.id", models="health_check.by load_balancers", ignore_case=True),
        Field(path=f"{_HEALTH}.type", models="health_check.by"),
        Field(path=f"{_HEALTH}.settings.protocol", models="health_check.protocol health_check.path health_check.by"),
        Field(path=f"{_HEALTH}.settings.port", models="health_check.port"),
        Field(path=f"{_HEALTH}.settings.requestPath", models="health_check.path"),
        Field(path=f"{_HEALTH}.settings.intervalInSeconds", models="health_check.interval", default=5),
        Field(
            path=f"{_HEALTH}.settings.numberOfProbes",
            models="health_check.unhealthy_threshold health_check.healthy_threshold",
            default=1,
        ),
        Field(path=f"{_MONITOR}.type", models="template.agents"),
        Field(path=f"{_MONITOR}.typeHandlerVersion", models="template.agents", server_default=True),
        Field(
            path=f"{_MONITOR}.settings.authentication.managedIdentity.identifier-value",
            models="template.agents template.role",
            ignore_case=True,
        ),
        Field(
            path=f"{_PROFILE}.scheduledEventsProfile.terminateNotificationProfile.enable",
            models="azure.terminate_notification",
            default=False,
        ),
        Field(
            path=f"{_PROFILE}.scheduledEventsProfile.terminateNotificationProfile.notBeforeTimeout",
            models="azure.terminate_notification",
            server_default=True,
        ),
    ),
    maps={
        f"{_STORAGE}.dataDisks": "lun",
        f"{_NETWORK}.networkInterfaceConfigurations": "name",
        f"{_CARD}.ipConfigurations": "name",
        f"{_PROFILE}.extensionProfile.extensions": "name",
        f"{_OS}.linuxConfiguration.ssh.publicKeys": "path",
        f"{_SET}.skuProfile.vmSizes": "name",
    },
    sets=frozenset(
        {
            "zones",
            "identity.userAssignedIdentities",
            f"{_SET}.scaleInPolicy.rules",
            f"{_ADDRESS}.loadBalancerBackendAddressPools",
            f"{_ADDRESS}.applicationGatewayBackendAddressPools",
        }
    ),
    states=frozenset({f"{_SET}.provisioningState", f"{_SET}.uniqueId", f"{_SET}.timeCreated"}),
    defaults={
        "sku.tier": ["Standard"],
        f"{_SET}.upgradePolicy.mode": ["Manual"],
        f"{_STORAGE}.osDisk.createOption": ["FromImage"],
        f"{_STORAGE}.osDisk.caching": ["ReadWrite"],
        f"{_STORAGE}.osDisk.osType": ["Linux", "Windows"],
        f"{_OS}.allowExtensionOperations": [True],
        f"{_OS}.requireGuestProvisionSignal": [True],
        f"{_OS}.linuxConfiguration.provisionVMAgent": [True],
        f"{_OS}.windowsConfiguration.provisionVMAgent": [True],
        f"{_OS}.windowsConfiguration.enableAutomaticUpdates": [True],
        f"{_CARD}.primary": [True],
        f"{_ADDRESS}.primary": [True],
        f"{_ADDRESS}.privateIPAddressVersion": ["IPv4"],
    },
    holds_instances=True,
    sends=_sent_in_region,
    template=(_PROFILE, "sku.name", f"{_SET}.skuProfile", f"{_SET}.upgradePolicy.mode"),
    pools=(f"{_ADDRESS}.loadBalancerBackendAddressPools", f"{_ADDRESS}.applicationGatewayBackendAddressPools"),
)

AUTOSCALE_SETTING = Kind(
    name="autoscale-setting",
    label="autoscale setting",
    ignore_case=True,
    unique_in=HOME,
    rank=2,
    mark=MarkPlace.TAGS,
    fields=(
        Field(path=f"{_SET}.enabled", models="policies controller", default=True),
        Field(path=f"{_SET}.targetResourceUri", models="native_name", ignore_case=True),
        Field(path=f"{_WHEN}.capacity.minimum", models="capacity.min schedules.*.min"),
        Field(path=f"{_WHEN}.capacity.maximum", models="capacity.max schedules.*.max"),
        Field(
            path=f"{_WHEN}.capacity.default",
            models="azure.default_capacity capacity.desired schedules.*.desired",
        ),
        Field(path=f"{_WHEN}.recurrence", models="schedules.*.cron schedules.*.until schedules.*.duration"),
        Field(path=f"{_WHEN}.recurrence.schedule.timeZone", models="schedules.*.zone"),
        Field(
            path=f"{_WHEN}.fixedDate",
            models="schedules.*.at schedules.*.duration schedules.*.skip_dates schedules.*.only_dates",
        ),
        Field(path=f"{_WHEN}.fixedDate.timeZone", models="schedules.*.zone"),
        Field(path=f"{_TRIGGER}.metricName", models="alarms.*.metric policies.*.metric"),
        Field(
            path=f"{_TRIGGER}.metricNamespace", models="alarms.*.metric policies.*.metric", default="", ignore_case=True
        ),
        Field(path=f"{_TRIGGER}.metricResourceUri", models="alarms.*.metric policies.*.metric", ignore_case=True),
        Field(path=f"{_TRIGGER}.dimensions", models="alarms.*.metric policies.*.metric", whole=True),
        Field(path=f"{_TRIGGER}.{_QUEUE}.Values", models="alarms.*.metric policies.*.metric", ignore_case=True),
        Field(path=f"{_TRIGGER}.dividePerInstance", models="alarms.*.metric policies.*.metric", default=False),
        Field(path=f"{_TRIGGER}.timeGrain", models="alarms.*.period"),
        Field(path=f"{_TRIGGER}.timeWindow", models="alarms.*.period alarms.*.periods alarms.*.datapoints"),
        Field(path=f"{_TRIGGER}.statistic", models="alarms.*.statistic policies.*.statistic"),
        Field(path=f"{_TRIGGER}.timeAggregation", models="alarms.*.statistic policies.*.statistic"),
        Field(
            path=f"{_TRIGGER}.operator",
            models="alarms.*.above alarms.*.at_least alarms.*.below alarms.*.at_most policies.*.target",
        ),
        Field(
            path=f"{_TRIGGER}.threshold",
            models=(
                "alarms.*.above alarms.*.at_least alarms.*.below alarms.*.at_most policies.*.target "
                "policies.*.steps.lower policies.*.steps.upper"
            ),
        ),
        Field(path=f"{_RULE}.scaleAction.direction", models="policies.*.type policies.*.scale_in policies.*.enabled"),
        Field(
            path=f"{_RULE}.scaleAction.type",
            models="policies.*.change policies.*.percent policies.*.to alarms.*.triggers alarms.*.enabled",
        ),
        Field(
            path=f"{_RULE}.scaleAction.value",
            models=(
                "policies.*.change policies.*.percent policies.*.to policies.*.minimum_change policies.*.steps.change "
                "policies.*.steps.percent policies.*.steps.to policies.*.steps"
            ),
        ),
        Field(path=f"{_RULE}.scaleAction.cooldown", models="policies.*.cooldown cooldown policies.*.warm_up warm_up"),
        Field(path=f"{_SET}.predictiveAutoscalePolicy.scaleMode", models="policies.*.mode", default="Disabled"),
        Field(path=f"{_SET}.predictiveAutoscalePolicy.scaleLookAheadTime", models="policies.*.buffer"),
        Field(path=f"{_TOLD}.operation", models="azure.notify_scaling"),
        Field(path=f"{_TOLD}.email.customEmails", models="azure.notify_scaling"),
        *(
            Field(path=f"{_TOLD}.email.{name}", models="azure.notify_scaling", default=False)
            for name in ("sendToSubscriptionAdministrator", "sendToSubscriptionCoAdministrators")
        ),
        Field(path=f"{_TOLD}.webhooks", models="azure.notify_scaling"),
    ),
    maps={
        f"{_SET}.profiles": "name",
        f"{_WHEN}.rules": "name",
        f"{_TRIGGER}.dimensions": "DimensionName",
        f"{_TOLD}.webhooks": "serviceUri",
    },
    sets=frozenset({f"{_WHEN}.recurrence.schedule.days", f"{_TOLD}.email.customEmails"}),
    # the name is said twice
    states=frozenset({f"{_SET}.name"}),
    replaces=True,
    sends=_sent_in_region,
)

METRIC_ALERT = Kind(
    name="metric-alert",
    label="metric alert",
    defaults={f"{_SET}.targetResourceType": ["microsoft.compute/virtualmachinescalesets"]},
    ignore_case=True,
    unique_in=HOME,
    rank=3,
    mark=MarkPlace.TAGS,
    fields=(
        Field(path=f"{_SET}.scopes", models="metric", ignore_case=True),
        Field(path=f"{_SET}.enabled", models="enabled", default=True),
        Field(path=f"{_SET}.description", models="description"),
        Field(path=f"{_SET}.severity", models="severity"),
        Field(path=f"{_SET}.evaluationFrequency", models="period"),
        Field(path=f"{_SET}.windowSize", models="period periods datapoints"),
        Field(path=f"{_SET}.autoMitigate", default=True),
        Field(path=f"{_CRITERION}.metricName", models="metric"),
        Field(path=f"{_CRITERION}.metricNamespace", models="metric", ignore_case=True),
        Field(path=f"{_CRITERION}.dimensions", models="metric", whole=True),
        Field(path=f"{_CRITERION}.{_QUEUE}.values", models="metric", ignore_case=True),
        Field(path=f"{_CRITERION}.skipMetricValidation", models="metric", default=False),
        Field(path=f"{_CRITERION}.timeAggregation", models="statistic"),
        Field(path=f"{_CRITERION}.criterionType", models="metric"),
        Field(
            path=f"{_CRITERION}.operator",
            models="above at_least below at_most",
        ),
        Field(
            path=f"{_CRITERION}.threshold",
            models="above at_least below at_most",
        ),
        Field(path=f"{_SET}.actions", models="notify notify_ok", ignore_case=True),
    ),
    maps={f"{_SET}.criteria.allOf": "name", f"{_CRITERION}.dimensions": "name"},
    names={f"{_SET}.scopes": SCALE_SET.name},
    sets=frozenset({f"{_SET}.scopes", f"{_SET}.actions", f"{_CRITERION}.dimensions[*].values"}),
    states=frozenset({f"{_SET}.lastUpdatedTime", f"{_SET}.isMigrated"}),
    replaces=True,
    sends=_sent_globally,
)

KINDS: Mapping[str, Kind] = {kind.name: kind for kind in (ACTION_GROUP, SCALE_SET, AUTOSCALE_SETTING, METRIC_ALERT)}
