"""
A test of one's own automation, with pytest's fixture `trimtab_gcp`: no project, no network, no waiting.

    python -m pytest examples/gcp/test_automation.py

`python examples/gcp/test_automation.py --emulator` does the same.
"""

import subprocess
import sys

import trimtab as tt
from trimtab import metrics

WEB = tt.ScalingGroup(
    name="web",
    capacity=tt.Capacity(min=2, max=6),
    template=tt.InstanceTemplate(image=tt.Image(id="debian-cloud/debian-12"), size="e2-small"),
    policies=(tt.TargetTrackingPolicy(name="hold-cpu", metric=metrics.cpu, target=60),),
)
FLEET = tt.Fleet(name="shop", groups=(WEB,))


def test_scales_out(trimtab_gcp):
    """Two instances at 90 % are three at 60 %."""
    cloud = trimtab_gcp.connect()
    cloud.apply(cloud.plan(FLEET)).raise_for_failures()
    trimtab_gcp.clock.advance(tt.minutes(5))
    trimtab_gcp.push(metrics.cpu, group="web", value=90)
    trimtab_gcp.clock.advance(tt.minutes(2))
    assert cloud.group("web").read().capacity.desired == 3


def test_a_quiet_night_adds_nothing(trimtab_gcp):
    """Low CPU is no reason to add anything."""
    cloud = trimtab_gcp.connect()
    cloud.apply(cloud.plan(FLEET)).raise_for_failures()
    trimtab_gcp.push(metrics.cpu, group="web", value=12)
    trimtab_gcp.clock.advance(tt.minutes(10))
    assert cloud.group("web").read().desired == 2


if __name__ == "__main__":
    sys.exit(subprocess.call([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", __file__]))
