"""What the provider of the cloud in memory declares of itself."""

from trimtab.declarations.features import FEATURES, INSTANCE_OPERATIONS
from trimtab.declarations.inert import ALTERNATE, UNMANAGED
from trimtab.declarations.record import Declarations, Option, Portability
from trimtab.declarations.support import HAPROXY, HAPROXY_UNHELD, NATIVE, controller

MEMORY = Declarations(
    name="memory",
    connect="trimtab.providers.memory.provider:connect",
    options=(
        Option("store", "the `MemoryStore` to be on; an empty one of its own when left out", in_file=False),
        Option("location", "where groups without a location live"),
    ),
    advised=False,
    capabilities={
        **dict.fromkeys(FEATURES, NATIVE),
        HAPROXY: HAPROXY_UNHELD,
        "fall-back from spot": controller("a cloud in memory that is short of spot starts nothing in its place", ""),
        "external metric": controller("only a running trimtab reads it", "publish its value as a custom metric"),
    },
    rollouts="trimtab.providers.memory.rollouts:ROLLOUTS",
    instances=dict.fromkeys(INSTANCE_OPERATIONS, NATIVE),
    inert={**UNMANAGED, **ALTERNATE},
    portability=Portability(has_agents=False),
    pure="trimtab.providers.memory.pure:PURE",
    selects_sizes=True,
)
"""A cloud that begins empty and is forgotten at the end; it does whatever the model says."""
