"""Leaves of native bodies that a fleet file writes as they stand: refused by name, written, compared, healed, read."""

import importlib
import re
from functools import cache

import boto3
import pytest

import trimtab as tt
from tests.conftest import make_fleet, make_group
from tests.laws import sampled
from tests.providers.aws.translated import hold_against_the_model
from tests.providers.placing import TEMPLATES, placement
from trimtab.declarations import declarations_of
from trimtab.plan import Secret, plain, resolved, revealed
from trimtab.plan.resource import references
from trimtab.providers.aws import resources as aws
from trimtab.providers.azure import resources as azure
from trimtab.providers.gcp import resources as gcp
from trimtab.providers.natives import native_model
from trimtab.testing import translate
from trimtab.testing.clouds import TEST_CLOUDS

CLOUDS = ("aws", "azure", "gcp")
HOLD = {"type": "target-tracking", "metric": "cpu", "target": 60, "approximate": True}
OTHERS = {
    "aws": {
        "policies": {"out": {"change": 2}},
        "alarms": {"hot": {"metric": "cpu", "above": 70, "triggers": ["out"]}},
        "template": {**TEMPLATES["aws"], "disks": [{"device": "/dev/xvda", "size_gb": 20}]},
    },
    "azure": {
        "policies": {"hold": HOLD},
        "alarms": {"hot": {"metric": "cpu", "above": 70, "notify": ["ops@example.org"]}},
        "template": TEMPLATES["azure"],
    },
    "gcp": {
        "policies": {"hold": HOLD},
        "alarms": {"hot": {"metric": "cpu", "above": 70, "notify": ["ops@example.org"]}},
        "health_check": {"path": "/up"},
        "template": TEMPLATES["gcp"],
    },
}


def fleet_of(cloud, native, **fields):
    given = {"capacity": {"min": 1, "max": 10, "desired": 2}, "schedules": {}, **OTHERS[cloud], **fields}
    return make_fleet(make_group("web", **given, **{cloud: {"native": native}}), name="shop")


def problems(cloud, native):
    return [note.text for note in translate(fleet_of(cloud, native), cloud).problems]


REFUSED = [
    ("aws", {"launch_template": {"CpuOption": {}}}, "launch_template.CpuOption", "did you mean 'CpuOptions'?"),
    ("aws", {"launch_template": {"CpuOptions": {"Cores": 1}}}, "launch_template.CpuOptions.Cores", "no field 'Cores'"),
    (
        "aws",
        {"launch_template": {"CpuOptions": {"CoreCount": "two"}}},
        "launch_template.CpuOptions.CoreCount",
        "a whole number is wanted here, not 'two'",
    ),
    (
        "aws",
        {"launch_template": {"CpuOptions": {"CoreCount": True}}},
        "launch_template.CpuOptions.CoreCount",
        "a whole number is wanted here, not True",
    ),
    (
        "aws",
        {"alarms": {"hot": {"WarmUpConfiguration": {"OnlyStartEvaluatingAfterWarmUpPeriodEnds": True}}}},
        "alarms.hot.WarmUpConfiguration",
        "WarmUpPeriodDurationInMinutes must be given here too",
    ),
    ("aws", {"launch_template": {"CpuOptions": 4}}, "launch_template.CpuOptions", "fields are wanted here"),
    ("aws", {"launch_template": {"EbsOptimized": "yes"}}, "launch_template.EbsOptimized", "true or false is wanted"),
    (
        "aws",
        {"launch_template": {"InstanceInitiatedShutdownBehavior": "halt"}},
        "launch_template.InstanceInitiatedShutdownBehavior",
        "write one of stop, terminate",
    ),
    ("aws", {"launch_template": {"InstanceType": "t3.large"}}, "launch_template.InstanceType", "`template.size` sets"),
    ("aws", {"launch_template": {"LicenseSpecifications": {}}}, "LicenseSpecifications", "a list is wanted here"),
    (
        "aws",
        {"launch_template": {"CreditSpecification": {"CpuCredits": None}}},
        "launch_template.CreditSpecification",
        "CpuCredits cannot be taken away alone",
    ),
    (
        "aws",
        {"launch_template": {"BlockDeviceMappings": [{"DeviceName": "/dev/sdf", "NoDevice": ""}] * 2}},
        "launch_template.BlockDeviceMappings.1",
        "'/dev/sdf' is named twice",
    ),
    ("aws", {"group": {"MaxSize": 4}}, "group.MaxSize", "`capacity.max` sets this; write it there"),
    ("aws", {"group": {"Tags": []}}, "group.Tags", "trimtab writes this itself"),
    ("aws", {"group": {"SkipZonalShiftValidation": True}}, "SkipZonalShiftValidation", "never gives this back"),
    ("aws", {"group": {"Context": None}}, "group.Context", "write the value that means none"),
    (
        "aws",
        {
            "alarms": {
                "hot": {
                    "WarmUpConfiguration": {
                        "WarmUpPeriodDurationInMinutes": 2881,
                        "OnlyStartEvaluatingAfterWarmUpPeriodEnds": True,
                    }
                }
            }
        },
        "alarms.hot.WarmUpConfiguration.WarmUpPeriodDurationInMinutes",
        "2881 is more than 2880",
    ),
    (
        "aws",
        {"group": {"InstanceMaintenancePolicy": {"MinHealthyPercentage": 90}}},
        "group.InstanceMaintenancePolicy.MinHealthyPercentage",
        "`aws.maintenance.min_healthy` sets this",
    ),
    ("gcp", {"health_check": {"checkIntervalSec": 9}}, "health_check.checkIntervalSec", "`health_check.interval` sets"),
    ("aws", {"policies": {"in": {"Cooldown": 1}}}, "policies.in", "no scaling policy on this cloud for 'in'"),
    ("aws", {"alarms": {"hot": {"Threshold": 1.0}}}, "alarms.hot.Threshold", "`alarms.NAME.above`"),
    (
        "aws",
        {"launch_template": {"BlockDeviceMappings": [{"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 9}}]}},
        "launch_template.BlockDeviceMappings.0.Ebs.VolumeSize",
        "`template.disks.size_gb` sets this",
    ),
    (
        "azure",
        {"scale_set": {"properties": {"virtualMachineProfile": {"osProfile": {"adminPassword": "Hush-1234"}}}}},
        "osProfile.adminPassword",
        "never gives this back",
    ),
    (
        "azure",
        {"scale_set": {"properties": {"virtualMachineProfile": {"userData": "aGVsbG8="}}}},
        "virtualMachineProfile.userData",
        "never gives this back",
    ),
    ("azure", {"scale_set": {"sku": {"capacity": 3}}}, "scale_set.sku.capacity", "`capacity.desired` sets this"),
    (
        "azure",
        {"alarms": {"hot": {"properties": {"severity": 1}}}},
        "properties.severity",
        "`alarms.NAME.severity` sets this",
    ),
    ("gcp", {"alarms": {"hot": {"severity": "WARNING"}}}, "alarms.hot.severity", "`alarms.NAME.severity` sets this"),
    ("azure", {"scale_set": {"tags": {"a": "b"}}}, "scale_set.tags", "trimtab writes this itself"),
    ("azure", {"scale_set": {"property": {}}}, "scale_set.property", "did you mean 'properties'?"),
    (
        "azure",
        {"scale_set": {"properties": {"doNotRunExtensionsOnOverprovisionedVMs": 1}}},
        "doNotRunExtensionsOnOverprovisionedVMs",
        "true or false is wanted",
    ),
    (
        "gcp",
        {"instance_template": {"properties": {"confidentialInstanceConfig": {"confidentialInstanceType": "SNP"}}}},
        "confidentialInstanceType",
        "did you mean 'SEV_SNP'?",
    ),
    ("gcp", {"instance_template": {"properties": {"labels": {"a": "b"}}}}, "properties.labels", "`tags`"),
    ("gcp", {"group_manager": {"targetSize": 4}}, "group_manager.targetSize", "`capacity.desired` sets this"),
    ("gcp", {"group_manager": {"description": "x"}}, "group_manager.description", "trimtab writes this itself"),
    ("gcp", {"group_manager": {"status": {}}}, "group_manager.status", "has no field 'status'"),
]


@pytest.mark.parametrize(("cloud", "native", "path", "text"), REFUSED, ids=[case[2] for case in REFUSED])
def test_what_cannot_be_is_refused_by_its_path_with_the_fix(cloud, native, path, text):
    found = problems(cloud, native)
    assert len(found) == 1, found
    assert re.match(rf"{cloud}\.native\.[\w.-]*{re.escape(path)}: ", found[0]), found
    assert text in found[0]
    assert "Hush" not in found[0]


def test_an_error_names_file_and_line(tmp_path):
    file = tmp_path / "fleet.yaml"
    file.write_text(
        "name: shop\ngroups:\n  web:\n    capacity: {min: 1, max: 2}\n"
        "    template: {image: ami-12c6146b, size: t3.small}\n"
        "    aws:\n      native:\n        launch_template:\n          CpuOptions:\n            CoreCuont: 2\n"
    )
    fleet = tt.load_fleet(file)
    with TEST_CLOUDS["aws"].started() as test_cloud, test_cloud.connect() as cloud:
        (problem,) = [str(each) for each in cloud.plan(fleet).problems if "CoreCuont" in str(each)]
    assert f"{file}:10" in problem
    assert "did you mean 'CoreCount'?" in problem


def test_check_finds_slips_in_native_leaves_of_every_cloud_without_asking_one(tmp_path):
    file = tmp_path / "fleet.yaml"
    file.write_text(
        "name: shop\ngroups:\n  web:\n    capacity: {min: 1, max: 2}\n"
        "    template: {image: {os: ubuntu-22.04}, size: {cpus: 2, memory_gb: 4}}\n"
        "    aws: {native: {launch_template: {EbsOptimised: true}}}\n"
        "    azure: {native: {scale_set: {property: {}}}}\n"
    )
    fleet = tt.load_fleet(file)
    with pytest.raises(tt.errors.ConfigError) as caught:
        tt.check_fleet(fleet)
    assert [str(problem).partition(": group")[0] for problem in caught.value.problems] == [f"{file}:6", f"{file}:7"]
    assert all("did you mean" in str(problem) for problem in caught.value.problems)
    with pytest.raises(tt.errors.ConfigError, match="EbsOptimised"):
        tt.check_fleet(fleet, provider="aws")
    assert tt.check_fleet(fleet, provider="gcp") is not None


@pytest.mark.parametrize("native", [{"group": {}}, {"launch_template": {"BlockDeviceMappings": []}}])
def test_what_is_empty_is_said_to_say_nothing(native):
    (problem,) = problems("aws", native)
    assert "which says nothing; leave it out" in problem


def test_an_unknown_body_is_an_error_of_the_file(tmp_path):
    with pytest.raises(tt.errors.InvalidModel, match=r"aws\.native\.template"):
        make_group("web", aws={"native": {"template": {}}})


def test_the_plan_says_that_it_is_not_portable():
    notes = translate(fleet_of("aws", {"launch_template": {"EbsOptimized": True}}), "aws").notes
    assert [note.text for note in notes if note.text.startswith("aws.native")] == [
        "aws.native: written as it stands, and not portable: only aws has it"
    ]


# a law over every leaf that the vendors' models have


@cache
def leaves_of(cloud):
    """Each leaf of each body that a file may write, by the word of the body, as the steps to it and a value."""
    natives = declarations_of(cloud).natives
    model = native_model(natives.package)
    return [
        (word, steps, value)
        for word, part in natives.parts.items()
        for steps, value in _leaves(model, model.kinds[part.kind], (), ())
    ]


def _leaves(model, node, steps, around):
    if node == "unread":
        return
    if isinstance(node, dict) and "of" in node:
        if node["of"] not in around:
            for name, inner in model.shapes[node["of"]].items():
                yield from _leaves(model, inner, (*steps, name), (*around, node["of"]))
    elif isinstance(node, dict) and "list" in node:
        yield from _leaves(model, node["list"], (*steps, 0), around)
    elif isinstance(node, dict) and "map" in node:
        yield from _leaves(model, node["map"], (*steps, "key"), around)
    else:
        yield steps, value_of(node)


def value_of(node):
    rule = node if isinstance(node, dict) else {"type": node}
    if "enum" in rule:
        return rule["enum"][-1]
    least = rule.get("min", 1)
    return {
        "string": "x" * least,
        "boolean": True,
        "integer": least,
        "int64": least,
        "number": float(least),
        "any": "x",
        "timestamp": "2026-12-01T18:00:00Z",
    }[rule["type"]]


def nested(steps, value):
    for step in reversed(steps):
        value = [value] if step == 0 else {step: value}
    return value


def has(body, steps):
    """Whether a body has a leaf, in some item of each list on the way."""
    if not steps:
        return body is not None
    step, rest = steps[0], steps[1:]
    if step == 0:
        return isinstance(body, (list, tuple)) and any(has(item, rest) for item in body)
    return isinstance(body, dict) and has(body.get(step), rest)


@pytest.mark.sweep
@pytest.mark.parametrize("cloud", CLOUDS)
def test_every_leaf_of_a_vendors_model_reaches_its_body_or_is_refused_by_name(cloud):
    """And with it the body is one that botocore takes."""
    natives = declarations_of(cloud).natives
    written = refused = 0
    for word, steps, value in sampled(leaves_of(cloud), 120, f"native leaves of {cloud}"):
        part = natives.parts[word]
        body = nested(steps, value)
        block = {word: {name_of(cloud, part): body} if part.items else body}
        found = translate(fleet_of(cloud, block), cloud)
        told = [note.text for note in found.problems if note.text.startswith(f"{cloud}.native.{word}")]
        bodies = [item for item in found.resources if item.key.kind == part.kind]
        reached = [item for item in bodies if item.native and has(item.body, (*filter(None, [part.at]), *steps))]
        assert told or reached, (word, steps)
        written, refused = written + (not told), refused + bool(told)
        if cloud == "aws" and not told and steps not in GROWING:
            hold_against_the_model(reached[0])
    assert written > 20
    assert refused > 10


GROWING = frozenset({("TagSpecifications", 0, "ResourceType")})
"""Words that a long list of a model has, which grows: they are not checked."""


def name_of(cloud, part):
    return "out" if part.items == "policies" else "hot"


def read_back(cloud, item):
    """A resource as its reader gives it, from a reply that holds what was written."""
    name = item.key.name
    known = dict.fromkeys(references(item.body), "projects/p/regions/r/things/x")
    body = revealed(resolved(item.body, known))
    if cloud == "aws":
        match item.key.kind:
            case "launch-template":
                return aws.template_resource("r", {"LaunchTemplateName": name, "VersionNumber": 1, **body})
            case "autoscaling-group":
                subnets = {"VPCZoneIdentifier": ",".join(body.get("VPCZoneIdentifier", ()))}
                return aws.group_resource("r", {"AutoScalingGroupName": name, "Instances": [], **body, **subnets})
            case "scaling-policy":
                named = {"AutoScalingGroupName": item.key.parent, "PolicyName": name, "PolicyARN": "arn"}
                return aws.policy_resource("r", {**named, **body})
        return aws.alarm_resource("r", {"AlarmName": name, **body})
    if cloud == "azure":
        own = f"/subscriptions/0/resourceGroups/g/providers/x/{item.key.kind}/{name}"
        return azure.READERS[item.key.kind]({"name": name, "id": own, "location": "westeurope", **body}, "westeurope")
    own = f"https://www.googleapis.com/compute/v1/projects/p/regions/europe-west1/things/{name}"
    reply = {"name": name, "displayName": name, "selfLink": own, **body}
    return gcp.READERS[item.key.kind](reply, "europe-west1")


@pytest.mark.sweep
@pytest.mark.parametrize("cloud", CLOUDS)
def test_every_leaf_that_may_be_written_is_read_as_it_was_written(cloud):
    """A reader that leaves one out would have every plan write it again."""
    natives = declarations_of(cloud).natives
    for word, steps, value in sampled(leaves_of(cloud), 120, f"native leaves of {cloud} read"):
        part, body = natives.parts[word], nested(steps, value)
        block = {word: {name_of(cloud, part): body} if part.items else body}
        found = translate(fleet_of(cloud, block), cloud)
        if any(".native." in note.text for note in found.problems) or steps in WITHOUT_KEY:
            continue
        for item in (item for item in found.resources if item.native):
            kind = kinds_of(cloud)[item.key.kind].of(item)
            wanted, read = (kind.leaves(each.body) for each in (item, read_back(cloud, item)))
            for path in (path for path in wanted if kind.find(path) in item.native):
                assert plain(read.get(path)) in (plain(wanted[path]), plain(Secret(str(wanted[path])))), path


WITHOUT_KEY = frozenset({("properties", "metadata", "items", 0, "value")})
"""What no reply has without what tells it from others."""


def kinds_of(cloud):
    return importlib.import_module(f"trimtab.providers.{cloud}.kinds").KINDS


# on the clouds


WRITTEN = {
    "aws": {
        "launch_template": {
            "CpuOptions": {"CoreCount": 1, "ThreadsPerCore": 1},
            "EbsOptimized": True,
            "BlockDeviceMappings": [{"DeviceName": "/dev/sdf", "NoDevice": ""}],
        },
        "group": {"AvailabilityZoneDistribution": {"CapacityDistributionStrategy": "balanced-only"}, "Context": "shop"},
        "alarms": {"hot": {"EvaluateLowSampleCountPercentile": "ignore"}},
    },
    "azure": {
        "scale_set": {
            "properties": {
                "doNotRunExtensionsOnOverprovisionedVMs": True,
                "virtualMachineProfile": {
                    "diagnosticsProfile": {"bootDiagnostics": {"enabled": True}},
                    "networkProfile": {
                        "networkInterfaceConfigurations": [
                            {"name": "nic", "properties": {"enableAcceleratedNetworking": True}}
                        ]
                    },
                },
            }
        },
    },
    "gcp": {
        "instance_template": {
            "properties": {"canIpForward": True, "shieldedInstanceConfig": {"enableSecureBoot": True}}
        },
        "group_manager": {"listManagedInstancesResults": "PAGINATED"},
    },
}
ALARMS = {"aws": {"alarms": {"hot": {"metric": "cpu", "statistic": "p95", "above": 70, "triggers": ["out"]}}}}
"""Low sample counts go with a percentile."""
EDITED = {
    "aws": {"group": {"Context": "sale"}, "launch_template": {"EbsOptimized": False}},
    "azure": {"scale_set": {"properties": {"doNotRunExtensionsOnOverprovisionedVMs": False}}},
    "gcp": {
        "instance_template": {"properties": {"canIpForward": False}},
        "group_manager": {"listManagedInstancesResults": "PAGELESS"},
    },
}
CHANGED = {
    "aws": {
        ("Context", "shop", "sale"),
        ("LaunchTemplateData.EbsOptimized", True, False),
    },
    "azure": {("properties.doNotRunExtensionsOnOverprovisionedVMs", True, False)},
    "gcp": {("listManagedInstancesResults", "PAGINATED", "PAGELESS")},
}


@pytest.mark.parametrize("cloud", CLOUDS)
def test_it_is_written_compared_edited_and_read_back(cloud):
    with TEST_CLOUDS[cloud].started() as test_cloud, test_cloud.connect() as connected:
        place = placement(cloud, test_cloud)
        fleet = fleet_of(cloud, WRITTEN[cloud], placement=place, **ALARMS.get(cloud, {}))
        plan = connected.plan(fleet)
        assert not plan.problems, [str(each) for each in plan.problems]
        connected.apply(plan).raise_for_failures()
        assert not connected.plan(fleet)

        imported = connected.import_group("shop-web", fleet="shop")
        read = imported.group.block(cloud).native.model_dump(exclude_defaults=True)
        assert read == WRITTEN[cloud]
        assert not connected.plan(tt.Fleet(name="shop", groups=(imported.group,)))

        edited = fleet_of(cloud, EDITED[cloud], placement=place, **ALARMS.get(cloud, {}))
        changes = {(leaf.path, leaf.old, leaf.new) for change in connected.plan(edited) for leaf in change.fields}
        assert CHANGED[cloud] <= changes
        connected.apply(connected.plan(edited)).raise_for_failures()
        assert not connected.plan(edited)

        # what the file no longer writes is not managed, and stays
        bare = fleet_of(cloud, {}, placement=place, **ALARMS.get(cloud, {}))
        left = connected.plan(bare)
        assert {leaf.path for change in left for leaf in change.fields}.isdisjoint({each[0] for each in CHANGED[cloud]})


def test_what_was_changed_by_hand_is_put_back():
    with TEST_CLOUDS["aws"].started() as test_cloud, test_cloud.connect() as cloud:
        fleet = fleet_of("aws", {"group": {"Context": "shop"}}, placement=placement("aws", test_cloud))
        cloud.apply(cloud.plan(fleet)).raise_for_failures()
        session = boto3.Session("testing", "testing", region_name="us-east-1")
        scaling = session.client("autoscaling", endpoint_url=test_cloud.emulator.endpoint)
        scaling.update_auto_scaling_group(AutoScalingGroupName="shop-web", Context="mine")
        (change,) = cloud.plan(fleet)
        (leaf,) = change.fields
        assert (leaf.path, leaf.old, leaf.new, leaf.reason) == ("Context", "mine", "shop", "drifted")
        assert leaf.field == "web.aws.native.group.Context"
        cloud.apply(cloud.plan(fleet)).raise_for_failures()
        assert not cloud.plan(fleet)


def test_settings_of_extensions_are_compared_and_not_shown():
    """Commands with passwords stand there, so a plan shows their digests."""
    with TEST_CLOUDS["azure"].started() as test_cloud, test_cloud.connect() as cloud:
        place = placement("azure", test_cloud)
        for command, changes in (("hunter2 a", True), ("hunter2 a", False), ("hunter2 b", True), ("hunter2 b", False)):
            settings = {"commandToExecute": command, "more": {"of": [command]}}
            extension = {"publisher": "P", "type": "CustomScript", "typeHandlerVersion": "2.0", "settings": settings}
            extensions = {"extensions": [{"name": "setup", "properties": extension}]}
            native = {"scale_set": {"properties": {"virtualMachineProfile": {"extensionProfile": extensions}}}}
            plan = cloud.plan(fleet_of("azure", native, placement=place))
            said = plan.to_text() + repr(plan) + str(plan.to_dict()) + str(plan.to_saved())
            assert "hunter2" not in said
            assert ("commandToExecute" in said) is bool(plan) is changes
            cloud.apply(plan, wait="accepted").raise_for_failures()


def test_a_template_that_is_left_to_others_keeps_what_it_has():
    with TEST_CLOUDS["gcp"].started() as test_cloud, test_cloud.connect() as cloud:
        fleet = fleet_of("gcp", {"instance_template": {"properties": {"canIpForward": True}}})
        cloud.apply(cloud.plan(fleet)).raise_for_failures()
        left = fleet_of("gcp", {"instance_template": {"properties": {"canIpForward": False}}}, unmanaged=["template"])
        plan = cloud.plan(left)
        assert not plan.problems, [str(each) for each in plan.problems]
        assert not plan.changes


def test_null_takes_a_leaf_away():
    with TEST_CLOUDS["aws"].started() as test_cloud, test_cloud.connect() as cloud:
        place = placement("aws", test_cloud)
        with_it = fleet_of("aws", {"launch_template": {"EbsOptimized": True}}, placement=place)
        cloud.apply(cloud.plan(with_it)).raise_for_failures()
        without = fleet_of("aws", {"launch_template": {"EbsOptimized": None}}, placement=place)
        (leaf,) = [leaf for change in cloud.plan(without) for leaf in change.fields if "Ebs" in leaf.path]
        assert (leaf.old, leaf.new) == (True, None)
        cloud.apply(cloud.plan(without)).raise_for_failures()
        assert not cloud.plan(without)
