"""
Google Cloud itself keeps the contract: `pytest -m live` with nothing but credentials, a project and a region.

It makes groups of at most four e2-micro instances under a name of its own and takes all of it away afterwards. What
needs a clock that tests move, or a right that can be taken away, is skipped with the reason.
"""

import os
import time
import uuid
from datetime import timedelta

import pytest

from tests.conftest import make_fleet
from tests.providers.gcp.groups import gcp_group
from tests.providers.gcp.world import LOCATION, GcpWorld
from trimtab.runtime.connection import connect
from trimtab.testing import ProviderContract

auth = pytest.importorskip("google.auth")
pytestmark = pytest.mark.live

SCOPE = "https://www.googleapis.com/auth/cloud-platform"
ENDPOINT = os.environ.get("CLOUDSDK_API_ENDPOINT_OVERRIDES_COMPUTE", "https://compute.googleapis.com").rstrip("/")
LONGEST_WAIT = timedelta(minutes=2)


class LiveWorld(GcpWorld):
    """A real project, through the application's default credentials."""

    def __init__(self, credentials, project, location, service):
        from google.auth.transport.requests import AuthorizedSession

        self.session = AuthorizedSession(credentials)
        self.project, self.location, self.service = project, location, service
        self.written = 0
        self.session.hooks["response"].append(self._count)

    def _count(self, reply, *_, **__):
        self.written += reply.request.method != "GET"

    def ask(self, method, path, body=None):
        """A plain call; of a write the end of its operation."""
        found = self._send(method, f"{ENDPOINT}/compute/v1/projects/{self.project}/{path}", body)
        deadline = time.monotonic() + LONGEST_WAIT.total_seconds()
        while found.get("kind") == "compute#operation" and found["status"] != "DONE":
            assert time.monotonic() < deadline, found
            time.sleep(2)
            place = found["selfLink"].split("/compute/v1/")[1]
            found = self._send("GET", f"{ENDPOINT}/compute/v1/{place}")
        return found

    def _send(self, method, url, body=None):
        reply = self.session.request(method, url, json=body)
        reply.raise_for_status()
        return reply.json()

    def connect(self, **settings):
        return connect("gcp", project=self.project, location=self.location, **settings)

    def advance(self, duration):
        if duration > LONGEST_WAIT:
            pytest.skip(f"the clock of a real project is not moved by {duration}")
        time.sleep(duration.total_seconds())

    def push(self, group, metric, value):
        pytest.skip("Google measures host metrics itself and takes no values for them")

    def deny(self, kind):
        pytest.skip("a test takes no rights away from its own credentials")

    def allow(self):
        pass

    def boot_slowly(self):
        """Real instances do."""

    def writes(self):
        pytest.skip("the SDKs' own calls are not counted on a real project")


@pytest.fixture(scope="session")
def project():
    from google.auth.exceptions import DefaultCredentialsError

    try:
        credentials, found = auth.default(scopes=[SCOPE])
    except DefaultCredentialsError:
        pytest.skip("no credentials: run gcloud auth application-default login, or set GOOGLE_APPLICATION_CREDENTIALS")
    project, location = os.environ.get("GOOGLE_CLOUD_PROJECT", found), os.environ.get("CLOUDSDK_COMPUTE_REGION")
    if not project or location != LOCATION:
        pytest.skip(f"set GOOGLE_CLOUD_PROJECT, and CLOUDSDK_COMPUTE_REGION={LOCATION}, where the contract's zones are")
    return credentials, project, location


class TestLiveGcp(ProviderContract):
    @pytest.fixture
    def world(self, project, fleet):
        world = LiveWorld(*project, service=fleet.name)
        world.furnish()
        yield world
        with world.connect() as cloud:
            cloud.apply(cloud.adopt(fleet))  # what a test has made foreign goes too
            cloud.apply(cloud.destroy(fleet), allow_delete=True).raise_for_failures()
        for collection in ("backendServices", "healthChecks"):
            world.ask("DELETE", f"global/{collection}/{fleet.name}")

    @pytest.fixture
    def fleet(self):
        name = f"trimtab-live-{uuid.uuid4().hex[:8]}"
        template = {"image": "debian-cloud/debian-12", "size": "e2-micro"}
        balancer = {"name": name, "port": 8080, "drain": "1m"}
        groups = (gcp_group(one, template=template, load_balancers=[balancer]) for one in ("web", "api"))
        return make_fleet(*groups, name=name)
