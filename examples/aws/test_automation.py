"""
A test of one's own automation, with pytest's fixture `trimtab_aws`: no account, no network, no waiting.

    python -m pytest examples/aws/test_automation.py

`python examples/aws/test_automation.py --emulator` does the same.
"""

import subprocess
import sys

import trimtab as tt
from trimtab import metrics

WEB = tt.ScalingGroup(
    name="web",
    capacity=tt.Capacity(min=2, max=6, desired=2),
    template=tt.InstanceTemplate(image=tt.Image(id="ami-12c6146b"), size="t3.medium"),
    policies=(tt.SimplePolicy(name="scale-out", change=1, cooldown=tt.minutes(5)),),
    alarms=(tt.Alarm(name="hot", metric=metrics.cpu, above=70, period=tt.minutes(5), triggers=("scale-out",)),),
)
FLEET = tt.Fleet(name="shop", groups=(WEB,))


def test_scales_out(trimtab_aws):
    """High CPU for five minutes adds an instance."""
    cloud = trimtab_aws.connect()
    cloud.apply(cloud.plan(FLEET)).raise_for_failures()
    trimtab_aws.push(metrics.cpu, group="web", value=90)
    trimtab_aws.clock.advance(tt.minutes(5))
    assert cloud.group("web").read().capacity.desired == 3


def test_a_quiet_night_changes_nothing(trimtab_aws):
    """Low CPU is no reason to add anything."""
    cloud = trimtab_aws.connect()
    cloud.apply(cloud.plan(FLEET)).raise_for_failures()
    trimtab_aws.push(metrics.cpu, group="web", value=12)
    trimtab_aws.clock.advance(tt.minutes(10))
    assert cloud.group("web").read().desired == 2


if __name__ == "__main__":
    sys.exit(subprocess.call([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", __file__]))
