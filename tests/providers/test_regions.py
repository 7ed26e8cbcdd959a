"""Regions of another cloud are refused before anything is asked; those that a cloud lists are not."""

import pytest

import trimtab as tt
from trimtab.providers.regions import RegionForm, check_regions
from trimtab.testing import AwsTestCloud

CLOUDS = ("aws", "azure", "gcp")


def form_of(cloud: str) -> RegionForm:
    pytest.importorskip({"aws": "boto3", "azure": "azure.mgmt.compute", "gcp": "google.cloud.compute"}[cloud])
    module = __import__(f"trimtab.providers.{cloud}.provider", fromlist=["REGIONS"])
    found: RegionForm = module.REGIONS
    return found


def listed(cloud: str) -> set[str]:
    """The regions that the vendor lists: botocore's own data, and the pages that the emulators are made from."""
    if cloud == "aws":
        session = pytest.importorskip("boto3").Session()
        partitions = session.get_available_partitions()
        return {region for name in partitions for region in session.get_available_regions("autoscaling", name)}
    if cloud == "gcp":
        from trimtab.emulators.gcp.regions import ZONES

        return set(ZONES)
    from trimtab.emulators.azure.regions import REGIONS

    return set(REGIONS)


@pytest.mark.parametrize("cloud", CLOUDS)
def test_each_region_that_a_cloud_lists_has_its_form(cloud):
    form = form_of(cloud)
    regions = listed(cloud)
    assert len(regions) > 25
    assert [region for region in sorted({*regions, form.example}) if form.problem(region)] == []


@pytest.mark.parametrize("cloud", CLOUDS)
def test_regions_of_other_clouds_do_not(cloud):
    others = {region for other in CLOUDS if other != cloud for region in listed(other)}
    assert [region for region in sorted(others) if not form_of(cloud).problem(region)] == []


@pytest.fixture(scope="module")
def cloud():
    pytest.importorskip("moto")
    from trimtab.emulators import AwsEmulator

    with AwsEmulator() as emulator:
        yield AwsTestCloud(emulator)


FILE = """
name: shop
groups:
  web:
    location: westeurope
    capacity: {min: 1, max: 2}
    template: {image: ami-12c6146b, size: t3.medium}
""".lstrip()


def test_a_plan_names_the_line_and_asks_nothing(cloud):
    fleet = tt.parse_fleet(FILE, name="fleet.yaml", env={})
    cloud.emulator.doors.clear_requests()
    with cloud.connect() as connected, pytest.raises(tt.errors.ConfigError) as error:
        connected.plan(fleet)
    assert str(error.value) == (
        "fleet.yaml:4: group web: location: 'westeurope' is not a region of AWS; write one such as us-east-1"
    )
    assert cloud.emulator.doors.count()["total"] == 0


def test_the_region_of_the_connection_is_said_once():
    group = {"capacity": {"min": 1, "max": 2}, "template": {"image": "a", "size": "s"}}
    fleet = tt.Fleet(name="shop", groups=[{"name": "web", **group}, {"name": "api", **group}])
    with pytest.raises(tt.errors.ConfigError) as error:
        check_regions(fleet, "westeurope", RegionForm("AWS", "[a-z]+-[a-z]+-[0-9]", "us-east-1"))
    assert error.value.problems == (
        "'westeurope' is not a region of AWS; write one such as us-east-1 (--region, connect.region)",
    )
