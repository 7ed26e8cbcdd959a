"""What a project has before anybody uses it."""

from collections.abc import Mapping
from functools import partial

from trimtab.emulators.gcp.world import DEFAULT, PROJECT
from trimtab.emulators.shared.furnishing import BALANCED, NAME, AccountNames, send


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


def make_named(endpoint: str, names: AccountNames, region: str) -> None:
    """Make what a fleet names: networks with a subnetwork of each name, backend services, service accounts."""
    place = f"/compute/v1/projects/{PROJECT}"
    insert = partial(send, endpoint, "POST")
    for network, subnets in names.networks.items():
        if network not in ("", DEFAULT):
            insert(f"{place}/global/networks", {"name": network, "autoCreateSubnetworks": False})
        for number, name in enumerate(each for each in subnets if each != DEFAULT):
            link = f"projects/{PROJECT}/global/networks/{network or DEFAULT}"
            body = {"name": name, "network": link, "ipCidrRange": f"10.1.{number}.0/24"}
            for where in dict.fromkeys([region, *names.regions]):
                insert(f"{place}/regions/{where}/subnetworks", body)
    check = {"name": NAME, "type": "HTTP", "httpHealthCheck": {"port": 80, "requestPath": "/"}}
    if names.balancers:
        insert(f"{place}/global/healthChecks", check)
    for name in names.balancers:
        checks = [f"projects/{PROJECT}/global/healthChecks/{NAME}"]
        insert(f"{place}/global/backendServices", {"name": name, "portName": "http", "healthChecks": checks})
    for name in names.reservations:
        insert(f"{place}/zones/{region}-b/reservations", {"name": name.rpartition("/")[2]})
    for name in names.identities:
        insert(f"/v1/projects/{PROJECT}/serviceAccounts", {"accountId": name})
