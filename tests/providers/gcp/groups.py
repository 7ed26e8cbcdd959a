"""A group as tests of Google Cloud want it."""

from tests.conftest import make_group


def gcp_group(name, **fields):
    given = {
        "capacity": {"min": 2, "max": 10, "desired": 2},
        "template": {"image": "debian-cloud/debian-12", "size": "e2-small"},
        "health_check": {"path": "/up", "port": 80, "grace": "5m"},
        "load_balancers": [{"name": "virtualmin", "port": 8080, "drain": "1m"}],
        "policies": {"hold": {"type": "target-tracking", "metric": "cpu", "target": 60}},
        "alarms": {"hot": {"metric": "cpu", "above": 90, "notify": ["ops@example.org"]}},
        "schedules": {
            "day": {"cron": "0 8 * * 1-5", "zone": "Europe/Madrid", "duration": "10h", "min": 4},
        },
        **fields,
    }
    return make_group(name, **given)
