"""
Take over a group that somebody made by hand: read it as a model, write the fleet file, mark it, plan nothing.

    python examples/gcp/import_and_adopt.py --emulator
"""

from account import LOCATION, Account
from google.cloud import compute_v1

import trimtab as tt

NAME = "hosting-legacy"


def make_by_hand(account: Account) -> None:
    """What somebody clicked together long ago: a template, a group and an autoscaler."""
    where = {"project": account.project, "region": LOCATION}
    image = "projects/debian-cloud/global/images/family/debian-12"
    disk = compute_v1.AttachedDisk(
        boot=True, auto_delete=True, initialize_params=compute_v1.AttachedDiskInitializeParams(source_image=image)
    )
    card = compute_v1.NetworkInterface(network="global/networks/default")
    machine = compute_v1.InstanceProperties(machine_type="e2-small", disks=[disk], network_interfaces=[card])
    template = compute_v1.InstanceTemplate(name="legacy-template", properties=machine)
    account.client(compute_v1.InstanceTemplatesClient).insert_unary(
        project=account.project, instance_template_resource=template
    )
    manager = compute_v1.InstanceGroupManager(
        name=NAME,
        base_instance_name=NAME,
        target_size=2,
        versions=[compute_v1.InstanceGroupManagerVersion(instance_template="global/instanceTemplates/legacy-template")],
    )
    account.client(compute_v1.RegionInstanceGroupManagersClient).insert_unary(
        **where, instance_group_manager_resource=manager
    )
    policy = compute_v1.AutoscalingPolicy(
        min_num_replicas=1,
        max_num_replicas=3,
        cpu_utilization=compute_v1.AutoscalingPolicyCpuUtilization(utilization_target=0.65),
    )
    target = f"regions/{LOCATION}/instanceGroupManagers/{NAME}"
    scaler = compute_v1.Autoscaler(name=NAME, target=target, autoscaling_policy=policy)
    account.client(compute_v1.RegionAutoscalersClient).insert_unary(**where, autoscaler_resource=scaler)


def main() -> None:
    """Import, adopt, plan."""
    with Account.open(__doc__) as account, account.connect() as cloud:
        make_by_hand(account)
        before = {instance.id for instance in cloud.group(NAME).instances()}

        found = cloud.import_group(NAME, fleet="hosting")
        for note in found.notes:
            print(f"note: {note}")
        fleet = tt.Fleet(name="hosting", groups=(found.group,))
        print(tt.dump_fleet(fleet))

        assert cloud.plan(fleet).problems, "what is not managed by trimtab is never written to"
        cloud.apply(cloud.adopt(fleet)).raise_for_failures()
        cloud.apply(cloud.plan(fleet)).raise_for_failures()
        assert not cloud.plan(fleet)
        assert {instance.id for instance in cloud.group(NAME).instances()} == before, "no instance was restarted"
        cloud.apply(cloud.destroy(fleet), allow_delete=True).raise_for_failures()


if __name__ == "__main__":
    main()
