"""What Google has everywhere: regions, zones, machine types, and images by name, by filter and by family."""

import pytest
from gcp_bench import PROJECT, REGION, ZONE, Refused
from google.api_core import exceptions


def test_regions_and_their_zones(gcp):
    regions = {one.name: one for one in gcp.client("Regions").list(project=PROJECT)}
    assert len(regions) == 43
    assert {"us-central1", "europe-west1", "asia-southeast3", "northamerica-south1", "me-central2"} <= set(regions)
    assert [link.rsplit("/", 1)[-1] for link in regions[REGION].zones] == [f"{REGION}-{letter}" for letter in "bcd"]
    zone = gcp.client("Zones").get(project=PROJECT, zone=ZONE)
    assert (zone.status, zone.region.rsplit("/", 1)[-1]) == ("UP", REGION)
    zones = [one.name for one in gcp.client("Zones").list(project=PROJECT)]
    assert len(zones) == 3 * 43 + 1 + 2, "Iowa has a fourth, and two are for AI"
    assert sorted(zones) == sorted(link.rsplit("/", 1)[-1] for one in regions.values() for link in one.zones)
    with pytest.raises(exceptions.NotFound, match="zones/mars-a"):
        gcp.client("Zones").get(project=PROJECT, zone="mars-a")


def test_machine_types(gcp):
    types = gcp.client("MachineTypes")
    found = types.get(project=PROJECT, zone=ZONE, machine_type="e2-standard-2")
    assert (found.guest_cpus, found.memory_mb) == (2, 8192)
    big = [one.name for one in types.list(request={"project": PROJECT, "zone": ZONE, "filter": "guestCpus >= 192"})]
    assert big == [
        "c3d-highcpu-360",
        "c3d-highmem-360",
        "c3d-standard-360",
        "c4-highcpu-192",
        "c4-highmem-192",
        "c4-standard-192",
    ]
    request = {"project": PROJECT, "filter": "name = e2-small", "max_results": 80}
    everywhere = [scope for scope, inner in types.aggregated_list(request=request) if inner.machine_types]
    assert len(everywhere) == 132
    with pytest.raises(exceptions.NotFound, match="machineTypes/z9-small"):
        types.get(project=PROJECT, zone=ZONE, machine_type="z9-small")


def test_the_newest_image_of_a_family(gcp):
    images = gcp.client("Images")
    newest = images.get_from_family(project="ubuntu-os-cloud", family="ubuntu-2404-lts-amd64")
    assert newest.name == "ubuntu-2404-noble-amd64-v20251217"
    debian = images.get_from_family(project="debian-cloud", family="debian-12")
    assert debian.name == "debian-12-bookworm-v20251209"
    old = images.get(project="debian-cloud", image="debian-12-bookworm-v20251014")
    assert (old.deprecated.state, old.deprecated.replacement.rsplit("/", 1)[-1]) == ("DEPRECATED", debian.name)
    with pytest.raises(exceptions.NotFound, match="images/family/plan9"):
        images.get_from_family(project="debian-cloud", family="plan9")
    with pytest.raises(exceptions.NotFound, match="projects/plan9-cloud"):
        list(images.list(project="plan9-cloud"))


def test_images_of_ones_own(gcp):
    body = {"name": "golden-1", "family": "golden", "sourceDisk": f"zones/{ZONE}/disks/golden"}
    gcp.ask("POST", "global/images", body)
    gcp.doors.advance(60)
    gcp.ask("POST", "global/images", {**body, "name": "golden-2"})
    images = gcp.client("Images")
    assert images.get_from_family(project=PROJECT, family="golden").name == "golden-2"
    request = {"project": PROJECT, "filter": 'name eq "golden.*"'}
    assert [one.name for one in images.list(request=request)] == ["golden-1", "golden-2"]
    gcp.ask("DELETE", "global/images/golden-2")
    assert images.get_from_family(project=PROJECT, family="golden").name == "golden-1"
    with pytest.raises(Refused, match="golden-2"):
        gcp.ask("GET", "global/images/golden-2")
