from contextlib import ExitStack

import pytest

pytest.importorskip("sqlalchemy", reason="the store needs its extra")

from tests.store.world import opened, wipe


@pytest.fixture(params=["sqlite", "postgresql"])
def lasting_url(request, tmp_path):
    """Where an empty store may be that another process can open."""
    if request.param == "postgresql":
        with request.getfixturevalue("postgresql").database() as url:
            yield url
    else:
        yield f"sqlite:///{tmp_path}/store.db"


@pytest.fixture(scope="module", params=["memory", "sqlite", "postgresql"])
def kept_store(request, tmp_path_factory):
    """A store for all tests of a module."""
    with ExitStack() as stack:
        if request.param == "postgresql":
            url = stack.enter_context(request.getfixturevalue("postgresql").database())
        else:
            file = tmp_path_factory.mktemp("store") / "store.db"
            url = "sqlite://" if request.param == "memory" else f"sqlite:///{file}"
        yield stack.enter_context(opened(url))


@pytest.fixture
def store(kept_store):
    """An empty store: in memory, in a file, on a server."""
    wipe(kept_store)
    return kept_store
