"""A group as tests of Azure want it."""

from tests.conftest import make_group

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEy8JSUl0XqjEjDLaS/r5DVgeF+N0wI32XwB05JBFgcf"
OWN = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/trimtab/providers"
QUEUE = f"{OWN}/Microsoft.ServiceBus/namespaces/bus/queues/jobs"
FLEXIBLE = {"orchestration": "flexible"}
OUT = {"out": {"change": 1}}


def azure_group(world, name, **fields):
    given = {
        "template": {"image": "Ubuntu2404", "size": "Standard_D2s_v5"},
        "placement": {"subnets": [world.subnet]},
        "alarms": {
            "hot": {"metric": "cpu", "above": 70, "triggers": ["scale-out"], "notify": ["ops@example.org"]},
        },
        **fields,
    }
    return make_group(name, **given)
