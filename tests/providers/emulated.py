"""Each cloud's emulator, and a fleet that it takes."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

import trimtab as tt
from tests.conftest import make_group
from trimtab.testing import AwsTestCloud, AzureTestCloud, GcpTestCloud

CLOUDS = {"aws": AwsTestCloud, "azure": AzureTestCloud, "gcp": GcpTestCloud}
EMULATORS = {"aws": "AwsEmulator", "azure": "AzureEmulator", "gcp": "GcpEmulator"}
TEMPLATES = {
    "aws": {"image": "ami-0123456789abcdef0", "size": "t3.medium"},
    "azure": {"image": "Canonical:ubuntu-24_04-lts:server:latest", "size": "Standard_D2s_v5"},
    "gcp": {"image": "debian-cloud/debian-12", "size": "e2-small"},
    "memory": {"image": "debian", "size": "small"},
}
"""A template that each cloud takes."""
SDKS = {"aws": "moto", "azure": "azure.mgmt.compute", "gcp": "google.cloud.compute_v1"}


@contextmanager
def emulated(name: str) -> Iterator[Any]:
    """The emulator of a cloud; skips where its SDK is not installed."""
    pytest.importorskip(SDKS[name])
    import trimtab.emulators

    with getattr(trimtab.emulators, EMULATORS[name])() as emulator:
        world: Any = CLOUDS[name](emulator)
        if isinstance(world, AzureTestCloud):
            world.emulator.doors.make_group(world.resource_group, location=world.location)
        yield world


def fleet_for(world: Any, **template: Any) -> tt.Fleet:
    """A group with a policy, an alarm on a metric of its own, and a schedule."""
    jobs = {"custom": "jobs", "namespace": "shop", "unit": "count"}
    fields: dict[str, Any] = {
        "policies": {"out": {"change": 1}},
        "alarms": {"busy": {"metric": jobs if not isinstance(world, GcpTestCloud) else "cpu", "above": 10}},
        "schedules": {"day": {"cron": "0 8 * * *", "zone": "UTC", "min": 2}},
    }
    if isinstance(world, AzureTestCloud):
        fields["placement"] = {"subnets": [world.make_network("net", "default")]}
        fields["template"] = {"image": "Canonical:ubuntu-24_04-lts:server:latest", "size": "Standard_B2s"}
    elif isinstance(world, GcpTestCloud):
        fields["policies"] = {"cpu": {"type": "target-tracking", "metric": "cpu", "target": 60}}
        fields["template"] = {"image": "projects/debian-cloud/global/images/family/debian-12", "size": "e2-medium"}
    fields["template"] = {
        "image": "ami-0123456789abcdef0",
        "size": "t3.medium",
        **fields.get("template", {}),
        **template,
    }
    return tt.Fleet(name="shop", groups=(make_group("web", **fields),))
