"""Every optional field that Google Cloud has: set, planned empty, imported as it was set, and removed again."""

import pytest

from tests.conftest import make_fleet
from tests.laws import sampled
from tests.providers.gcp.groups import gcp_group

pytestmark = pytest.mark.sweep

BARE = {"health_check": {}, "load_balancers": (), "alarms": {}, "schedules": {}}
TEMPLATE = {"image": "debian-cloud/debian-12", "size": "e2-small"}
SUBNET = "projects/shared/regions/europe-west1/subnetworks/private"


def of_template(**fields):
    return {"template": {**TEMPLATE, **fields}}


def policy(**fields):
    return {"policies": {"hold": {"type": "target-tracking", "metric": "cpu", "target": 60, **fields}}}


def alarm(**fields):
    return {"alarms": {"hot": {"metric": "cpu", "above": 90, "notify": ["ops@example.org"], **fields}}}


def schedule(**fields):
    return {"schedules": {"day": {"cron": "0 8 * * 1-5", "zone": "Europe/Madrid", "min": 4, **fields}}}


FIELDS = {
    "capacity": {"capacity": {"min": 3, "max": 12}},
    "template.size": of_template(size="e2-medium"),
    "template.image": of_template(image="projects/debian-cloud/global/images/debian-12-bookworm-v20251014"),
    "template.user_data": of_template(user_data="#!/bin/sh\necho hello\n"),
    "template.user_data_parts": of_template(
        user_data_parts=["#cloud-config\npackages: [nginx]\n"], image="cos-cloud/cos-stable"
    ),
    "template.agents": of_template(agents=["node-exporter"]),
    "template.ssh_key": of_template(ssh_key="ssh-ed25519 AAAA ops"),
    "template.metadata": of_template(metadata={"enable-oslogin": "TRUE"}),
    "template.security_groups": of_template(security_groups=["web", "ssh"]),
    "template.role": of_template(role="web@trimtab.iam.gserviceaccount.com"),
    "template.disks": of_template(disks=[{"size_gb": 30, "type": "ssd"}, {"device": "data", "size_gb": 100}]),
    "template.disks.keep": of_template(disks=[{"size_gb": 30, "keep": True}]),
    "template.public_address": of_template(public_address=True),
    "tags": {"tags": {"team": "hosting"}},
    "placement.zones": {"placement": {"zones": ["europe-west1-b"]}},
    "placement.two_zones": {"placement": {"zones": ["europe-west1-b", "europe-west1-c"]}},
    "placement.subnets": {"placement": {"subnets": [SUBNET]}},
    "placement.network": {"placement": {"network": "virtualmin"}},
    "health_check.path": {"health_check": {"path": "/up", "port": 8080, "grace": "5m"}},
    "health_check.port": {"health_check": {"port": 22}},
    "health_check.host": {"health_check": {"path": "/up", "port": 80, "host": "shop.example.org"}},
    "health_check.timing": {
        "health_check": {
            "path": "/up",
            "port": 443,
            "interval": "30s",
            "timeout": "10s",
            "healthy_threshold": 3,
            "unhealthy_threshold": 6,
        }
    },
    "health_check.thresholds": {"health_check": {"port": 22, "interval": "10s", "unhealthy_threshold": 10}},
    "load_balancers": {"load_balancers": ["virtualmin"]},
    "load_balancers.port": {"load_balancers": [{"name": "virtualmin", "port": 8080}]},
    "load_balancers.drain": {"load_balancers": [{"name": "virtualmin", "drain": "90s"}]},
    "health_check.by": {"load_balancers": ["virtualmin"], "health_check": {"by": "load-balancer", "grace": "5m"}},
    "purchase.spot": {"purchase": {"spot": True}},
    "purchase.sizes": {"purchase": {"sizes": [{"size": "e2-medium"}, {"size": "n2-standard-2"}]}},
    "purchase.prioritized": {
        "purchase": {"spot": True, "strategy": "prioritized", "sizes": [{"size": "e2-medium"}, {"size": "e2-small"}]}
    },
    "purchase.reservation": {"purchase": {"reservation": "ours"}},
    "policies.target": policy(target=72.5),
    "policies.scale_in": policy(scale_in=False),
    "policies.memory": policy(metric="memory"),
    "policies.network": policy(metric="network-in", target=1_000_000),
    "policies.queue": policy(
        metric={"name": "queue-per-instance", "of": "projects/trimtab/subscriptions/jobs"}, target=20
    ),
    "policies.custom": policy(metric={"custom": "Jobs", "namespace": "Virtualmin", "dimensions": {"group": "{group}"}}),
    "policies.requests": {**policy(metric="requests-per-instance", target=600), "load_balancers": ["virtualmin"]},
    "warm_up": {"gcp": {"initialization": "3m"}},
    "gcp.stabilization": {"gcp": {"stabilization": "20m"}},
    "gcp.scale_in_limit": {"gcp": {"scale_in_limit": 2, "scale_in_window": "20m"}},
    "gcp.target_shape": {"gcp": {"target_shape": "balanced"}},
    "gcp.named_ports": {"gcp": {"named_ports": {"admin": 10000}}},
    "gcp.base_instance_name": {"gcp": {"base_instance_name": "vm"}},
    "gcp.stopped": {"gcp": {"stopped": 1}},
    "gcp.suspended": {"gcp": {"suspended": 1}},
    "schedules.duration": schedule(duration="10h"),
    "schedules.description": schedule(duration="10h", description="office hours"),
    "schedules.at": {
        "schedules": {"eve": {"at": "2026-12-24T18:00:00", "duration": "6h", "zone": "Europe/Madrid", "min": 5}}
    },
    "alarms": alarm(),
    "alarms.below": {"alarms": {"cold": {"metric": "cpu", "below": 5, "notify": ["ops@example.org"]}}},
    "alarms.periods": alarm(period="2m", periods=3),
    "alarms.statistic": alarm(statistic="maximum"),
    "alarms.percentile": alarm(statistic="p95"),
    "alarms.missing": alarm(periods=3, missing="breaching"),
    "alarms.notify_ok": alarm(notify_ok=["ops@example.org"]),
    "alarms.enabled": alarm(enabled=False),
    "alarms.severity": alarm(severity="critical"),
    "alarms.description": alarm(description="CPU is out of reach"),
    "alarms.errors": {"alarms": {"errors": {"metric": "errors-5xx", "above": 10, "notify": ["ops@example.org"]}}},
    "alarms.webhook": alarm(notify=["https://example.org/hook"]),
}


STAYS = {"placement.two_zones": "zones are given once; a group that names none is where it is"}


@pytest.fixture(autouse=True)
def _network(world):
    world.ask("POST", "global/networks", {"name": "virtualmin", "autoCreateSubnetworks": True})


def group(**fields):
    return gcp_group("web", **{**BARE, **fields})


@pytest.mark.parametrize("name", sampled(FIELDS, 7, "set"))
def test_a_field_is_set_and_removed(world, name):
    """Set on a group that exists: shown, written, planned empty. Removed: shown, cleared, planned empty."""
    before, after = make_fleet(group()), make_fleet(group(**FIELDS[name]))
    with world.connect() as cloud:
        cloud.apply(cloud.plan(before)).raise_for_failures()
        for fleet in (after, before):
            plan = cloud.plan(fleet)
            assert not plan.problems, [str(problem) for problem in plan.problems]
            assert plan or (fleet is before and name in STAYS), "the plan shows it"
            cloud.apply(plan, allow_replace=True, allow_delete=True).raise_for_failures()
            again = cloud.plan(fleet)
            assert not again, again.to_dict()


@pytest.mark.parametrize("name", sampled(FIELDS, 7, "comes back"))
def test_a_field_comes_back_as_it_was_set(world, name):
    """A group that is imported asks for what is there: no note, and nothing to plan."""
    fleet = make_fleet(group(**FIELDS[name]))
    with world.connect() as cloud:
        cloud.apply(cloud.plan(fleet)).raise_for_failures()
        found = cloud.import_group("virtualmin-web", fleet="virtualmin")
        assert not [str(note) for note in found.changes]
        plan = cloud.plan(fleet.model_copy(update={"groups": (found.group,)}))
        assert not plan.problems, [str(problem) for problem in plan.problems]
        assert not plan, plan.to_dict()
