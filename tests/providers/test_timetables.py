"""What a plan reads of crons, on every cloud: linear in schedules, the same for one group and for many."""

import pytest

import trimtab as tt
from trimtab.engine.crons import read_cron
from trimtab.testing import AwsTestCloud, AzureTestCloud, GcpTestCloud

TEMPLATES = {
    "aws": {"image": "ami-0123456789abcdef0", "size": "t3.medium"},
    "azure": {"image": "Canonical:ubuntu-24_04-lts:server:latest", "size": "Standard_D2s_v5"},
    "gcp": {"image": "debian-cloud/debian-12", "size": "e2-small"},
}
HOLD = {"type": "target-tracking", "metric": "cpu", "target": 60}


@pytest.fixture(scope="module", params=[AwsTestCloud, AzureTestCloud, GcpTestCloud], ids=["aws", "azure", "gcp"])
def cloud(request):
    with request.param.started() as made, made.connect() as cloud:
        yield cloud


def days_read(cloud, *, schedules, groups, hour):
    """How often a day was held against a cron by a plan of groups that share these schedules."""
    crons = [f"{place * 3} {hour} * * *" for place in range(schedules)]
    before = {cron: read_cron(cron).days_read for cron in crons}
    shared = {
        f"s{place}": {"cron": cron, "zone": "Asia/Tokyo", "until": f"{place * 3 + 1} {hour} * * *", "min": 2}
        for place, cron in enumerate(crons)
    }
    group = {
        "capacity": {"min": 1, "max": 4},
        "template": TEMPLATES[cloud.provider.name],
        "policies": {} if cloud.provider.name == "azure" else {"hold": HOLD},
        "schedules": shared,
    }
    made = tuple(tt.ScalingGroup.model_validate({"name": f"web-{number}", **group}) for number in range(groups))
    cloud.plan(tt.Fleet(name=f"shop{hour}", groups=made))
    return sum(read_cron(cron).days_read - number for cron, number in before.items())


def test_twice_the_schedules_are_read_twice_as_often(cloud):
    four, eight = (days_read(cloud, schedules=n, groups=1, hour=hour) for n, hour in ((4, 3), (8, 4)))
    # each schedule is read to the end of a day of its own
    assert 0 < eight <= 2 * four + 8


def test_groups_that_share_schedules_read_them_once(cloud):
    one, many = (days_read(cloud, schedules=4, groups=n, hour=hour) for n, hour in ((1, 5), (100, 6)))
    assert 0 < many == one
