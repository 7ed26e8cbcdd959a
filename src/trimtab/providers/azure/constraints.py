"""
What Azure refuses about the bodies that trimtab writes, each with its source; needs no SDK.

Sources that begin with `arm` are places in the type files of Azure Resource Manager: the file, the type, the property.
"""

import re

from trimtab.declarations.constraint import Citation, Constraints, Row, read_stated
from trimtab.declarations.limits import (
    Bytes,
    Choice,
    Count,
    Excludes,
    Needs,
    Pattern,
    ProductAtMost,
    Range,
    Unquoted,
    When,
)

SET, SETTING, ALERT, ACTION_GROUP = "scale-set", "autoscale-setting", "metric-alert", "action-group"

_LEARN = "https://learn.microsoft.com/azure"
_TERRAFORM = "https://github.com/hashicorp/terraform-provider-azurerm/blob/main"
_PROFILE = "properties.virtualMachineProfile"
_OS = f"{_PROFILE}.osProfile"
_STORAGE = f"{_PROFILE}.storageProfile"
_RULE = "properties.profiles[*].rules[*]"
_SPOT = When(f"{_PROFILE}.priority", among=("Spot", "Low"))
_FLEXIBLE = When("properties.orchestrationMode", among=("Flexible",))
_UNIFORM = When("properties.orchestrationMode", among=("Flexible",), absent=True)
_HEALTH = "properties.virtualMachineProfile.extensionProfile.extensions[*].properties.type"
_PROBE = "properties.virtualMachineProfile.extensionProfile.extensions[*].properties.settings"
_ASKS = When(_HEALTH, among=("ApplicationHealthLinux", "ApplicationHealthWindows"))
_EXTENSION = "https://github.com/Azure/applicationhealth-extension-linux"
_MINUTE, _HOUR, _DAY = 60, 3600, 86400
RESERVED_USERS = (
    *("administrator", "admin", "user", "user1", "test", "user2", "test1", "user3", "admin1", "1", "123", "a"),
    *("actuser", "adm", "admin2", "aspnet", "backup", "console", "david", "guest", "john", "owner", "root", "server"),
    *("sql", "support", "support_388945a0", "sys", "test2", "test3", "user4", "user5"),
)
FORBIDDEN_PASSWORDS = (
    *("abc@123", "P@$$w0rd", "P@ssw0rd", "P@ssword123", "Pa$$word", "pass@word1", "Password!", "Password1"),
    *("Password22", "iloveyou!"),
)
_NO_HOST = "\\/\"[]:|<>+=;,?*@&~!#$%^()_{}'"
_WINDOWS, _LINUX = When(f"{_OS}.windowsConfiguration"), When(f"{_OS}.linuxConfiguration")
_NO_SPOT = Citation(
    f"{_LEARN}/virtual-machine-scale-sets/use-spot",
    "The following sizes aren't supported for Azure Spot Virtual Machines: B-series Promo versions of any size (like "
    "Dv2, NV, NC, H promo sizes)",
)


def _set(path: str, quote: str) -> Citation:
    return Citation(f"arm microsoft.compute.2026-04-01 Microsoft.Compute/virtualMachineScaleSets:{path}", quote)


def _setting(path: str, quote: str) -> Citation:
    return Citation(f"arm microsoft.insights.2022-10-01 Microsoft.Insights/autoscalesettings:{path}", quote)


def _tag_rows(kind: str) -> tuple[Row, ...]:
    page = f"{_LEARN}/azure-resource-manager/management/tag-resources"
    return (
        Row(
            kind=kind,
            leaf="tags",
            rule=Count(most=50, what="tags, with trimtab's own"),
            source=Citation(
                page,
                "Each resource, resource group, and subscription can have a maximum of 50 tag name/value pairs.",
            ),
            code="InvalidTagsCount",
        ),
        Row(
            kind=kind,
            leaf="tags{key}",
            rule=Pattern(
                r"[^<>%&\\?/]{1,512}", "names of tags have at most 512 characters, none of them < > % & \\ ? /"
            ),
            source=Citation(page, "The tag name is limited to 512 characters"),
            code="InvalidTagNameCharacters",
        ),
        Row(
            kind=kind,
            leaf="tags{*}",
            rule=Pattern(r"(?s).{0,256}", "values of tags have at most 256 characters"),
            source=Citation(page, "the tag value is limited to 256 characters"),
            code="InvalidTagValueLength",
        ),
    )


def _password_rows() -> tuple[Row, ...]:
    """https://learn.microsoft.com/azure/virtual-machines/windows/faq: what a password has to be."""
    leaf, classes = f"{_OS}.adminPassword", ("[a-z]", "[A-Z]", r"\d", r"[\W_]")
    three = "|".join("".join(f"(?=.*{each})" for each in classes if each != left) for left in classes)
    forbidden = "|".join(map(re.escape, FORBIDDEN_PASSWORDS))
    return (
        *(
            Row(
                kind=SET,
                leaf=leaf,
                rule=Unquoted(
                    rf"(?s).{{{least},{most}}}", f"has the wrong length; give it {least} to {most} characters"
                ),
                source=_set(leaf, f"**Minimum-length ({system}):** {least} characters"),
                when=(when,),
            )
            for system, when, least, most in (("Windows", _WINDOWS, 8, 123), ("Linux", _LINUX, 6, 72))
        ),
        Row(
            kind=SET,
            leaf=leaf,
            rule=Unquoted(
                rf"(?s)(?:{three}).*",
                "is too simple; give it three of lower case, upper case, a digit and a special character",
            ),
            source=_set(leaf, "3 out of 4 conditions below need to be fulfilled"),
        ),
        Row(
            kind=SET,
            leaf=leaf,
            rule=Unquoted(rf"(?s)(?!(?:{forbidden})$).*", "is one that Azure refuses, since everybody knows it"),
            source=_set(leaf, '"abc@123", "P@$$w0rd", "P@ssw0rd", "P@ssword123", "Pa$$word", "pass@word1"'),
            fix="choose another",
        ),
    )


def _disk_rows() -> tuple[Row, ...]:
    managed = f"{_LEARN}/virtual-machines/disks-types"
    data = f"{_STORAGE}.dataDisks[*]"
    fast = When(f"{data}.managedDisk.storageAccountType", among=("UltraSSD_LRS", "PremiumV2_LRS"))
    return (
        Row(
            kind=SET,
            leaf=f"{_STORAGE}.osDisk.managedDisk.storageAccountType",
            rule=Pattern(r"(?!UltraSSD_LRS|PremiumV2_LRS).*", "such a disk cannot be the disk of the system"),
            source=_set(
                f"{_STORAGE}.osDisk.managedDisk.storageAccountType",
                "UltraSSD_LRS can only be used with data disks, it cannot be used with OS Disk.",
            ),
        ),
        Row(
            kind=SET,
            leaf=f"{_STORAGE}.osDisk.diskSizeGB",
            rule=Range(1, 4095),
            source=Citation(
                f"{_LEARN}/virtual-machines/managed-disks-overview",
                "The OS disk has a maximum capacity of 4,095 gibibytes (GiB).",
            ),
        ),
        Row(
            kind=SET,
            leaf=f"{data}.diskSizeGB",
            rule=Range(1, 32767),
            source=Citation(managed, "Max disk size 65,536 GiB 65,536 GiB 32,767 GiB 32,767 GiB 32,767 GiB"),
            when=(When(f"{data}.managedDisk.storageAccountType", fits="UltraSSD|PremiumV2", absent=True),),
        ),
        *(
            Row(
                kind=SET,
                leaf=f"{data}.{name}",
                rule=Needs((fast,), "is for Ultra disks and Premium SSD v2"),
                source=_set(
                    f"{_STORAGE}.dataDisks[*].diskIOPSReadWrite",
                    "Should be used only when StorageAccountType is UltraSSD_LRS.",
                ),
                fix="leave it out, or use `type: PremiumV2_LRS` or `type: UltraSSD_LRS`",
            )
            for name in ("diskIOPSReadWrite", "diskMBpsReadWrite")
        ),
        Row(
            kind=SET,
            leaf=f"{data}.managedDisk.storageAccountType",
            rule=Needs((When("properties.additionalCapabilities.ultraSSDEnabled"),), "takes a set with ultra disks"),
            source=_set(
                "properties.additionalCapabilities.ultraSSDEnabled",
                "Managed disks with storage account type UltraSSD_LRS can be added to a virtual machine or virtual "
                "machine scale set only if this property is enabled.",
            ),
            when=(When(f"{data}.managedDisk.storageAccountType", among=("UltraSSD_LRS",)),),
        ),
    )


WRITTEN: tuple[Row, ...] = (
    # scale sets
    Row(
        kind=SET,
        leaf=f"{_OS}.customData",
        rule=Bytes(65535, decoded=True),
        source=_set(f"{_OS}.customData", "The maximum length of the binary array is 65535 bytes."),
        fix="fetch the rest from a container when the instance starts",
    ),
    Row(
        kind=SET,
        leaf=f"{_OS}.adminUsername",
        rule=Pattern(rf"(?!(?:{'|'.join(RESERVED_USERS)})$).{{1,64}}", "Azure reserves that name or it is too long", 2),
        source=_set(
            f"{_OS}.adminUsername",
            '"administrator", "admin", "user", "user1", "test", "user2", "test1", "user3", "admin1", "1", "123", "a", '
            '"actuser", "adm", "admin2", "aspnet", "backup", "console", "david", "guest", "john", "owner", "root", '
            '"server", "sql", "support", "support_388945a0", "sys", "test2", "test3", "user4", "user5". <br><br> '
            "**Minimum-length (Linux):** 1  character <br><br> **Max-length (Linux):** 64 characters",
        ),
        fix="choose another `azure.admin_username`",
    ),
    Row(
        kind=SET,
        leaf=f"{_OS}.adminUsername",
        rule=Pattern(r".{1,20}(?<!\.)", "on Windows it has at most 20 characters and ends in no dot"),
        source=_set(f"{_OS}.adminUsername", "**Max-length (Windows):** 20 characters"),
        when=(_WINDOWS,),
        fix="choose another `azure.admin_username`",
    ),
    Row(
        kind=SET,
        leaf=f"{_OS}.computerNamePrefix",
        rule=Pattern(r".{1,9}", "on Windows it has at most 9 characters"),
        source=Citation(
            f"{_TERRAFORM}/website/docs/r/virtual_machine_scale_set.html.markdown",
            "Computer name prefixes must be 1 to 9 characters long for windows images and 1 - 58 for linux.",
        ),
        when=(_WINDOWS,),
        fix="choose another `azure.computer_name_prefix`",
    ),
    *(
        Row(
            kind=SET,
            leaf=f"{_OS}.computerNamePrefix",
            rule=Pattern(regex, means),
            source=Citation(f"{_TERRAFORM}/internal/services/compute/validate/linux_computer_name.go", quote),
            when=(_LINUX,),
            fix="choose another `azure.computer_name_prefix`",
        )
        for regex, means, quote in (
            (
                r".{1,58}",
                "on Linux it has at most 58 characters",
                "Linux host name prefix cannot exceed 58 characters in length",
            ),
            (
                rf"[^{re.escape(_NO_HOST)}]*(?<!\.)",
                "letters, digits, `-` and `.` stand in it, no `.` at its end",
                "Linux host name cannot contain the following characters; cannot end with a period",
            ),
        )
    ),
    *_password_rows(),
    Row(
        kind=SET,
        leaf=f"{_OS}.linuxConfiguration.ssh.publicKeys[*].keyData",
        rule=Pattern(
            r"(?s)\s*(ssh-rsa|ssh-ed25519) [A-Za-z0-9+/=\s]+.*",
            "write a public key that begins with ssh-rsa or ssh-ed25519",
        ),
        source=Citation(
            f"{_TERRAFORM}/internal/services/compute/validate/ssh_key.go",
            "Only RSA and ED25519 SSH keys are supported by Azure",
        ),
    ),
    Row(
        kind=SET,
        leaf="properties.zoneBalance",
        rule=Needs((When("zones", items=2),), "takes two zones or more"),
        source=_set(
            "properties.zoneBalance",
            "zoneBalance property can only be set if the zones property of the scale set contains more than one zone.",
        ),
        fix="name them in `placement.zones` or leave `azure.zone_balance` out",
    ),
    Row(
        kind=SET,
        leaf="properties.platformFaultDomainCount",
        rule=Range(1, 1),
        source=Citation(
            "https://github.com/kubernetes-sigs/cluster-api-provider-azure/issues/4451",
            "Specifying Availability Zones is not allowed when Virtual Machine Scale Set has platformFaultDomainCount "
            "higher than 1 with OrchestrationMode: 'Flexible'.",
        ),
        when=(_FLEXIBLE, When("zones", items=1)),
        fix="leave `azure.fault_domains` or `placement.zones` out",
    ),
    *(
        Row(
            kind=SET,
            leaf="properties.platformFaultDomainCount",
            rule=rule,
            source=Citation(
                f"{_LEARN}/virtual-machine-scale-sets/virtual-machine-scale-sets-manage-fault-domains",
                "Uniform | Zonal or zone-spanning | 1, 5; Flexible | Regional (nonzonal) | 1, 2, 3",
            ),
            when=when,
        )
        for rule, when in (
            (Choice((1, 5)), (_UNIFORM, When("zones", items=1))),
            (Range(1, 3), (_FLEXIBLE,)),
        )
    ),
    Row(
        kind=SET,
        leaf=f"{_PROFILE}.billingProfile.maxPrice",
        rule=Range(0.000001),
        source=_set(
            f"{_PROFILE}.billingProfile.maxPrice", "Any decimal value greater than zero. Example: 0.01538 <br><br> -1"
        ),
        when=(When(f"{_PROFILE}.billingProfile.maxPrice", above=-1),),
    ),
    Row(
        kind=SET,
        leaf="properties.automaticRepairsPolicy.enabled",
        rule=Needs(
            (
                _ASKS,
                When(f"{_PROFILE}.networkProfile.healthProbe.id"),
            ),
            "takes a health probe of a balancer or the application health extension",
        ),
        source=Citation(
            f"{_LEARN}/virtual-machine-scale-sets/virtual-machine-scale-sets-automatic-instance-repairs",
            "The scale set should have application health monitoring for instances enabled.",
        ),
        fix="add `health_check`, or leave `azure.automatic_repairs` out",
    ),
    Row(
        kind=SET,
        leaf=f"{_PROBE}.intervalInSeconds",
        rule=Range(5, _MINUTE, unit="s"),
        source=Citation(_EXTENSION, 'intervalInSeconds: "default": 5, "minimum": 5, "maximum": 60'),
        when=(_ASKS,),
        code="VMExtensionProvisioningError",
    ),
    Row(
        kind=SET,
        leaf=f"{_PROBE}.numberOfProbes",
        rule=Range(1, 24),
        source=Citation(_EXTENSION, 'numberOfProbes: "default": 1, "minimum": 1, "maximum": 24'),
        when=(_ASKS,),
        code="VMExtensionProvisioningError",
    ),
    Row(
        kind=SET,
        leaf=f"{_PROBE}.intervalInSeconds",
        rule=ProductAtMost(f"{_PROBE}.numberOfProbes", 240, unit="s"),
        source=Citation(_EXTENSION, "Probe settle time (intervalInSeconds * numberOfProbes) cannot exceed 240 seconds"),
        when=(_ASKS,),
        code="VMExtensionProvisioningError",
    ),
    Row(
        kind=SET,
        leaf="properties.automaticRepairsPolicy.gracePeriod",
        rule=Range(10 * _MINUTE, 90 * _MINUTE, unit="s"),
        source=_set(
            "properties.automaticRepairsPolicy.gracePeriod",
            "The minimum allowed grace period is 10 minutes (PT10M), which is also the default value. The maximum "
            "allowed grace period is 90 minutes (PT90M).",
        ),
    ),
    Row(
        kind=SET,
        leaf="properties.spotRestorePolicy.enabled",
        rule=Needs((_SPOT,), "is for Spot instances"),
        source=Citation(
            "https://github.com/Azure/azure-cli/issues/20576",
            "Spot restoration feature is supported only for Azure Spot Virtual Machine Scale Sets",
        ),
        fix="add `purchase.spot` or leave `azure.restore_spot` out",
    ),
    Row(
        kind=SET,
        leaf="properties.spotRestorePolicy.enabled",
        rule=Excludes(_FLEXIBLE, "is for uniform scale sets"),
        source=Citation(
            "https://github.com/Azure/azure-cli/issues/29461", "It does not work for flexible orchestration"
        ),
        fix="leave `azure.restore_spot` out, or use `azure.orchestration: uniform`",
    ),
    Row(
        kind=SET,
        leaf=f"{_PROFILE}.evictionPolicy",
        rule=Needs((_SPOT,), "is for Spot instances"),
        source=_set(
            f"{_PROFILE}.evictionPolicy",
            "Specifies the eviction policy for the Azure Spot virtual machine and Azure Spot scale set.",
        ),
        fix="add `purchase.spot` or leave `azure.eviction` out",
    ),
    Row(
        kind=SET,
        leaf="sku.name",
        rule=Pattern(
            r"(?!(Standard|Basic)_B\d)(?!.*_Promo$).*", "B-series and promotional sizes cannot be Spot instances", 2
        ),
        source=_NO_SPOT,
        when=(_SPOT,),
        fix="choose another size",
    ),
    Row(
        kind=SET,
        leaf="properties.skuProfile.vmSizes[*].name",
        rule=Pattern(
            r"(?!(Standard|Basic)_B\d)(?!.*_Promo$).*", "B-series and promotional sizes cannot be Spot instances", 2
        ),
        source=_NO_SPOT,
        when=(_SPOT,),
        fix="choose another size",
    ),
    Row(
        kind=SET,
        leaf="properties.skuProfile.vmSizes",
        rule=Count(most=5, what="sizes"),
        source=Citation(
            f"{_LEARN}/virtual-machine-scale-sets/instance-mix-overview",
            "Define up to five VM sizes in the skuProfile.vmSizes list.",
        ),
    ),
    Row(
        kind=SET,
        leaf=f"{_PROFILE}.capacityReservation.capacityReservationGroup.id",
        rule=Excludes(_SPOT, "cannot stand beside Spot instances"),
        source=Citation(
            f"{_LEARN}/virtual-machines/capacity-reservation-overview",
            "The following deployment types aren't supported: Spot VMs",
        ),
        fix="leave `purchase.reservation` or `purchase.spot` out",
    ),
    Row(
        kind=SET,
        leaf=f"{_PROFILE}.scheduledEventsProfile.terminateNotificationProfile.notBeforeTimeout",
        rule=Range(5 * _MINUTE, 15 * _MINUTE, unit="s"),
        source=Citation(
            f"{_LEARN}/virtual-machine-scale-sets/virtual-machine-scale-sets-terminate-notification",
            "The field notBeforeTimeout can take any value between 5 and 15 minutes in ISO 8601 format.",
        ),
    ),
    Row(
        kind=SET,
        leaf=f"{_PROFILE}.scheduledEventsProfile.terminateNotificationProfile.enable",
        rule=Excludes(_SPOT, "cannot stand beside Spot instances"),
        source=Citation(
            f"{_LEARN}/virtual-machine-scale-sets/virtual-machine-scale-sets-terminate-notification",
            "Terminate notifications cannot be enabled on Spot instances.",
        ),
        fix="leave `azure.terminate_notification` or `purchase.spot` out",
    ),
    *_disk_rows(),
    *_tag_rows(SET),
    # autoscale settings
    *_tag_rows(SETTING),
    Row(
        kind=SETTING,
        leaf="properties.profiles[*].rules",
        rule=Count(most=10, what="rules"),
        source=_setting("properties.profiles[*].rules", "A maximum of 10 rules can be specified."),
        code="InvalidArgument",
    ),
    Row(
        kind=SETTING,
        leaf=f"{_RULE}.metricTrigger.timeGrain",
        rule=Range(_MINUTE, 12 * _HOUR, unit="s"),
        source=_setting(f"{_RULE}.metricTrigger.timeGrain", "Must be between 12 hours and 1 minute."),
        code="InvalidArgument",
    ),
    Row(
        kind=SETTING,
        leaf=f"{_RULE}.metricTrigger.timeWindow",
        rule=Range(5 * _MINUTE, 12 * _HOUR, unit="s"),
        source=_setting(f"{_RULE}.metricTrigger.timeWindow", "Must be between 12 hours and 5 minutes."),
        code="InvalidArgument",
    ),
    Row(
        kind=SETTING,
        leaf=f"{_RULE}.scaleAction.cooldown",
        rule=Range(_MINUTE, 7 * _DAY, unit="s"),
        source=_setting(f"{_RULE}.scaleAction.cooldown", "It must be between 1 week and 1 minute in ISO 8601 format."),
        code="InvalidArgument",
    ),
    Row(
        kind=SETTING,
        leaf=f"{_RULE}.scaleAction.value",
        rule=Range(1),
        source=_setting(f"{_RULE}.scaleAction.value", "This value must be 1 or greater."),
        when=(When(f"{_RULE}.scaleAction.type", among=("ExactCount",), absent=True),),
        code="InvalidArgument",
    ),
    Row(
        kind=SETTING,
        leaf="properties.predictiveAutoscalePolicy.scaleLookAheadTime",
        rule=Range(_MINUTE, 60 * _MINUTE, unit="s"),
        source=_setting(
            "properties.predictiveAutoscalePolicy.scaleLookAheadTime",
            "It must be between 1 minute and 60 minutes in ISO 8601 format.",
        ),
        code="InvalidArgument",
    ),
    *(
        Row(
            kind=SETTING,
            leaf=f"properties.profiles[*].capacity.{name}",
            rule=Range(0, 1000),
            source=Citation(
                f"{_TERRAFORM}/website/docs/r/monitor_autoscale_setting.html.markdown",
                "Valid values are between `0` and `1000`.",
            ),
            code="InvalidArgument",
        )
        for name in ("minimum", "maximum", "default")
    ),
    Row(
        kind=SETTING,
        leaf="properties.notifications[*].email.customEmails[*]",
        rule=Pattern(r"[^@\s]+@[^@\s]+\.[^@\s]+", "write an e-mail address"),
        source=_setting("properties.notifications[*].email.customEmails", "the custom e-mails list."),
        code="InvalidArgument",
    ),
    # alerts and those who are told
    *_tag_rows(ALERT),
    Row(
        kind=ALERT,
        leaf="properties.actions",
        rule=Count(most=5, what="action groups"),
        source=Citation(
            f"{_LEARN}/azure-monitor/alerts/action-groups", "You can add up to five action groups to an alert rule."
        ),
        fix="put those who are told into one action group",
    ),
    Row(
        kind=ALERT,
        leaf="properties.windowSize",
        rule=Choice((_MINUTE, 5 * _MINUTE, 15 * _MINUTE, 30 * _MINUTE, _HOUR, 6 * _HOUR, 12 * _HOUR, _DAY), unit="s"),
        source=Citation(
            "https://github.com/Azure/azure-cli/issues/31138",
            "The Window-size and evaluation-frequency is limited to 1m, 5m, 15m, 30m, 1h, 6h, 12h, 1D.",
        ),
    ),
    Row(
        kind=ALERT,
        leaf="properties.evaluationFrequency",
        rule=Choice((_MINUTE, 5 * _MINUTE, 15 * _MINUTE, 30 * _MINUTE, _HOUR), unit="s"),
        source=Citation(
            f"{_TERRAFORM}/website/docs/r/monitor_metric_alert.html.markdown",
            "The evaluation frequency of this Metric Alert, represented in ISO 8601 duration format. Possible values "
            "are `PT1M`, `PT5M`, `PT15M`, `PT30M` and `PT1H`.",
        ),
    ),
    Row(
        kind=ALERT,
        leaf="properties.severity",
        rule=Range(0, 4),
        source=Citation(
            "arm microsoft.insights.2018-03-01 Microsoft.Insights/metricAlerts:properties.severity",
            "Alert severity {0, 1, 2, 3, 4}",
        ),
    ),
    Row(
        kind=ACTION_GROUP,
        leaf="properties.emailReceivers[*].emailAddress",
        rule=Pattern(r"[^@\s]+@[^@\s]+\.[^@\s]+", "write an e-mail address"),
        source=Citation(
            "arm microsoft.insights.2018-03-01 "
            "Microsoft.Insights/actionGroups:properties.emailReceivers[*].emailAddress",
            "The email address of this receiver.",
        ),
    ),
)
"""What the type files say in sentences, and what pages of Microsoft say: taken over by hand."""

STATED = read_stated("trimtab.providers.azure")
CONSTRAINTS = Constraints((*STATED.rows, *WRITTEN), name="Azure", checked=STATED.checked)
