"""HAProxy as the load balancer of groups: which servers it has, kept by its runtime API; and metrics out of it."""

from trimtab.haproxy.results import SyncedBackend
from trimtab.haproxy.syncing import HaproxySync
from trimtab.haproxy.weights import weights_of

__all__ = ["HaproxySync", "SyncedBackend", "weights_of"]
