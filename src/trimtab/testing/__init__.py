"""
For tests: the contract that every provider keeps, and fixtures for one's own automation.

Installed with trimtab, pytest finds the fixtures by itself: `trimtab_memory`, `trimtab_aws`, `trimtab_azure`,
`trimtab_gcp`. The clouds behind them need no pytest, so that scripts can use them too. `translate` and `import_replies`
run a provider's pure code alone.
"""

import importlib
from typing import TYPE_CHECKING, Any

from trimtab.testing.clouds import AwsTestCloud, AzureTestCloud, GcpTestCloud, MemoryTestCloud
from trimtab.testing.pure import import_replies, translate

if TYPE_CHECKING:
    from trimtab.testing.contract import ProviderContract, World
    from trimtab.testing.fixtures import trimtab_aws, trimtab_azure, trimtab_gcp, trimtab_memory

__all__ = [
    "AwsTestCloud",
    "AzureTestCloud",
    "GcpTestCloud",
    "MemoryTestCloud",
    "ProviderContract",
    "World",
    "import_replies",
    "translate",
    "trimtab_aws",
    "trimtab_azure",
    "trimtab_gcp",
    "trimtab_memory",
]

_WITH_PYTEST = {
    "ProviderContract": "contract",
    "World": "contract",
    "trimtab_aws": "fixtures",
    "trimtab_azure": "fixtures",
    "trimtab_gcp": "fixtures",
    "trimtab_memory": "fixtures",
}


def __getattr__(name: str) -> Any:
    if name not in _WITH_PYTEST:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"trimtab.testing.{_WITH_PYTEST[name]}"), name)
