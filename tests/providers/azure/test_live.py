"""
Azure itself keeps the contract: `pytest -m live` with nothing but credentials, a subscription and a location.

It makes a resource group of its own with a network and scale sets of at most four Standard_B1s instances, and deletes
the resource group afterwards. What needs a clock that tests move, or a right that can be taken away, is skipped with
the reason.
"""

import os
import time
import uuid
from datetime import timedelta

import pytest

from tests.conftest import make_fleet
from tests.providers.azure.groups import azure_group
from tests.providers.azure.world import AzureWorld
from trimtab.runtime.connection import connect
from trimtab.testing import ProviderContract

identity = pytest.importorskip("azure.identity")
pytestmark = pytest.mark.live

LONGEST_WAIT = timedelta(minutes=2)
LONGEST_DELETION = timedelta(minutes=20)
GROUPS_API, NETWORK_API = "2024-03-01", "2024-05-01"


class LiveWorld(AzureWorld):
    """A real subscription, through the default chain of credentials."""

    def __init__(self, credential, subscription, location, name):
        from azure.core import PipelineClient
        from azure.core.pipeline.policies import BearerTokenCredentialPolicy
        from azure.mgmt.compute import ComputeManagementClient
        from azure.mgmt.monitor import MonitorManagementClient

        self.subscription, self.location, self.group = subscription, location, name
        self.compute = ComputeManagementClient(credential, subscription)
        self.monitor = MonitorManagementClient(credential, subscription)
        token = BearerTokenCredentialPolicy(credential, "https://management.azure.com/.default")
        self.manager = PipelineClient("https://management.azure.com", policies=[token])
        self._send("PUT", self.home, GROUPS_API, {"location": location})
        self.furnish()

    @property
    def home(self):
        return f"/subscriptions/{self.subscription}/resourceGroups/{self.group}"

    def put(self, path, body):
        self._send("PUT", f"{self.home}/providers/{path}", NETWORK_API, body)
        self._until(f"{self.home}/providers/{path}", NETWORK_API, lambda status, state: state == "Succeeded")

    def remove(self):
        """Delete the resource group with all that is in it, and see it gone."""
        self._send("DELETE", self.home, GROUPS_API)
        self._until(self.home, GROUPS_API, lambda status, state: status == 404)

    def _send(self, method, path, version, body=None):
        from azure.core.rest import HttpRequest

        url = self.manager.format_url(path)
        reply = self.manager.send_request(HttpRequest(method, f"{url}?api-version={version}", json=body))
        if method != "GET":
            reply.raise_for_status()
        return reply

    def _until(self, path, version, is_over):
        deadline = time.monotonic() + LONGEST_DELETION.total_seconds()
        while True:
            reply = self._send("GET", path, version)
            state = reply.json().get("properties", {}).get("provisioningState") if reply.status_code == 200 else None
            if is_over(reply.status_code, state):
                return
            assert time.monotonic() < deadline, reply.text()
            time.sleep(5)

    def connect(self, **settings):
        given = {"subscription": self.subscription, "resource_group": self.group, "location": self.location}
        return connect("azure", **{**given, **settings})

    def advance(self, duration):
        if duration > LONGEST_WAIT:
            pytest.skip(f"the clock of a real subscription is not moved by {duration}")
        time.sleep(duration.total_seconds())

    def push(self, group, metric, value):
        pytest.skip("Azure measures host metrics itself and takes no values for them")

    def deny(self, kind):
        pytest.skip("a test takes no rights away from its own credentials")

    def allow(self):
        pass

    def boot_slowly(self):
        """Real instances do."""

    def writes(self):
        pytest.skip("the SDK's own calls are not counted on a real subscription")


@pytest.fixture(scope="session")
def subscription():
    given, location = os.environ.get("AZURE_SUBSCRIPTION_ID"), os.environ.get("AZURE_DEFAULTS_LOCATION")
    if not given or not location:
        pytest.skip("set AZURE_SUBSCRIPTION_ID and AZURE_DEFAULTS_LOCATION")
    from azure.core.exceptions import ClientAuthenticationError

    credential = identity.DefaultAzureCredential()
    try:
        credential.get_token("https://management.azure.com/.default")
    except ClientAuthenticationError:
        pytest.skip("no credentials: run az login, or set AZURE_CLIENT_ID, AZURE_TENANT_ID and AZURE_CLIENT_SECRET")
    return credential, given, location


class TestLiveAzure(ProviderContract):
    @pytest.fixture
    def world(self, subscription):
        world = LiveWorld(*subscription, name=f"trimtab-live-{uuid.uuid4().hex[:8]}")
        yield world
        world.remove()

    @pytest.fixture
    def fleet(self, world):
        template = {"image": "Ubuntu2404", "size": "Standard_B1s"}
        groups = (azure_group(world, name, template=template) for name in ("web", "api"))
        return make_fleet(*groups, name=world.group)
