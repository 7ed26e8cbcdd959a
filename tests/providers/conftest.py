"""The requests of every contract test are what they were."""

from collections import Counter

import pytest

from tests.providers.proofs import proving
from tests.unchanged import assert_unchanged
from trimtab.testing import ProviderContract


@pytest.fixture(autouse=True)
def requests_as_before(request):
    yield
    if request.cls is not None and issubclass(request.cls, ProviderContract) and "emulator" in request.fixturenames:
        calls = request.getfixturevalue("emulator").doors.requests()
        told = Counter(f"{one.operation} {'write' if one.write else 'read'}" for one in calls)
        assert_unchanged(f"requests/{request.cls.__name__}.{request.node.name}", str(sorted(told.items())))


@pytest.fixture(scope="session", params=["aws", "azure", "gcp"])
def proof(request):
    """Each cloud on one emulator for all that is proved of it."""
    with proving(request.param) as proof:
        yield proof
