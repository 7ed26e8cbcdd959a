"""What keeps agents from an image, or from a cloud; pure."""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from trimtab.agents.install import CLOUD_AGENTS, installers_of
from trimtab.agents.table import RELEASES
from trimtab.models import Image

_NAMES = re.compile(r"debian|ubuntu", re.IGNORECASE)
"""In the names of images that have apt-get."""


class Said(NamedTuple):
    """A problem, or a note, of some of the agents."""

    words: tuple[str, ...]
    text: str
    is_problem: bool = True


def agent_problems(
    words: Sequence[str], provider: str, image: Image, *, is_windows: bool, has_account: bool
) -> Iterator[Said]:
    """
    What is to be said of agents.

    Args:
        words: The agents.
        provider: Where.
        image: The image, as the fleet names it.
        is_windows: Whether it is one of Windows, however it is named.
        has_account: Whether the instances sign in to the cloud as somebody.
    """
    forms = installers_of(words, provider)
    every = tuple(sorted(word for of in forms.values() for word in of))
    scripted = tuple(sorted(word for form, of in forms.items() if form != "azure-monitor-agent" for word in of))
    if every and is_windows:
        yield Said(every, "agents are for Linux; bring them in the image on Windows, and leave them out here")
    elif scripted and image.os is not None and image.os not in RELEASES:
        known = ", ".join(sorted(RELEASES))
        yield Said(scripted, f"agents are packages of Debian and Ubuntu, not of {image.os}; take one of {known}")
    elif scripted and image.os is None and not _NAMES.search(f"{image.id} {image.newest}"):
        yield Said(scripted, "takes an image of Debian or Ubuntu with apt-get, which its name does not tell", False)
    if "azure-monitor-agent" in forms and has_account and not is_windows:
        # https://learn.microsoft.com/azure/azure-monitor/agents/azure-monitor-agent-manage
        text = "sends nothing before a data collection rule with its metrics is associated with the scale set"
        yield Said(forms["azure-monitor-agent"], text, False)
    cloud = tuple(sorted(word for form in CLOUD_AGENTS & forms.keys() for word in forms[form]))
    if cloud and not has_account:
        yield Said(
            cloud, "sends its metrics as the role of the instances, which have none; name one by `template.role`"
        )
