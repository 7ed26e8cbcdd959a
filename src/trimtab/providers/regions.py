"""What a region of a cloud looks like: one of another cloud is refused before anything is asked."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from trimtab.errors import ConfigError
from trimtab.models import Fleet


class RegionForm(NamedTuple):
    """How a cloud writes its regions; what fits the form may still not exist."""

    cloud: str
    """The cloud, in a sentence."""
    form: str
    """A regular expression for the whole name."""
    example: str
    """One that exists."""

    def problem(self, region: str) -> str | None:
        """Why a name cannot be a region; `None` when it can."""
        if re.fullmatch(self.form, region):
            return None
        return f"{region!r} is not a region of {self.cloud}; write one such as {self.example}"


def check_regions(fleet: Fleet, home: str, form: RegionForm | None) -> None:
    """
    Hold the regions of a fleet, and that of the connection, against how the cloud writes them.

    Raises:
        ConfigError: One cannot be a region; each problem names its line.
    """
    if form is not None and (problems := list(dict.fromkeys(_problems(fleet, home, form)))):
        raise ConfigError(problems)


def _problems(fleet: Fleet, home: str, form: RegionForm) -> Iterator[str]:
    for group in fleet.groups:
        if group.location is None:
            if home and (problem := form.problem(home)):
                yield f"{problem} (--region, connect.region)"
        elif problem := form.problem(group.location):
            place = fleet.position(group.name, "location")
            yield f"{f'{place}: ' if place else ''}group {group.name}: location: {problem}"
