"""What keeps agents, or parts of a start script, from an image or from a cloud; pure."""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from trimtab.models import Image
from trimtab.providers.agents.install import installers_of
from trimtab.providers.agents.table import RELEASES, agents_of

_NAMES = re.compile(r"debian|ubuntu", re.IGNORECASE)
"""In the names of images that have apt-get."""


class AgentProblem(NamedTuple):
    """A problem, or a note, of some of the agents, or of the parts of a start script where it names none."""

    words: tuple[str, ...]
    text: str
    is_problem: bool = True


_FORM = re.compile(
    r"#cloud-config(-archive|-jsonp)?(?=\s|$)|#include(-once)?(?=\s|$)|#cloud-boothook(?=\s|$)|#part-handler(?=\s|$)"
)
_TEMPLATED = re.compile(r"## template: jinja[^\n]*\n((\s*|{[%#][^\n]*)\n)*(?P<first>[^\n]*)")
_WITH_CLOUD_INIT = re.compile(r"ubuntu|(^|[/ ])cos-", re.IGNORECASE)
"""
In the names of images that have cloud-init where new instances take one script: Ubuntu, Container-Optimized OS.

https://docs.cloud.google.com/container-optimized-os/docs/how-to/create-configure-instance#using_cloud-init
"""
_WITHOUT_CLOUD_INIT = re.compile(r"debian", re.IGNORECASE)
"""https://github.com/andsens/bootstrap-vz/pull/469: it is in conflict with Google's own software there."""


def part_problems(provider: str, image: Image, *, is_windows: bool) -> Iterator[AgentProblem]:
    """What is to be said of parts of a start script: whether the image has cloud-init, which takes them."""
    name = f"{image.os or ''} {image.id or ''} {image.newest or ''}"
    agents = agents_of(provider)
    if is_windows:
        yield AgentProblem((), "cloud-init takes parts, and Windows has none; give one script as `user_data`")
    elif agents is None or not agents.one_script or _WITH_CLOUD_INIT.search(name):
        return
    elif _WITHOUT_CLOUD_INIT.search(name):
        text = "cloud-init takes parts, and the Debian images here have none; give one script as `user_data`"
        yield AgentProblem((), f"{text}, or take an image of Ubuntu")
    else:
        yield AgentProblem(
            (), "takes an image with cloud-init, which its name does not tell; others ignore the parts", False
        )


def content_problems(parts: Sequence[str]) -> Iterator[tuple[int, str, bool]]:
    """
    What cloud-init makes of parts otherwise than they read: place, text, and whether it leaves the part out.

    It takes a first line for the form that it begins with, whatever follows (`type_from_starts_with` of
    cloudinit/handlers/__init__.py), and of a template in Jinja only what becomes a `#cloud-config` or a script
    (cloudinit/handlers/jinja_template.py). Lines that end in CRLF become plain ones (`dos2unix`).
    """
    for place, part in enumerate(parts):
        template = _TEMPLATED.match(part)
        if template is None:
            if not part.startswith("#!") and not part.startswith("##") and not _FORM.match(part):
                text = "the first line goes on behind the word for the form, which cloud-init takes for that form"
                yield place, f"{text} all the same; end the word there", False
        elif not template["first"].startswith(("#!", "#cloud-config", "{")):
            text = "cloud-init fills a Jinja template in only where it becomes a `#cloud-config` or a script"
            yield (
                place,
                f"{text}, and ignores it otherwise; write `#cloud-config` or `#!/bin/sh` in its second line",
                True,
            )


def agent_problems(
    words: Sequence[str], provider: str, image: Image, *, is_windows: bool, has_account: bool
) -> Iterator[AgentProblem]:
    """
    What is to be said of agents.

    Args:
        words: The agents.
        provider: Where.
        image: The image, as the fleet names it.
        is_windows: Whether it is one of Windows, however it is named.
        has_account: Whether the instances sign in to the cloud as somebody.
    """
    agents = agents_of(provider)
    if agents is None:
        return
    own, forms = agents.own, installers_of(words, provider)
    every = tuple(sorted(word for of in forms.values() for word in of))
    sending = forms.get(own.pinned.name, ())
    scripted = every if own.script else tuple(word for word in every if word not in sending)
    if every and is_windows:
        yield AgentProblem(every, "agents are for Linux; bring them in the image on Windows, and leave them out here")
    elif scripted and image.os is not None and image.os not in RELEASES:
        known = ", ".join(sorted(RELEASES))
        yield AgentProblem(
            scripted, f"agents are packages of Debian and Ubuntu, not of {image.os}; take one of {known}"
        )
    elif scripted and image.os is None and not _NAMES.search(f"{image.id} {image.newest}"):
        yield AgentProblem(
            scripted, "takes an image of Debian or Ubuntu with apt-get, which its name does not tell", False
        )
    if sending and not has_account:
        text = "sends its metrics as the role of the instances, which have none; name one by `template.role`"
        yield AgentProblem(sending, text)
    elif sending and own.note and not is_windows:
        yield AgentProblem(sending, own.note, False)
