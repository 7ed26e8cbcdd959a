"""
Which images on Azure are of Windows, which takes another profile; and specialized ones, which take none.

Names out of `az vm image list --all` and the CLI's own short names:
https://github.com/Azure/azure-rest-api-specs/blob/main/arm-compute/quickstart-templates/aliases.json
"""

import pytest

from tests.conftest import make_fleet
from tests.providers.azure.groups import azure_group

WINDOWS = (
    "MicrosoftWindowsServer:WindowsServer:2022-datacenter-azure-edition:latest",
    "microsoftwindowsserver:windowsserver:2019-datacenter:17763.6414.241006",
    "MicrosoftWindowsDesktop:windows-11:win11-24h2-pro:latest",
    "MicrosoftSQLServer:sql2022-ws2022:enterprise-gen2:latest",
    "MicrosoftVisualStudio:visualstudio2022:vs-2022-ent-latest-ws2022:latest",
    "center-for-internet-security-inc:cis-windows-server:cis-windows-server2022-l1-gen2:latest",
    "Win2022Datacenter",
    "Win2022AzureEditionCore",
    "Win2012R2Datacenter",
)
LINUX = (
    "Canonical:ubuntu-24_04-lts:server:latest",
    "MicrosoftSQLServer:sql2022-ubuntu2004:enterprise_gen2:latest",
    "microsoftcblmariner:azure-linux-3:azure-linux-3-gen2:latest",
    "RedHat:RHEL:9-lvm-gen2:latest",
    "SUSE:sles-15-sp5:gen2:latest",
    "Ubuntu2404",
)


@pytest.fixture
def cloud(world):
    with world.connect() as cloud:
        yield cloud


def plan_of(world, cloud, image, **template):
    group = azure_group(world, "web", template={"image": image, "size": "Standard_D2s_v5", **template})
    return cloud.plan(make_fleet(group))


def problems(world, cloud, image):
    return [str(problem) for problem in plan_of(world, cloud, image).problems]


def system_of(plan):
    """The part of the profile that says which system is started."""
    body = next(change.wanted.body for change in plan if change.key.kind == "scale-set")
    profile = body["properties"]["virtualMachineProfile"]["osProfile"]
    return {name for name in profile if name.endswith("Configuration")}


PASSWORD = {"admin_password": {"env": "ADMIN_PASSWORD"}}


@pytest.fixture
def password(monkeypatch):
    monkeypatch.setenv("ADMIN_PASSWORD", "Correct-Horse-9")


@pytest.mark.usefixtures("password")
@pytest.mark.parametrize("image", WINDOWS)
def test_an_image_is_known_to_be_windows_by_its_name(world, cloud, image):
    plan = plan_of(world, cloud, image, **PASSWORD)
    assert not plan.problems or ["not found" in str(problem) for problem in plan.problems] == [True]
    assert plan.problems or system_of(plan) == {"windowsConfiguration"}


@pytest.mark.parametrize("image", LINUX)
def test_a_linux_image_is_let_be(world, cloud, image):
    plan = plan_of(world, cloud, image)
    assert (plan.problems, system_of(plan)) == ((), {"linuxConfiguration"})


def test_windows_takes_a_password(world, cloud):
    (problem,) = problems(world, cloud, WINDOWS[0])
    assert "template.admin_password: Windows is not started without a password; write admin_password" in problem


@pytest.mark.usefixtures("password")
@pytest.mark.parametrize(
    "image",
    [
        {"owner": "MicrosoftWindowsServer", "newest": "WindowsServer:2022-datacenter-g2"},
        {"os": "windows-server-2022"},
    ],
)
def test_a_match_is_known_to_be_windows(world, cloud, image):
    assert system_of(plan_of(world, cloud, image, **PASSWORD)) == {"windowsConfiguration"}


MANAGED, GALLERY = "Microsoft.Compute/images/base", "Microsoft.Compute/galleries/golden"
DEFINITION = f"{GALLERY}/images/base"


def own(world, path, system, state):
    """The id of an image of one's own with that system and state."""
    if path == MANAGED:
        disk = {"osType": system, "osState": state}
        world.put(path, {"location": world.location, "properties": {"storageProfile": {"osDisk": disk}}})
    else:
        world.put(GALLERY, {"location": world.location})
        world.put(DEFINITION, {"location": world.location, "properties": {"osType": system, "osState": state}})
    return f"{world.home}/providers/{path}"


@pytest.mark.parametrize("path", [MANAGED, DEFINITION, f"{DEFINITION}/versions/1.0.0"])
@pytest.mark.parametrize(
    ("system", "state", "text"),
    [
        ("Windows", "Generalized", "Windows is not started without a password"),
        ("Windows", "Specialized", ""),
        ("Linux", "Specialized", ""),
        ("Linux", "Generalized", ""),
    ],
)
def test_an_image_of_ones_own_is_known_by_its_definition(world, cloud, path, system, state, text):
    """Not by its name; that of a gallery's stands above its versions."""
    identity = own(world, path, system, state)
    found = problems(world, cloud, identity)
    assert (text in found[0]) if text else found == []


def test_a_definition_is_found_whatever_the_case_of_the_id(world, cloud):
    identity = own(world, DEFINITION, "Windows", "Generalized")
    (problem,) = problems(world, cloud, identity.replace("Microsoft.Compute", "microsoft.compute").upper())
    assert "Windows is not started without a password" in problem


@pytest.mark.parametrize("path", [MANAGED, DEFINITION])
def test_a_definition_that_cannot_be_read_keeps_nobody_from_the_image(world, cloud, path):
    """A gallery of another tenant may be deployed from and not be read."""
    identity = own(world, path, "Windows", "Generalized")
    world.doors.fault("denied", contains="/images/base", times=None)
    plan = cloud.plan(make_fleet(azure_group(world, "web", template={"image": identity, "size": "Standard_D2s_v5"})))
    assert (plan.problems, plan.unknown) == ((), ())


def test_groups_of_one_image_ask_for_its_definition_once(world, cloud):
    identity = own(world, DEFINITION, "Linux", "Generalized")
    template = {"image": identity, "size": "Standard_D2s_v5"}
    world.doors.clear_requests()
    cloud.plan(make_fleet(*(azure_group(world, f"web{number}", template=template) for number in range(3))))
    assert [call.operation for call in world.doors.requests()].count("GalleryImages_Get") == 1


def test_the_role_reads_the_definitions_that_a_fleet_names(world, cloud):
    for path, action in ((MANAGED, "images/read"), (f"{DEFINITION}/versions/1.0.0", "galleries/images/read")):
        group = azure_group(
            world, "web", template={"image": f"{world.home}/providers/{path}", "size": "Standard_D2s_v5"}
        )
        assert f"Microsoft.Compute/{action}" in cloud.permissions(make_fleet(group), read_only=True)["Actions"]


def test_another_image_is_named_whole(world, cloud):
    """ "You need to set all the updated properties in a single call": Azure/azure-powershell#11911."""
    for image in ("Ubuntu2404", "Ubuntu2204"):
        world.doors.clear_requests()
        fleet = make_fleet(azure_group(world, "web", template={"image": image, "size": "Standard_D2s_v5"}))
        cloud.apply(cloud.plan(fleet)).raise_for_failures()
    (patch,) = [call.params["body"] for call in world.doors.requests() if call.operation.endswith("Sets_Update")]
    assert patch["properties"]["virtualMachineProfile"]["storageProfile"]["imageReference"] == {
        "publisher": "Canonical",
        "offer": "0001-com-ubuntu-server-jammy",
        "sku": "22_04-lts-gen2",
        "version": "latest",
    }


@pytest.mark.parametrize(
    ("before", "after", "action"),
    [
        ("Ubuntu2404", "Ubuntu2204", "update"),
        ("Ubuntu2404", MANAGED, "replace"),
        (MANAGED, "Ubuntu2404", "replace"),
        (MANAGED, DEFINITION, "update"),
        (DEFINITION, f"{DEFINITION}/versions/1.0.0", "update"),
    ],
)
def test_the_kind_of_image_is_fixed_and_the_image_is_not(world, cloud, before, after, action):
    """
    "The Image type for a Virtual Machine Scale Set may not be changed": Azure/azure-powershell#11817.

    Of images of one's own each may follow each.
    """
    template = {"size": "Standard_D2s_v5"}
    images = [
        image if ":" not in image and "/" not in image else f"{world.home}/providers/{image}"
        for image in (before, after)
    ]
    first, second = (make_fleet(azure_group(world, "web", template={**template, "image": image})) for image in images)
    cloud.apply(cloud.plan(first)).raise_for_failures()
    plan = cloud.plan(second)
    assert [str(change.action) for change in plan if change.key.kind == "scale-set"] == [action]
    cloud.apply(plan, allow_replace=True).raise_for_failures()
    assert not cloud.plan(second)


# specialized images: https://learn.microsoft.com/azure/virtual-machines/shared-image-galleries


@pytest.mark.parametrize("path", [MANAGED, DEFINITION, f"{DEFINITION}/versions/1.0.0"])
def test_a_specialized_image_brings_its_own_system(world, cloud, path):
    template = {"image": own(world, path, "Linux", "Specialized"), "size": "Standard_D2s_v5"}
    fleet = make_fleet(azure_group(world, "web", template=template))
    plan = cloud.plan(fleet)
    body = next(change.wanted.body for change in plan if change.key.kind == "scale-set")
    assert "osProfile" not in body["properties"]["virtualMachineProfile"]
    assert not [note for note in plan.notes if "ssh" in str(note)]
    cloud.apply(plan).raise_for_failures()
    assert not cloud.plan(fleet).changes
    imported = cloud.import_group("virtualmin-web")
    assert not [note for note in imported.notes if "template" in str(note)]
    assert imported.group.template.ssh_key is None


@pytest.mark.usefixtures("password")
@pytest.mark.parametrize(
    ("path", "more"),
    [
        ("template.user_data", {"template": {"user_data": "#!/bin/sh"}}),
        ("template.ssh_key", {"template": {"ssh_key": "ssh-ed25519 AAAA me"}}),
        ("template.admin_password.env", {"template": PASSWORD}),
        ("azure.admin_username", {"azure": {"admin_username": "ops"}}),
        ("azure.computer_name_prefix", {"azure": {"computer_name_prefix": "web"}}),
    ],
)
def test_what_a_specialized_image_does_not_take_is_refused_by_its_field(world, cloud, path, more):
    image = own(world, DEFINITION, "Linux", "Specialized")
    template = {"image": image, "size": "Standard_D2s_v5", **more.get("template", {})}
    fleet = make_fleet(azure_group(world, "web", **{**more, "template": template}))
    (problem,) = cloud.plan(fleet).problems
    assert str(problem).startswith(f"group web: {path}: the image is a specialized one")


def test_azure_refuses_a_system_beside_a_specialized_image(world, cloud):
    image = own(world, DEFINITION, "Linux", "Generalized")
    plan = plan_of(world, cloud, image)
    own(world, DEFINITION, "Linux", "Specialized")
    failure, *_ = cloud.apply(plan).failures
    assert "Parameter 'osProfile' is not allowed. (InvalidParameter)" in failure
