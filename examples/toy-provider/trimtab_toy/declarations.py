"""What the toy declares of itself; loads nothing but this."""

import re

from pydantic import Field

from trimtab.declarations.features import FEATURES
from trimtab.providers import Declarations, EngineSettings, Means, NameRule, Option, Portability, SettingsBlock, Support


class ToySettings(SettingsBlock):
    """What only the toy has: `settings: {toy: {racks: 2}}` in a group."""

    racks: int = Field(default=1, ge=1, le=8)
    """How many racks the instances stand in."""

    def for_engine(self) -> EngineSettings:
        """Racks change no decision."""
        return EngineSettings()


TOY = Declarations(
    name="toy",
    connect="trimtab_toy.provider:connect",
    options=(
        Option("shelf", "the `Store` to be on; an empty one of its own when left out", in_file=False),
        Option("location", "where groups without a location live; `attic` when left out"),
    ),
    advised=False,
    capabilities={
        **dict.fromkeys(FEATURES, Support(Means.NATIVE)),
        "spot instances": Support(Means.UNSUPPORTED, "nobody takes a toy away"),
    },
    settings=ToySettings,
    portability=Portability(
        name=NameRule(fits=re.compile(r"[a-z-]{1,40}"), text="lower-case letters and hyphens, at most 40"),
        has_agents=False,
    ),
)
"""The toy."""
