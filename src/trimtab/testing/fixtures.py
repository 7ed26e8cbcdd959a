"""The fixtures that pytest finds by itself where trimtab is installed: `trimtab_NAME` for each test cloud."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from trimtab.testing.clouds import TEST_CLOUDS, TestCloud


def _fixture(name: str, cloud: type[TestCloud]) -> Callable[..., Any]:
    def started() -> Iterator[TestCloud]:
        with cloud.started() as test_cloud:
            yield test_cloud

    started.__doc__ = cloud.started.__doc__
    return pytest.fixture(name=f"trimtab_{name}")(started)


globals().update({f"trimtab_{name}": _fixture(name, cloud) for name, cloud in TEST_CLOUDS.items()})

if TYPE_CHECKING:

    def __getattr__(name: str) -> Any: ...
