"""What a subscription has before trimtab comes, network and balancers, and a cluster behind them."""

import trimtab as tt

CLUSTER = """
name: virtualmin-pro-cluster
defaults:
  tags: {Environment: production}
  template:
    image: Ubuntu2204
    size: Standard_B2s
    user_data: "#!/bin/bash\\necho {{ component }} in ${HOSTNAME}\\n"
    disks: [{size_gb: 30, type: ssd, encrypted: true}]
    metadata_token: true
  placement: {network: virtualmin, subnets: [private]}
  health_check: {by: load-balancer, grace: 5m}
  policies:
    scale-out: {change: 1, cooldown: 5m}
    scale-in: {change: -1, cooldown: 5m}
  alarms:
    scale-up-cpu: {metric: cpu, above: 70, period: 2m, periods: 2, triggers: [scale-out]}
    scale-down-cpu: {metric: cpu, below: 30, period: 2m, periods: 2, triggers: [scale-in]}
  schedules:
    business-hours: {cron: 0 8 * * 1-5, zone: Europe/Madrid, min: 4, max: 12, desired: 4}
    after-hours: {cron: 0 18 * * 1-5, zone: Europe/Madrid, min: 2, max: 10, desired: 2}
groups:
  web:
    capacity: {min: 2, max: 10, desired: 2}
    template: {variables: {component: web}}
    load_balancers: [virtualmin-web]
    tags: {Component: web}
  api:
    capacity: {min: 2, max: 10, desired: 2}
    template: {variables: {component: api}}
    load_balancers: [virtualmin-api]
    tags: {Component: api}
"""
"""A cluster by simple policies, which are one rule each, behind load balancers with a probe."""


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


def load_cluster():
    return tt.parse_fleet(CLUSTER, env={})
