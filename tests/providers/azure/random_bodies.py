"""Bodies that Azure may answer, drawn: what the model says, what it cannot say, and words that nobody has heard of."""

import copy

from hypothesis import strategies as st

from tests.providers.azure.native import (
    HOME,
    KEY,
    OWN,
    SUBNET,
    alert,
    criterion,
    profile,
    rule,
    scale_set,
    setting,
    weekly,
)
from trimtab.providers.azure.importing import Replies

OTHER = f"{HOME}/providers/Microsoft.Compute/virtualMachineScaleSets/other"
QUEUE = f"{HOME}/providers/Microsoft.ServiceBus/namespaces/bus"
IDENTITIES = [f"{HOME}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{name}" for name in "abc"]
POOL = f"{HOME}/providers/Microsoft.Network/loadBalancers/front/backendAddressPools/front"
GATEWAY = f"{HOME}/providers/Microsoft.Network/applicationGateways/front/backendAddressPools/front"
PROBE = f"{HOME}/providers/Microsoft.Network/loadBalancers/front/probes/http"
STRANGE = "Unheard"
numbers = st.integers(0, 9)
durations = st.sampled_from(["PT0S", "PT1M", "PT5M", "PT7M", "PT30M", "PT1H", "P1D", "P8D", STRANGE, None])


def put(body, path, value):
    """A body with a value at a path, all on the way made."""
    *steps, last = path.split(".")
    for step in steps:
        if not isinstance(body, list) and body.get(step) is None:  # another leaf may have put nothing there
            body[step] = {}
        body = body[int(step)] if isinstance(body, list) else body[step]
    body[int(last) if isinstance(body, list) else last] = value


_P = "properties.virtualMachineProfile"
_NIC = f"{_P}.networkProfile.networkInterfaceConfigurations"
_IP = f"{_NIC}.0.properties.ipConfigurations"
LEAVES = {
    "sku.capacity": numbers,
    "sku.name": st.sampled_from(["Standard_D2s_v5", None, "Mix"]),
    "zones": st.sampled_from([["1"], ["1", "2", "3"], []]),
    "tags": st.dictionaries(st.sampled_from(["Team", "a.b", "hidden-link"]), st.sampled_from(["ops", ""])),
    "plan": st.just({"name": "x", "publisher": "y", "product": "z"}),
    "identity": st.sampled_from(
        [
            None,
            {"type": "SystemAssigned", "principalId": "p"},
            {"type": "UserAssigned", "userAssignedIdentities": {IDENTITIES[0]: {}}},
            {"type": "UserAssigned", "userAssignedIdentities": {one: {} for one in IDENTITIES}},
            {"type": "SystemAssigned, UserAssigned", "userAssignedIdentities": {IDENTITIES[0]: {}}},
        ]
    ),
    "properties.orchestrationMode": st.sampled_from(["Uniform", "Flexible", None]),
    "properties.upgradePolicy.mode": st.sampled_from(["Manual", "Automatic", "Rolling", None]),
    "properties.overprovision": st.booleans() | st.none(),
    "properties.singlePlacementGroup": st.booleans() | st.none(),
    "properties.zoneBalance": st.booleans() | st.none(),
    "properties.platformFaultDomainCount": st.sampled_from([1, 2, 5, 7, None]),
    "properties.scaleInPolicy": st.sampled_from([{"rules": ["NewestVM"]}, {"rules": []}, {"rules": [STRANGE]}, None]),
    "properties.scaleInPolicy.forceDeletion": st.booleans(),
    "properties.automaticRepairsPolicy": st.fixed_dictionaries(
        {}, optional={"enabled": st.booleans(), "gracePeriod": durations, "repairAction": st.just("Restart")}
    ),
    "properties.spotRestorePolicy": st.fixed_dictionaries(
        {}, optional={"enabled": st.booleans(), "restoreTimeout": durations}
    ),
    "properties.priorityMixPolicy": st.fixed_dictionaries(
        {}, optional={"baseRegularPriorityCount": numbers, "regularPriorityPercentageAboveBase": st.integers(0, 120)}
    ),
    "properties.skuProfile": st.fixed_dictionaries(
        {"vmSizes": st.sampled_from([[], [{"name": "Standard_D2s_v5"}, {"name": "Standard_D2as_v5", "rank": 1}]])},
        optional={"allocationStrategy": st.sampled_from(["LowestPrice", "CapacityOptimized", "Prioritized", STRANGE])},
    ),
    "properties.additionalCapabilities": st.just({"ultraSSDEnabled": True}),
    f"{_P}.priority": st.sampled_from(["Regular", "Low", "Spot", STRANGE, None]),
    f"{_P}.evictionPolicy": st.sampled_from(["Delete", "Deallocate", STRANGE, None]),
    f"{_P}.billingProfile.maxPrice": st.sampled_from([-1, 0, 0.05, 1e-9, None]),
    f"{_P}.capacityReservation": st.sampled_from([None, {"capacityReservationGroup": {"id": f"{HOME}/x/y"}}]),
    f"{_P}.storageProfile.imageReference": st.sampled_from(
        [
            {"id": f"{HOME}/providers/Microsoft.Compute/images/mine"},
            {"publisher": "a", "offer": "b", "sku": "c", "version": "1.2.3", "exactVersion": "1.2.3"},
            {"communityGalleryImageId": "/CommunityGalleries/x/Images/y/Versions/1"},
            None,
        ]
    ),
    f"{_P}.storageProfile.osDisk": st.fixed_dictionaries(
        {"createOption": st.just("FromImage")},
        optional={
            "diskSizeGB": st.sampled_from([30, 0, 99999]),
            "caching": st.sampled_from(["None", "ReadOnly"]),
            "managedDisk": st.sampled_from([{"storageAccountType": "UltraSSD_LRS"}, {}]),
        },
    ),
    f"{_P}.storageProfile.dataDisks": st.lists(
        st.fixed_dictionaries(
            {"lun": st.integers(0, 3), "createOption": st.sampled_from(["Empty", "FromImage"])},
            optional={"diskSizeGB": st.integers(1, 64), "caching": st.just("None")},
        ),
        max_size=3,
        unique_by=lambda disk: disk["lun"],
    ),
    f"{_P}.osProfile.computerNamePrefix": st.sampled_from(["shop-web", "vm", None]),
    f"{_P}.osProfile.adminUsername": st.sampled_from(["azureuser", "ana", None]),
    f"{_P}.osProfile.linuxConfiguration": st.sampled_from(
        [
            {"disablePasswordAuthentication": False, "provisionVMAgent": True},
            {"disablePasswordAuthentication": True, "ssh": {"publicKeys": [{"path": "/root/k", "keyData": KEY}]}},
            None,
        ]
    ),
    f"{_P}.osProfile.windowsConfiguration": st.just({"enableAutomaticUpdates": True}),
    f"{_NIC}.0.name": st.sampled_from(["nic", "nic0", "x"]),
    f"{_NIC}.0.properties.networkSecurityGroup": st.sampled_from([None, {"id": f"{HOME}/nsg"}]),
    f"{_NIC}.0.properties.enableAcceleratedNetworking": st.booleans(),
    _IP: st.sampled_from(
        [
            [{"name": "one", "properties": {"subnet": {"id": SUBNET}, "publicIPAddressConfiguration": {"name": "p"}}}],
            [{"name": name, "properties": {"subnet": {"id": SUBNET}}} for name in ("one", "two")],
            [
                {
                    "name": "one",
                    "properties": {"subnet": {"id": SUBNET}, "loadBalancerBackendAddressPools": [{"id": POOL}]},
                }
            ],
            [
                {
                    "name": "one",
                    "properties": {
                        "subnet": {"id": SUBNET},
                        "applicationGatewayBackendAddressPools": [{"id": GATEWAY}],
                    },
                }
            ],
        ]
    ),
    f"{_P}.networkProfile.healthProbe": st.sampled_from([{"id": PROBE}, None]),
    f"{_P}.extensionProfile": st.sampled_from(
        [
            {"extensions": [{"name": "script", "properties": {"publisher": "x", "type": "CustomScript"}}]},
            {"extensions": []},
            {
                "extensions": [
                    {
                        "name": "asks",
                        "properties": {
                            "type": "ApplicationHealthLinux",
                            "settings": {"protocol": "https", "port": 443, "requestPath": "/up", "grace": 1},
                        },
                    },
                    {"name": "script", "properties": {"type": "CustomScript"}},
                ]
            },
        ]
    ),
    f"{_P}.scheduledEventsProfile": st.fixed_dictionaries(
        {
            "terminateNotificationProfile": st.fixed_dictionaries(
                {}, optional={"enable": st.booleans(), "notBeforeTimeout": durations}
            )
        }
    ),
    f"{_P}.diagnosticsProfile": st.just({"bootDiagnostics": {"enabled": True}}),
}


@st.composite
def scale_sets(draw):
    body = scale_set()
    for path in draw(st.lists(st.sampled_from(sorted(LEAVES)), max_size=6, unique=True)):
        put(body, path, copy.deepcopy(draw(LEAVES[path])))
    return body


@st.composite
def rules(draw):
    word = st.sampled_from
    made = rule(
        way=draw(word(["Increase", "Decrease", "None"])),
        metric=draw(word(["Percentage CPU", "Available Memory Percentage", "ActiveMessages", "Jobs", "TotalRequests"])),
        operator=draw(word(["GreaterThan", "LessThan", "GreaterThanOrEqual", "NotEquals", STRANGE])),
        threshold=draw(st.integers(0, 99) | word([0.5, 70])),
        metricResourceUri=draw(word([OWN, OWN.upper(), OTHER, QUEUE, GATEWAY.rsplit("/", 2)[0]])),
        statistic=draw(word(["Average", "Min", "Max", "Sum", STRANGE])),
        timeAggregation=draw(word(["Average", "Minimum", "Last", "Total", "Count"])),
        timeGrain=draw(word(["PT1M", "PT5M"])),
        timeWindow=draw(word(["PT5M", "PT10M", "P1D", "PT30S"])),
    )
    trigger = made["metricTrigger"]
    trigger["metricNamespace"] = draw(word(["", "microsoft.compute/virtualmachinescalesets", "Own"]))
    trigger["dimensions"] = draw(
        word(
            [
                [],
                None,
                [{"DimensionName": "VMName", "Operator": "Equals", "Values": ["a"]}],
                [{"DimensionName": "VMName", "Operator": "NotEquals", "Values": ["a"]}],
                [{"DimensionName": "VMName", "Operator": "Equals", "Values": ["a", "b"]}],
                [{"DimensionName": "EntityName", "Operator": "Equals", "Values": ["jobs"]}],
            ]
        )
    )
    trigger["dividePerInstance"] = draw(st.booleans())
    if draw(st.booleans()):
        trigger["metricResourceLocation"] = "westeurope"
    made["scaleAction"]["type"] = draw(
        word(["ChangeCount", "PercentChangeCount", "ExactCount", "ServiceAllowedNextValue"])
    )
    made["scaleAction"]["value"] = draw(word(["1", "2", "0", None]))
    made["scaleAction"]["cooldown"] = draw(word(["PT5M", "PT1M", "P1D"]))
    return made


@st.composite
def settings_(draw):
    word = st.sampled_from
    shared = draw(st.lists(rules(), max_size=3))
    some = []
    names = [
        "default",
        "Auto created default scale condition",
        "Profile 1",
        "weekend",
        '{"name":"default","for":"weekend"}',
    ]
    for name in draw(st.lists(word(names), min_size=1, max_size=4, unique=True)):
        low = draw(numbers)
        sizes = {"low": low, "high": low + draw(numbers), "default": low + draw(st.integers(0, 2))}
        when = draw(
            word(
                [
                    {},
                    {},
                    weekly(),
                    weekly(("Monday",), 8, "Romance Standard Time"),
                    weekly(("Monday", "Friday"), 18, STRANGE),
                    {"fixedDate": {"timeZone": "UTC", "start": "2026-12-24T00:00:00Z", "end": "2026-12-27T00:00:00Z"}},
                    {"fixedDate": {"timeZone": "UTC", "start": "never", "end": None}},
                ]
            )
        )
        own = shared if draw(st.integers(0, 3)) else draw(st.lists(rules(), max_size=1))
        some.append(profile(name, rules=copy.deepcopy(own), **sizes, **copy.deepcopy(when)))
    mail = {
        "sendToSubscriptionAdministrator": draw(st.booleans()),
        "sendToSubscriptionCoAdministrators": False,
        "customEmails": draw(word([[], ["ops@example.org"]])),
    }
    hooks = draw(word([[], [{"serviceUri": "https://example.org/hook", "properties": {"key": "x"}}]]))
    return setting(
        *some,
        enabled=draw(word([True, True, False])),
        notifications=draw(word([[], [{"operation": "Scale", "email": mail, "webhooks": hooks}], None])),
        predictiveAutoscalePolicy=draw(
            word([None, {"scaleMode": "Enabled", "scaleLookAheadTime": "PT5M"}, {"scaleMode": "ForecastOnly"}])
        ),
        **draw(word([{}, {"targetResourceLocation": "westeurope"}])),
    )


@st.composite
def alerts(draw):
    word = st.sampled_from
    one = criterion(
        metricName=draw(word(["Percentage CPU", "Jobs", "Network In Total"])),
        timeAggregation=draw(word(["Average", "Total", "Count", STRANGE])),
        operator=draw(word(["GreaterThan", "LessThan", "Equals"])),
        threshold=draw(numbers),
        dimensions=draw(
            word(
                [
                    [],
                    [{"name": "VMName", "operator": "Include", "values": ["*"]}],
                    [{"name": "VMName", "operator": "Exclude", "values": ["a"]}],
                    [{"name": "VMName", "operator": "Include", "values": ["a", "b"]}],
                ]
            )
        ),
        **draw(word([{}, {"skipMetricValidation": True}, {"criterionType": "DynamicThresholdCriterion"}])),
    )
    return alert(
        *[one] * draw(word([1, 1, 2])),
        name=draw(word(["cpu-high", "shop-web-hot", "shop-web-cpu-above", "CPU over 90 %"])),
        severity=draw(word([2, 0])),
        scopes=draw(word([[OWN], [OWN, OTHER], [f"{HOME}"]])),
        evaluationFrequency=draw(word(["PT1M", "PT5M", "PT1H"])),
        windowSize=draw(word(["PT5M", "PT15M", "P1D"])),
        enabled=draw(st.booleans()),
        description=draw(word([None, "", "Somebody look"])),
        autoMitigate=draw(st.booleans()),
        actions=draw(word([[], [{"actionGroupId": f"{HOME}/providers/Microsoft.Insights/actionGroups/ops"}]])),
    )


@st.composite
def replies(draw):
    names = st.lists(alerts(), max_size=2, unique_by=lambda one: one["name"])
    return Replies(draw(scale_sets()), draw(st.none() | settings_()), draw(names))
