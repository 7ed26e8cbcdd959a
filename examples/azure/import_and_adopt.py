"""
Take over a scale set that somebody made by hand: read it as a model, write the fleet file, mark it, plan nothing.

    python examples/azure/import_and_adopt.py --emulator
"""

from account import Account

import trimtab as tt

NAME = "hosting-legacy"
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEy8JSUl0XqjEjDLaS/r5DVgeF+N0wI32XwB05JBFgcf"


def make_by_hand(account: Account) -> None:
    """What somebody clicked together long ago: a scale set, and a setting with two rules."""
    location, group = "westeurope", account.resource_group
    key = {"path": "/home/azureuser/.ssh/authorized_keys", "keyData": KEY}
    address = {"name": "legacyIpConfig", "properties": {"primary": True, "subnet": {"id": account.subnet()}}}
    machine = {
        "storageProfile": {
            "imageReference": {
                "publisher": "Canonical",
                "offer": "ubuntu-24_04-lts",
                "sku": "server",
                "version": "latest",
            },
            "osDisk": {"createOption": "FromImage", "caching": "ReadWrite"},
        },
        "osProfile": {
            "computerNamePrefix": "legacy",
            "adminUsername": "azureuser",
            "linuxConfiguration": {"disablePasswordAuthentication": True, "ssh": {"publicKeys": [key]}},
        },
        "networkProfile": {
            "networkInterfaceConfigurations": [
                {"name": "legacyNic", "properties": {"primary": True, "ipConfigurations": [address]}},
            ],
        },
    }
    body = {
        "location": location,
        "sku": {"name": "Standard_B2s", "capacity": 2},
        "properties": {"upgradePolicy": {"mode": "Manual"}, "virtualMachineProfile": machine, "overprovision": False},
    }
    made = account.compute.virtual_machine_scale_sets.begin_create_or_update(group, NAME, body).result()
    trigger = {
        "metricName": "Percentage CPU",
        "metricResourceUri": made.id,
        "timeGrain": "PT1M",
        "statistic": "Average",
        "timeWindow": "PT10M",
        "timeAggregation": "Average",
    }
    rules = [
        {
            "metricTrigger": {**trigger, "operator": "GreaterThan", "threshold": 65},
            "scaleAction": {"direction": "Increase", "type": "ChangeCount", "value": "1", "cooldown": "PT5M"},
        },
        {
            "metricTrigger": {**trigger, "operator": "LessThan", "threshold": 25},
            "scaleAction": {"direction": "Decrease", "type": "ChangeCount", "value": "1", "cooldown": "PT10M"},
        },
    ]
    profile = {"name": "default", "capacity": {"minimum": "1", "maximum": "3", "default": "1"}, "rules": rules}
    setting = {
        "location": location,
        "properties": {"enabled": True, "targetResourceUri": made.id, "profiles": [profile]},
    }
    account.monitor.autoscale_settings.create_or_update(group, NAME, setting)


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
