"""The controller of a drilled fleet: it runs beside every trouble, where it sizes a group, as it does for the user."""

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager

from trimtab.controller import Controller
from trimtab.drills.stage import Stage
from trimtab.emulators.shared.staging import NotStaged
from trimtab.errors import TrimtabError
from trimtab.store import open_store


def controlled_groups(stage: Stage) -> set[str]:
    """The groups that the controller sizes, by name."""
    return {each.group for each in stage.status.groups if each.controlled} if stage.status else set()


@contextmanager
def with_controller(stage: Stage) -> Iterator[None]:
    """
    Let the controller tick each minute, where it sizes a group of the fleet.

    Raises:
        NotStaged: It cannot be started with what a drill knows, such as sources.
    """
    if not controlled_groups(stage):
        yield
        return
    with ExitStack() as opened:
        try:
            store = opened.enter_context(closing(open_store("sqlite://")))
            controller = opened.enter_context(Controller(stage.fleet, stage.cloud, store=store))
        except TrimtabError as error:
            raise NotStaged(f"no controller starts here: {error}") from error
        stage.each_minute = controller.tick
        try:
            yield
        finally:
            stage.each_minute = None
