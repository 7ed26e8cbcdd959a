"""The handler that takes instances out of HAProxies before they end."""

from collections.abc import Callable, Sequence

from trimtab.haproxy import HaproxySync
from trimtab.hooks.handlers import on_terminate
from trimtab.providers.hooks import HookNotice


def drain_handlers(sync: HaproxySync) -> Sequence[Callable[[HookNotice], None]]:
    """What `HookConsumer` takes: a handler of instances that end, for the groups that are behind a HAProxy."""

    def drain(notice: HookNotice) -> None:
        sync.drain(notice)

    return [on_terminate(groups=[group.name for group in sync.groups])(drain)] if sync.groups else []
