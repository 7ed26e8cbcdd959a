"""What a fleet refers to and a store knows."""

from trimtab.checks.comments import is_ignored
from trimtab.checks.live import NEWER_IMAGE
from trimtab.models import Fleet
from trimtab.plan import Key, Live, Note, digest
from trimtab.providers.memory.store import MemoryStore
from trimtab.providers.memory.translate import MemoryFacts
from trimtab.providers.pinning import pin, pinned


def resolve(store: MemoryStore, fleet: Fleet, live: Live, location: str, refresh: frozenset[str]) -> MemoryFacts:
    """Images by match: the one kept at creation, else the newest of the store's."""
    images: dict[str, str] = {}
    kept: dict[str, dict[str, str]] = {}
    notes: list[Note] = []
    problems: list[Note] = []
    for group in fleet.groups:
        wanted = group.template.image
        if wanted.newest is None:
            continue
        selector = digest(wanted.model_dump(mode="json", exclude={"os"}))[:8]
        newest = (store.images.get(wanted.newest) or [""])[-1]
        key = Key(group.location or location, "template", fleet.native_name(group))
        holder = live.resources.get(key)
        image = "" if "image" in refresh else pinned(holder, fleet.name, "image", selector)
        is_quiet = is_ignored(fleet, NEWER_IMAGE, group.name, "template.image")
        if image and newest and newest != image and not is_quiet:
            text = f"a newer image, {newest}, matches; refresh the image to take it"
            notes.append(Note(text, group.name, code=NEWER_IMAGE))
        image = image or newest
        if not image:
            problems.append(
                Note(
                    f"template.image: no image matches {wanted.newest!r}; write another name or make it first",
                    group.name,
                )
            )
            continue
        images[group.name], kept[group.name] = image, pin("image", selector, image)
    return MemoryFacts(images=images, kept=kept, notes=tuple(notes), problems=tuple(problems))
