"""
Clouds on this machine: servers on loopback that the vendors' own SDKs talk to.

The extra `emulators` brings what they run on; importing this module loads none of it.
"""

import importlib
from typing import TYPE_CHECKING, Any

from trimtab.emulators.shared.doors import ControlClient, DoorError, Hold, LoggedCall
from trimtab.errors import MissingExtra

if TYPE_CHECKING:
    from trimtab.emulators.aws.server import AwsEmulator
    from trimtab.emulators.azure.server import AzureEmulator
    from trimtab.emulators.gcp.server import GcpEmulator

__all__ = ["AwsEmulator", "AzureEmulator", "ControlClient", "DoorError", "GcpEmulator", "Hold", "LoggedCall"]

NAMES = {"aws": "AwsEmulator", "azure": "AzureEmulator", "gcp": "GcpEmulator"}
"""The emulators by the names of their clouds."""
_CLOUDS = {
    "AwsEmulator": ("trimtab.emulators.aws.server", "the AWS emulator"),
    "AzureEmulator": ("trimtab.emulators.azure.server", "the Azure emulator"),
    "GcpEmulator": ("trimtab.emulators.gcp.server", "the GCP emulator"),
}


def __getattr__(name: str) -> Any:
    if name not in _CLOUDS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    path, what = _CLOUDS[name]
    try:
        module = importlib.import_module(path)
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("trimtab"):
            raise
        raise MissingExtra(what, "emulators") from error
    return getattr(module, name)
