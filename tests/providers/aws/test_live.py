"""
AWS itself keeps the contract: `pytest -m live` with nothing but credentials and a region.

It makes groups of at most four t3.nano instances under a name of its own and takes all of it away afterwards. What
needs a clock that tests move, or a right that can be taken away, is skipped with the reason.
"""

import time
import uuid
from datetime import timedelta

import pytest

from tests.conftest import make_fleet, make_group
from tests.providers.aws.world import AwsWorld
from trimtab.runtime.connection import connect
from trimtab.testing import ProviderContract

boto3 = pytest.importorskip("boto3")
pytestmark = pytest.mark.live

IMAGE = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
LONGEST_WAIT = timedelta(minutes=2)
READS = ("Describe", "Get", "List")


class LiveWorld(AwsWorld):
    """A real account, through boto3's own chain of credentials."""

    def __init__(self):
        self.session = boto3.Session()
        self.written = 0
        self.session.events.register("before-call", self._count)

    def _count(self, model, **_):
        self.written += not model.name.startswith(READS)

    def client(self, service):
        return boto3.Session().client(service)

    def connect(self, **settings):
        return connect("aws", session=self.session, **settings)

    def advance(self, duration):
        if duration > LONGEST_WAIT:
            pytest.skip(f"the clock of a real account is not moved by {duration}")
        time.sleep(duration.total_seconds())

    def push(self, group, metric, value):
        pytest.skip("AWS measures host metrics itself and takes no values for them")

    def deny(self, kind):
        pytest.skip("a test takes no rights away from its own credentials")

    def allow(self):
        pass

    def boot_slowly(self):
        """Real instances do."""

    def writes(self):
        return self.written


@pytest.fixture(scope="session")
def account():
    session = boto3.Session()
    if session.get_credentials() is None or not session.region_name:
        pytest.skip("no credentials or no region: set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_DEFAULT_REGION")
    return session


class TestLiveAws(ProviderContract):
    @pytest.fixture
    def world(self, account, fleet):
        world = LiveWorld()
        yield world
        with world.connect() as cloud:
            cloud.apply(cloud.destroy(fleet), allow_delete=True).raise_for_failures()

    @pytest.fixture
    def fleet(self):
        template = {"image": IMAGE, "size": "t3.nano"}
        groups = (make_group(name, template=template) for name in ("web", "api"))
        return make_fleet(*groups, name=f"trimtab-live-{uuid.uuid4().hex[:8]}")
