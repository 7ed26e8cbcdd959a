"""Neutral words on every cloud, through the real SDKs: one file, planned, applied and planned again."""

import pytest

import trimtab as tt
from tests.providers.emulated import CLOUDS, emulated
from trimtab.declarations.catalogue import SizeRequest, catalogue_of, images_of
from trimtab.testing import AzureTestCloud, GcpTestCloud, MemoryTestCloud

TEXT = """
name: shop
defaults:
  capacity: {min: 1, max: 3}
  template:
    image: {os: ubuntu-22.04}
    size: {cpus: 2, memory_gb: 4}
groups:
  web: {}
  arm:
    template: {image: {os: debian-12, architecture: arm64}}
  steady:
    template: {image: {os: rocky-9}, size: {cpus: {min: 4, max: 8}, memory_gb: 16, burstable: false}}
"""
ARM_REGION = "europe-west4"
"""One of the three where Google has T2A: https://cloud.google.com/compute/docs/regions-zones."""
SIZES = {
    "azure": ("Standard_B2als_v2", "Standard_B2pls_v2", "Standard_D4as_v5"),
    "gcp": ("e2-medium", "t2a-standard-2", "e2-standard-4"),
}


@pytest.fixture(scope="module", params=CLOUDS)
def world(request):
    with emulated(request.param) as emulator:
        yield emulator


@pytest.fixture(scope="module")
def plans(world):
    """The first plan of the file, and the second after it was applied."""
    fleet = fleet_for(world)
    with world.connect() as cloud:
        first = cloud.plan(fleet)
        cloud.apply(first, wait="accepted").raise_for_failures()
        return first, cloud.plan(fleet), cloud.provider.name


def fleet_for(world, text=TEXT):
    fleet = tt.parse_fleet(text, env={})
    if isinstance(world, GcpTestCloud):
        placed = [
            group.replace(location=ARM_REGION) if group.template.architecture == "arm64" else group
            for group in fleet.groups
        ]
        return fleet.replace(groups=placed)
    if not isinstance(world, AzureTestCloud):
        return fleet
    place = tt.Placement(subnets=[world.make_network("net", "default")])
    return fleet.replace(groups=[group.replace(placement=place) for group in fleet.groups])


def test_one_file_plans_applies_and_then_plans_nothing(plans):
    first, second, _ = plans
    assert not first.problems
    assert not second.changes
    assert not second.problems


def test_a_size_is_kept_in_the_mark_where_the_catalogue_gave_it(world, plans):
    first, second, cloud = plans
    chosen = [note for note in first.notes if "kept from then on" in note.text]
    assert bool(chosen) == (cloud != "aws")
    assert not [note for note in second.notes if "kept from then on" in note.text]
    for group, size in zip(("web", "arm", "steady"), SIZES.get(cloud, ()), strict=False):
        assert any(group in note.group and size in note.text for note in chosen), (group, size)


def test_refreshing_what_is_newest_already_changes_nothing(world, plans):
    with world.connect() as cloud:
        assert not cloud.plan(fleet_for(world), refresh=["image", "size"]).changes


def test_in_memory_every_word_is_taken():
    with MemoryTestCloud.started() as world, world.connect() as cloud:
        fleet = tt.parse_fleet(TEXT.replace("rocky-9", "amazon-linux-2023"), env={})
        cloud.apply(cloud.plan(fleet)).raise_for_failures()
        assert not cloud.plan(fleet)


WRONG = """
name: shop
groups:
  web:
    capacity: {min: 1, max: 3}
    template:
      image:
        os: amazon-linux-2023
      size:
        cpus: {min: 2, max: 2}
        memory_gb: {min: 5000, max: 5001}
"""


@pytest.mark.parametrize("name", ["azure", "gcp"])
def test_what_a_cloud_does_not_have_is_said_with_its_line(name, tmp_path):
    path = tmp_path / "fleet.yaml"
    path.write_text(WRONG)
    with emulated(name) as world, world.connect() as cloud:
        plan = cloud.plan(tt.load_fleet(path))
        found = {one["path"]: one for one in plan.to_dict()["problems"]}
    assert found["template.image.os"]["line"] == 8
    assert f"{name} has no images of amazon-linux-2023" in found["template.image.os"]["message"]
    assert found["template.size"]["line"] == 9
    assert "the nearest is" in found["template.size"]["message"]


def test_aws_takes_attributes_as_they_are_and_chooses_by_them():
    with emulated("aws") as world, world.connect() as cloud:
        fleet = fleet_for(world)
        cloud.apply(cloud.plan(fleet)).raise_for_failures()
        client = cloud.provider.connection
        group = next(
            item
            for item in client.items("autoscaling", "describe_auto_scaling_groups", "us-east-1")
            if item["AutoScalingGroupName"] == "shop-steady"
        )
        ran = {instance.size for instance in cloud.group("arm").read().instances}
    policy = group["MixedInstancesPolicy"]
    assert policy["LaunchTemplate"]["Overrides"][0]["InstanceRequirements"] == {
        "VCpuCount": {"Min": 4, "Max": 8},
        "MemoryMiB": {"Min": 16384},
        "BurstablePerformance": "excluded",
        "InstanceGenerations": ["current"],
        "AcceleratorCount": {"Max": 0},
    }
    assert policy["InstancesDistribution"]["OnDemandAllocationStrategy"] == "lowest-price"
    fitting = {
        size.name for size in catalogue_of("aws").fitting(SizeRequest(tt.SizeRequirement(cpus=2, memory_gb=4), "arm64"))
    }
    assert ran
    assert ran <= fitting


def test_a_slip_in_a_size_comes_with_a_guess():
    for name, slip, meant in (("aws", "t3.smal", "t3.small"), ("gcp", "e2-mediun", "e2-medium")):
        text = TEXT.replace("size: {cpus: 2, memory_gb: 4}", f"size: {slip}").replace(", memory_gb: 16", "")
        with emulated(name) as world, world.connect() as cloud:
            problems = [note.text for note in cloud.plan(fleet_for(world, text)).problems if note.group == "web"]
        assert any(
            f"size {slip!r}" in text.replace("machine type", "size") and f"did you mean {meant}?" in text
            for text in problems
        ), problems


# the tables, against what the emulators have


def test_every_system_is_found_on_aws():
    with emulated("aws") as world, world.connect() as cloud:
        for row in images_of("aws").values():
            filters = [{"Name": "name", "Values": [row.image.newest]}]
            found = list(
                cloud.provider.connection.items(
                    "ec2", "describe_images", "us-east-1", Filters=filters, Owners=[row.image.owner]
                )
            )
            assert {each["Architecture"] for each in found} == {row.architecture}, row.native


def test_every_system_is_found_on_azure_and_google():
    azure = pytest.importorskip("trimtab.emulators.azure.catalogue")
    published = pytest.importorskip("trimtab.emulators.gcp.published")
    for row in images_of("azure").values():
        assert azure.newest(row.image.owner, *row.image.newest.split(":")), row.native
    families = {(one.project, one.family, one.architecture) for one in published.PUBLISHED}
    for row in images_of("gcp").values():
        project, family = row.image.id.split("/")
        assert (project, family, {"arm64": "ARM64", "x86_64": "X86_64"}[row.architecture]) in families


@pytest.mark.parametrize("name", ["azure", "gcp"])
def test_a_catalogue_is_renewed_from_the_cloud_and_says_the_same(name):
    """The figures that were transcribed, against what the API's emulator has of the same sizes."""
    source = pytest.importorskip(f"tools.catalogue.{name}")
    with emulated(name) as world, world.connect() as cloud:
        renewed = {size.name: size for size in source.read(cloud.provider.connection)}
    known = {size.name: size for size in catalogue_of(name).sizes}
    both = renewed.keys() & known.keys()
    assert len(both) > 40
    for key in ("cpus", "architecture", "burstable", "gpus", "spot", "purpose", "caution"):
        assert {one: getattr(renewed[one], key) for one in both} == {one: getattr(known[one], key) for one in both}
    rough = [one for one in both if abs(renewed[one].memory_gb - known[one].memory_gb) > 0.15 * known[one].memory_gb]
    assert all(one.split("-")[1] == "highcpu" or one.startswith(("n1-", "c4-", "n2-highmem-128")) for one in rough), (
        rough
    )


def test_the_catalogue_of_aws_is_what_its_api_answers():
    pytest.importorskip("moto")
    from moto.ec2.models.instance_types import INSTANCE_TYPES

    for size in catalogue_of("aws").sizes:
        item = INSTANCE_TYPES[size.name]
        said = (item["VCpuInfo"]["DefaultVCpus"], item["MemoryInfo"]["SizeInMiB"] / 1024, item["CurrentGeneration"])
        assert (size.cpus, pytest.approx(size.memory_gb, abs=0.001), size.is_current) == said
        assert size.burstable == item["BurstablePerformanceSupported"]
        assert size.architecture in item["ProcessorInfo"]["SupportedArchitectures"]
