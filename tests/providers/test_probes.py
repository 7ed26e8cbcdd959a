"""By which protocol a group's own check asks, on the clouds that have one."""

import pytest

from tests.conftest import make_fleet, make_group
from trimtab.testing import translate

BARE = {"policies": {}, "alarms": {}, "schedules": {}}
SUBNET = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/net/subnets/default"
MACHINES = {
    "azure": {"template": {"image": "Ubuntu2404", "size": "Standard_D2s_v5"}, "placement": {"subnets": [SUBNET]}},
    "gcp": {"template": {"image": "debian-cloud/debian-12", "size": "e2-medium"}},
}


def asked(cloud, check):
    """Protocol and port of the check of a group, and the notes about it."""
    fleet = make_fleet(make_group("web", **BARE, **MACHINES[cloud], health_check=check))
    found = translate(fleet, cloud)
    notes = [note.text for note in found.notes if note.text.startswith("health_check.protocol")]
    if cloud == "gcp":
        (body,) = (item.body for item in found.resources if item.key.kind == "health-check")
        return body["type"].lower(), body[f"{body['type'].lower()}HealthCheck"]["port"], notes
    (profile,) = (
        item.body["properties"]["virtualMachineProfile"] for item in found.resources if item.key.kind == "scale-set"
    )
    settings = profile["extensionProfile"]["extensions"][0]["properties"]["settings"]
    return settings["protocol"], settings["port"], notes


@pytest.mark.parametrize("cloud", ["azure", "gcp"])
@pytest.mark.parametrize(
    ("check", "protocol", "port"),
    [
        ({"path": "/up"}, "http", 80),
        ({"path": "/up", "port": 443}, "https", 443),
        ({"path": "/up", "protocol": "https"}, "https", 443),
        ({"path": "/up", "port": 8443, "protocol": "https"}, "https", 8443),
        ({"path": "/up", "port": 443, "protocol": "http"}, "http", 443),
        ({"port": 443}, "tcp", 443),
    ],
)
def test_a_path_is_asked_by_the_protocol_of_the_check(cloud, check, protocol, port):
    """
    The clouds' own words for it.

    https://cloud.google.com/compute/docs/reference/rest/v1/healthChecks and
    https://learn.microsoft.com/azure/virtual-machine-scale-sets/virtual-machine-scale-sets-health-extension
    """
    assert asked(cloud, check) == (protocol, port, [])


@pytest.mark.parametrize("cloud", ["azure", "gcp"])
def test_a_protocol_without_a_path_is_said_to_be_of_no_use(cloud):
    protocol, _, notes = asked(cloud, {"port": 443, "protocol": "https"})
    assert (protocol, len(notes)) == ("tcp", 1)


def test_on_aws_the_protocol_is_the_load_balancers():
    found = translate(make_fleet(make_group("web", health_check={"protocol": "https"})), "aws")
    assert [note.text for note in found.problems if note.text.startswith("health_check.protocol")]
