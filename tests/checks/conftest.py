"""A group with nothing to find, and what checks find in variants of it."""

import pytest

import trimtab as tt

OUT, BACK = {"change": 1, "cooldown": "5m"}, {"change": -1, "cooldown": "5m"}
PAIR = {"out": OUT, "back": BACK}


def alarm(metric, triggers, **fields):
    return {"metric": metric, "triggers": [triggers], **fields}


BUSY = alarm("cpu", "out", above=70)
IDLE = alarm("cpu", "back", below=30)


def make_fleet(name="shop", **fields):
    given = {
        "name": "web",
        "capacity": {"min": 2, "max": 6},
        "template": {"image": "ami-0abcdef1234567890", "size": "t3.medium"},
        "policies": PAIR,
        "alarms": {"busy": BUSY, "idle": IDLE},
        **fields,
    }
    return tt.Fleet(name=name, groups=[tt.ScalingGroup.model_validate(given)])


@pytest.fixture
def found():
    """A function: the findings of one code in a group with these fields."""

    def find(code, *, provider=None, name="shop", **fields):
        return tt.check_fleet(make_fleet(name, **fields), provider=provider, select=[code])

    return find
