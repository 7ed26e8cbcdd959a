"""What plans on AWS know beyond the file, from reads that they make anyway."""

import pytest

import trimtab as tt
from tests.conftest import make_group

pytest.importorskip("moto")

CALM = {"policies": {}, "alarms": {}, "schedules": {}, "placement": {"zones": ["us-east-1a"]}}


def sized(size):
    return tt.Fleet(name="shop", groups=[make_group(template={"image": "ami-12c6146b", "size": size}, **CALM)])


def test_instances_on_an_old_template_are_counted_without_another_call(trimtab_aws):
    doors, cloud = trimtab_aws.emulator.doors, trimtab_aws.connect()
    asked = []
    for size in ("t3.medium", "t3.large"):
        cloud.apply(cloud.plan(sized(size))).raise_for_failures()
        doors.clear_requests()
        plan = cloud.plan(sized(size))
        asked.append((sorted(call.operation for call in doors.requests()), [note.code for note in plan.notes]))
    (calls, calm), (more_calls, told) = asked
    assert (calm, told) == ([], ["TT602"])
    assert more_calls == calls
