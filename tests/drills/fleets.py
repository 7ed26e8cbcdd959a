"""Fleets for drills: one with everything wrong, and one that names its account's things by ids."""

import trimtab as tt

TEMPLATE = {"image": "ami-0abcdef1234567890", "size": "t3.small"}
ONLY_OUT = {
    "policies": {"out": {"change": 1, "cooldown": "1m"}},
    "alarms": {"hot": {"metric": "cpu", "above": 70, "triggers": ["out"]}},
}
WAY_IN = {
    "policies": {**ONLY_OUT["policies"], "in": {"change": -1, "cooldown": "1m"}},
    "alarms": {
        **ONLY_OUT["alarms"],
        "cold": {"metric": "cpu", "below": 20, "triggers": ["in"], "missing": "breaching"},
    },
}
BAD = tt.Fleet(
    name="bad",
    groups={
        # one zone, one instance, no health check, no way in
        "plain": {
            "capacity": {"min": 1, "max": 4, "desired": 1},
            "template": TEMPLATE,
            "placement": {"zones": ["us-east-1a"]},
            **ONLY_OUT,
        },
        # silence scales in
        "silent": {
            "capacity": {"min": 1, "max": 4, "desired": 3},
            "template": TEMPLATE,
            "placement": {"zones": ["us-east-1a", "us-east-1b"]},
            **WAY_IN,
        },
    },
)
BY_IDS = tt.Fleet(
    name="shop",
    connect={"provider": "aws", "region": "eu-west-1"},
    groups={
        "web": {
            "capacity": {"min": 2, "max": 4},
            "template": {
                "image": "ami-0f00f00f00f00f00f",
                "size": "t3.small",
                "ssh_key": "ops",
                "role": "arn:aws:iam::998877665544:instance-profile/web",
                "security_groups": ["sg-0123456789abcdef0"],
            },
            "placement": {"subnets": ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"]},
            "load_balancers": [
                {"id": "arn:aws:elasticloadbalancing:eu-west-1:998877665544:targetgroup/web/0123456789abcdef"}
            ],
            "health_check": {"by": "load-balancer"},
            "policies": {"hold": {"type": "target-tracking", "metric": "cpu", "target": 50}},
            "alarms": {
                "errors": {"metric": "errors-5xx", "above": 9, "notify": ["arn:aws:sns:eu-west-1:998877665544:ops"]}
            },
        }
    },
)
STILL = tt.Fleet(
    name="still",
    groups={
        "web": {
            "capacity": {"min": 1, "max": 6},
            "template": TEMPLATE,
            "aws": {"suspended_processes": ["ScheduledActions"]},
            "schedules": {"open": {"cron": "0 8 * * *", "zone": "Europe/Berlin", "min": 3, "duration": "9h"}},
        }
    },
)
"""One whose schedules do not act."""
STEPS = tt.Fleet(
    name="steps",
    controller=True,
    groups={
        "web": {
            "capacity": {"min": 2, "max": 6, "desired": 2},
            "template": {"image": "debian-cloud/debian-12", "size": "e2-small"},
            "policies": {"out": {"change": 1, "cooldown": "2m"}, "in": {"change": -1, "cooldown": "2m"}},
            "alarms": {
                "hot": {"metric": "cpu", "above": 70, "triggers": ["out"]},
                "cold": {"metric": "cpu", "below": 20, "triggers": ["in"]},
            },
        }
    },
)
"""What Google Cloud leaves to the controller."""
