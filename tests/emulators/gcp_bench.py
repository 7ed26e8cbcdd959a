"""What the tests of the GCP emulator share: a project, plain calls, and Google's own clients."""

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from google.api_core.exceptions import GoogleAPICallError
from google.auth.credentials import AnonymousCredentials
from google.cloud import compute_v1

from trimtab.emulators import GcpEmulator
from trimtab.emulators.shared.doors import ControlClient

START = datetime(2026, 1, 5, tzinfo=UTC)
PROJECT, REGION, ZONE = "trimtab", "europe-west1", "europe-west1-b"
PREFIX = "https://www.googleapis.com/compute/v1/projects/trimtab/"
MACHINE = {
    "machineType": "e2-small",
    "disks": [
        {"boot": True, "initializeParams": {"sourceImage": "projects/debian-cloud/global/images/family/debian-12"}}
    ],
    "networkInterfaces": [{"network": "global/networks/default"}],
}


@dataclass
class Gcp:
    """An emulated project and how to ask it."""

    emulator: GcpEmulator
    doors: ControlClient
    clients: dict[str, Any] = field(default_factory=dict)

    def ask(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        """What a plain call answers; raises `Refused`."""
        url = f"{self.emulator.endpoint}/compute/v1/projects/{PROJECT}/{path}"
        data = None if body is None else json.dumps(body).encode()
        asked = urllib.request.Request(url, data, {"Content-Type": "application/json"}, method=method)
        try:
            with urllib.request.urlopen(asked) as reply:
                return dict(json.loads(reply.read()))
        except urllib.error.HTTPError as error:
            with error:
                raise Refused(error.code, json.loads(error.read())["error"]) from error

    def client(self, name: str) -> Any:
        """Google's own client of a collection: `InstanceGroupManagers`."""
        if name not in self.clients:
            made = getattr(compute_v1, f"{name}Client")
            options = {"api_endpoint": self.emulator.endpoint}
            self.clients[name] = made(credentials=AnonymousCredentials(), client_options=options)
        return self.clients[name]

    def make_template(self, name: str = "web", **properties: Any) -> str:
        """An instance template; answers its link."""
        self.ask("POST", "global/instanceTemplates", {"name": name, "properties": {**MACHINE, **properties}})
        return f"global/instanceTemplates/{name}"

    def make_group(self, name: str = "web", size: int = 3, *, place: str = f"zones/{ZONE}", **body: Any) -> str:
        """A managed instance group from the template `web`; answers its path."""
        given = {"name": name, "targetSize": size, "instanceTemplate": "global/instanceTemplates/web", **body}
        self.ask("POST", f"{place}/instanceGroupManagers", given)
        return f"{place}/instanceGroupManagers/{name}"

    def make_autoscaler(self, group: str, **policy: Any) -> str:
        """An autoscaler of a group, of the same name; answers its path."""
        place, name = group.split("/instanceGroupManagers/")
        wanted = {"maxNumReplicas": 10, "minNumReplicas": 1, **policy}
        self.ask("POST", f"{place}/autoscalers", {"name": name, "target": group, "autoscalingPolicy": wanted})
        return f"{place}/autoscalers/{name}"

    def members(self, group: str) -> list[dict[str, Any]]:
        """The managed instances of a group."""
        return list(self.ask("POST", f"{group}/listManagedInstances").get("managedInstances", ()))

    def names(self, group: str) -> list[str]:
        """Their names, in order."""
        return sorted(str(one["name"]) for one in self.members(group))


class Refused(Exception):
    """A plain call that was not answered with 200."""

    def __init__(self, status: int, error: Mapping[str, Any]) -> None:
        super().__init__(f"{status} {error}")
        self.status, self.message, self.body = status, str(error["message"]), error
        self.reason = str(error["errors"][0]["reason"])


def reason_of(error: GoogleAPICallError) -> str:
    """The reason in an error that Google's client raised."""
    return str(error.errors[0]["reason"])
