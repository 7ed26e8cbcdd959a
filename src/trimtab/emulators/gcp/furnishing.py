"""What a project has before anybody uses it."""

from collections.abc import Mapping
from functools import partial

from trimtab.emulators.gcp.world import DEFAULT, PROJECT
from trimtab.emulators.shared.furnishing import BALANCED, NAME, send


def furnish(endpoint: str) -> Mapping[str, str]:
    """Make backend services with a health check, and a service account; says what there is, the network included."""
    place = f"/compute/v1/projects/{PROJECT}"
    insert = partial(send, endpoint, "POST")
    check = {"name": NAME, "type": "HTTP", "httpHealthCheck": {"port": 80, "requestPath": "/"}}
    insert(f"{place}/global/healthChecks", check)
    for name in BALANCED:
        checks = [f"projects/{PROJECT}/global/healthChecks/{NAME}"]
        insert(f"{place}/global/backendServices", {"name": name, "portName": "http", "healthChecks": checks})
    identities = f"/v1/projects/{PROJECT}"
    insert(f"{identities}/serviceAccounts", {"accountId": NAME})
    return {
        "network": f"{DEFAULT}, with a subnetwork in each region",
        "backend services": ", ".join(BALANCED),
        "health check": NAME,
        "service account": NAME,
    }
