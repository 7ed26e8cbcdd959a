"""How an emulator makes what an account has before anybody uses it: by calls to itself."""

import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

NAME = "virtualmin"
"""What the examples call their network and all that there is once."""
BALANCED = ("virtualmin-web", "virtualmin-api")
"""What they call what their balancers pass requests to."""


@dataclass(frozen=True, kw_only=True)
class AccountNames:
    """
    What a fleet names and an account has, for an emulator to make.

    Attributes:
        regions: Where it lives (AWS).
        networks: Networks by name, each with its subnets.
        subnet_tags: The tags by which subnets are looked up, each set once (AWS).
        balancers: What load balancers pass requests to: target groups, pools (`BALANCER/POOL`), backend services.
        firewalls: Security groups by name.
        identities: Instance profiles, managed identities, service accounts.
        keys: Key pairs (AWS).
        arns: Whatever is named by its ARN (AWS).
        placements: Placement groups (AWS).
        reservations: Capacity reservations by name (Azure, Google Cloud).
        groups: Resource groups beside that of the connection (Azure).
        ids: What is named by its whole id (Azure).
        images: Patterns of names of images (memory).
    """

    regions: tuple[str, ...] = ()
    networks: Mapping[str, tuple[str, ...]]
    subnet_tags: tuple[Mapping[str, str], ...] = ()
    balancers: tuple[str, ...] = ()
    firewalls: tuple[str, ...] = ()
    identities: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    arns: tuple[str, ...] = ()
    placements: tuple[str, ...] = ()
    reservations: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()
    images: tuple[str, ...] = ()


def send(endpoint: str, method: str, path: str, body: Mapping[str, Any]) -> None:
    """
    Make one call with a JSON body.

    Raises:
        RuntimeError: It was refused.
    """
    connection = http.client.HTTPConnection(urlsplit(endpoint).netloc, timeout=30)
    head = {"Content-Type": "application/json", "Authorization": "Bearer trimtab"}
    try:
        connection.request(method, path, json.dumps(body), head)
        reply = connection.getresponse()
        text = reply.read().decode()
    finally:
        connection.close()
    if reply.status >= 400:
        raise RuntimeError(f"{method} {path}: {reply.status} {text}")
