"""
An Ansible playbook runs on each new node before the balancer sends it requests; a node that ends is drained first.

Auto Scaling holds a new instance in Pending:Wait while its lifecycle hook waits, and tells a queue. Here the playbook
runs over a local connection, on the AWS emulator. In an account: `tt.connect("aws", region=...)`, a queue and a role of
your own, and `connection="ssh"`, which is the default.
"""

import shutil
import sys
import tempfile
from pathlib import Path

import trimtab as tt
from trimtab.providers.aws.client import new_session
from trimtab.testing import AwsTestCloud

PLAYBOOK = Path(__file__).parent / "deploy.yml"
ANSIBLE = shutil.which("ansible-playbook") or str(Path(sys.executable).with_name("ansible-playbook"))


def fleet_with(queue: str) -> tt.Fleet:
    """A web tier whose instances wait for their playbook, and for their connections to end."""
    role = "arn:aws:iam::123456789012:role/hooks"
    hooks = [
        tt.LifecycleHook(name="configure", on="launch", timeout="10m", notify=queue, role=role),
        tt.LifecycleHook(name="drain", on="terminate", timeout="5m", notify=queue, role=role),
    ]
    group = tt.ScalingGroup(
        name="web",
        capacity=tt.Capacity(min=0, max=4, desired=2),
        template=tt.InstanceTemplate(image=tt.Image(id="ami-03cf127a"), size="t3.micro"),
        placement=tt.Placement(zones=["us-east-1a"]),
        aws=tt.AwsSettings(lifecycle_hooks=hooks),
    )
    return tt.Fleet(name="shop", groups=[group])


def main() -> None:
    """Two nodes are made ready and serve; one of them ends."""
    with AwsTestCloud.started() as test, tempfile.TemporaryDirectory() as target:
        session = new_session(aws_access_key_id="trimtab", aws_secret_access_key="trimtab", region_name="us-east-1")
        url = session.client("sqs", endpoint_url=test.emulator.endpoint).create_queue(QueueName="hooks")["QueueUrl"]
        fleet = fleet_with("arn:aws:sqs:us-east-1:123456789012:hooks")

        run_playbook = tt.ansible_playbook(
            PLAYBOOK,
            program=ANSIBLE,
            connection="local",
            variables={"tier": "web", "target": target, "ansible_python_interpreter": sys.executable},
        )
        drained: list[str] = []

        @tt.on_launch(hook="configure")
        def configure(notice: tt.HookNotice) -> None:
            run_playbook(notice)

        @tt.on_terminate(hook="drain")
        def drain(notice: tt.HookNotice) -> None:
            drained.append(notice.instance)

        with test.connect() as cloud:
            cloud.apply(cloud.plan(fleet), wait="accepted").raise_for_failures()
            web = cloud.group("web")
            assert web.read().running == 0  # they wait

            consumer = tt.HookConsumer(cloud, queue=url, handlers=[configure, drain], fleet=fleet, on_handled=print)
            consumer.poll()
            assert web.read().running == 2
            assert len(list(Path(target).glob("i-*.conf"))) == 2
            print(next(Path(target).glob("i-*.conf")).read_text().strip())

            web.scale(to=1)
            consumer.poll()
            assert (web.read().running, len(drained)) == (1, 1)


if __name__ == "__main__":
    main()
