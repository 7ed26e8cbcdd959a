"""TT6xx: what only a plan knows, which has read the cloud anyway."""

from collections.abc import Iterator

from trimtab.checks.finding import Remark
from trimtab.checks.rule import Subject

NEWER_IMAGE = "TT601"
OLD_TEMPLATE = "TT602"


def only_plans_know(subject: Subject) -> Iterator[Remark]:
    """Nothing: the cloud has to be read for it."""
    yield from ()


def old_template_text(outdated: int, instances: int) -> str:
    """What a plan says of a group where instances run that its template no longer makes."""
    verb = "runs" if outdated == 1 else "run"
    return f"{outdated} of {instances} instances {verb} on an old template until replaced"
