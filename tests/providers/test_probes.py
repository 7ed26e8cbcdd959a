"""By which protocol a group's own check asks, on the clouds that have one."""

import pytest

from tests.conftest import make_fleet, make_group
from trimtab.errors import InvalidModel
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


WHOLE = {
    "path": "/up",
    "port": 443,
    "host": "shop.example.org",
    "interval": "30s",
    "timeout": "10s",
    "healthy_threshold": 3,
    "unhealthy_threshold": 6,
}


def said_of(cloud, check):
    """The bodies of a group with a check, and what is said of the check."""
    found = translate(make_fleet(make_group("web", **BARE, **MACHINES.get(cloud, {}), health_check=check)), cloud)
    texts = [[note.text for note in notes if note.text.startswith("health_check.")] for notes in _said(found)]
    return found.resources, *texts


def _said(found):
    return found.notes, found.problems


def test_google_takes_a_check_whole():
    """The members of HealthCheck: https://cloud.google.com/compute/docs/reference/rest/v1/healthChecks."""
    resources, notes, problems = said_of("gcp", WHOLE)
    (body,) = (item.body for item in resources if item.key.kind == "health-check")
    assert body == {
        "type": "HTTPS",
        "httpsHealthCheck": {"port": 443, "requestPath": "/up", "host": "shop.example.org"},
        "checkIntervalSec": 30,
        "timeoutSec": 10,
        "healthyThreshold": 3,
        "unhealthyThreshold": 6,
    }
    assert (notes, problems) == ([], [])


def settings_of(check):
    resources, notes, problems = said_of("azure", check)
    (body,) = (item.body for item in resources if item.key.kind == "scale-set")
    extensions = body["properties"]["virtualMachineProfile"]["extensionProfile"]["extensions"]
    return extensions[0]["properties"]["settings"], notes, problems


def test_azure_counts_as_many_answers_for_both_and_has_a_timeout_of_its_own():
    """
    `intervalInSeconds` and `numberOfProbes`, which is "the number of consecutive probes required for the health status
    to change", are all that the extension takes beside the question:
    https://learn.microsoft.com/azure/virtual-machine-scale-sets/virtual-machine-scale-sets-health-extension
    """
    settings, notes, problems = settings_of({**WHOLE, "host": None})
    asked = {"protocol": "https", "port": 443, "requestPath": "/up"}
    assert settings == {**asked, "intervalInSeconds": 30, "numberOfProbes": 6}
    assert [note.partition(":")[0] for note in notes] == [
        *("health_check.timeout", "health_check.healthy_threshold", "health_check.unhealthy_threshold")
    ]
    assert problems == []


def test_equal_thresholds_are_azures_own():
    settings, notes, problems = settings_of({"port": 22, "healthy_threshold": 4, "unhealthy_threshold": 4})
    assert settings == {"protocol": "tcp", "port": 22, "numberOfProbes": 4}
    assert (notes, problems) == ([], [])


def test_azure_asks_no_host():
    *_, problems = said_of("azure", WHOLE)
    assert [problem.partition(":")[0] for problem in problems] == ["health_check.host"]


def test_on_aws_all_of_it_is_the_target_groups():
    *_, problems = said_of("aws", WHOLE)
    named = {name for problem in problems for name in problem.partition(":")[0].split(", ")}
    assert named == {f"health_check.{name}" for name in WHOLE}


@pytest.mark.parametrize("cloud", ["azure", "gcp"])
def test_how_to_ask_is_of_no_use_where_nothing_asks(cloud):
    _, notes, _ = said_of(cloud, {"interval": "30s", "healthy_threshold": 3, "unhealthy_threshold": 3})
    names = ("interval", "healthy_threshold", "unhealthy_threshold")
    assert {note.partition(":")[0] for note in notes if "not used" in note} == {f"health_check.{one}" for one in names}


def test_a_path_is_not_asked_over_tcp():
    with pytest.raises(InvalidModel, match="leave one of the two out"):
        make_group("web", health_check={"path": "/up", "protocol": "tcp"})


@pytest.mark.parametrize(
    ("check", "more", "types"),
    [
        ({}, [], "EC2"),
        ({"by": "load-balancer"}, [], "ELB"),
        ({}, ["ebs"], "EBS"),
        ({"by": "load-balancer"}, ["vpc-lattice", "ebs"], "EBS,ELB,VPC_LATTICE"),
    ],
)
def test_aws_takes_several_types(check, more, types):
    """ "A comma-separated value string of one or more health check types": CreateAutoScalingGroup."""
    found = translate(make_fleet(make_group("web", health_check=check, aws={"health_checks": more})), "aws")
    (body,) = (item.body for item in found.resources if item.key.kind == "autoscaling-group")
    assert body["HealthCheckType"] == types
