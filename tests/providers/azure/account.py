"""What a subscription has before trimtab comes: the network and the balancers of the running example."""

from pathlib import Path

import trimtab as tt

EXAMPLE = Path(__file__).parents[3] / "examples" / "virtualmin" / "fleet-azure.yaml"


def furnish(world):
    """A load balancer with a pool, a probe and a rule for each part of the cluster."""
    for part in ("web", "api"):
        name = f"virtualmin-{part}"
        base = f"{world.home}/providers/Microsoft.Network/loadBalancers/{name}"
        world.put(
            f"Microsoft.Network/loadBalancers/{name}",
            {
                "location": "westeurope",
                "properties": {
                    "frontendIPConfigurations": [
                        {"name": "front", "properties": {"subnet": {"id": world.subnet}}},
                    ],
                    "backendAddressPools": [{"name": name}],
                    "probes": [
                        {"name": "http", "properties": {"protocol": "Http", "port": 80, "requestPath": "/"}},
                    ],
                    "loadBalancingRules": [
                        {
                            "name": "http",
                            "properties": {
                                "frontendIPConfiguration": {"id": f"{base}/frontendIPConfigurations/front"},
                                "backendAddressPool": {"id": f"{base}/backendAddressPools/{name}"},
                                "probe": {"id": f"{base}/probes/http"},
                                "protocol": "Tcp",
                                "frontendPort": 80,
                                "backendPort": 80,
                            },
                        }
                    ],
                },
            },
        )


def load_example():
    return tt.load_fleet(EXAMPLE, env={})
