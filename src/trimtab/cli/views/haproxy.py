"""What became of the servers of HAProxies: a line for each backend, and for each server that is not just there."""

from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from trimtab.cli.views.values import Indented, Prose, printable
from trimtab.haproxy.results import SyncedBackend


def synced_view(backends: Sequence[SyncedBackend]) -> RenderableType:
    """How many serve in each backend, what was done, and what waits for what."""
    return Group(*(part for backend in backends for part in _backend_view(backend)))


def _backend_view(backend: SyncedBackend) -> Iterator[RenderableType]:
    where = printable(f" in {backend.backend} of {backend.place}: ")
    yield Text.assemble((printable(backend.group), "bold"), where, _standing(backend))
    for name, words in backend.done.items():
        yield Indented(Prose(printable(f"{_short(name)}: {', '.join(words)}")), 2)
    for name, text in backend.waiting.items():
        yield Indented(Prose(printable(f"{_short(name)}: {text}"), "yellow"), 2)


def _standing(backend: SyncedBackend) -> tuple[str, str]:
    if backend.error or backend.held:
        return printable(backend.error or backend.held), "bold red" if backend.error else "yellow"
    return f"{backend.serving} of {backend.wanted} serve", "green" if backend.is_settled else "yellow"


def _short(name: str) -> str:
    return name.rpartition(":")[2]
