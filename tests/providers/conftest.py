import pytest

from tests.providers.proofs import proving


@pytest.fixture(scope="session", params=["aws", "azure", "gcp"])
def proof(request):
    """Each cloud on one emulator for all that is proved of it."""
    with proving(request.param) as proof:
        yield proof
