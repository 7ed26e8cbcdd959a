"""
Clouds on this machine: servers on loopback that the vendors' own SDKs talk to.

The extra `emulators` brings what they run on; importing this module loads none of it.
"""

from typing import TYPE_CHECKING, Any

from trimtab.emulators.doors import DoorError, Doors, Hold, LoggedCall
from trimtab.errors import MissingExtra

if TYPE_CHECKING:
    from trimtab.emulators.aws.server import AwsEmulator

__all__ = ["AwsEmulator", "DoorError", "Doors", "Hold", "LoggedCall"]


def __getattr__(name: str) -> Any:
    if name != "AwsEmulator":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        from trimtab.emulators.aws.server import AwsEmulator
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("trimtab"):
            raise
        raise MissingExtra("the AWS emulator", "emulators") from error
    return AwsEmulator
