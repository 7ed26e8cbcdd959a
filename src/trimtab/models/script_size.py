"""How large a start script may be."""

from collections.abc import Sequence
from typing import NoReturn

from trimtab.models.base import refuse

MAX_BYTES = 256 * 2**10
"""
The most that any cloud takes, before and after variables are filled in.

Google Cloud takes 256 KB in a value of the metadata, Azure 64 KB of custom data, AWS 16 KB of user data.
https://cloud.google.com/compute/docs/metadata/setting-custom-metadata#limitations
https://learn.microsoft.com/azure/virtual-machines/custom-data
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-add-user-data.html
"""
_MOST = f"{MAX_BYTES // 2**10} KiB"
TOO_LARGE = f"the start script is larger than {_MOST}; no cloud takes that: have it download the rest"
FILLED_IN = " once its variables are filled in"


def check_size(script: str, when: str = "", at: Sequence[str | int] = ("user_data",)) -> None:
    """Refuse a start script that is larger than any cloud takes."""
    if len(script) > MAX_BYTES or len(script.encode(errors="surrogatepass")) > MAX_BYTES:
        refuse_size(when, at)


def refuse_size(when: str, at: Sequence[str | int]) -> NoReturn:
    """Refuse a start script for its size."""
    refuse(TOO_LARGE.replace(_MOST, _MOST + when), *at)
