"""What was resolved when a group was created and is kept in a mark since, such as its image; pure."""

from trimtab.plan import Resource


def pinned(holder: Resource | None, fleet: str, name: str, selector: str) -> str:
    """
    The value that a mark keeps; empty where it keeps none for this selector.

    Args:
        holder: What bears the mark.
        fleet: Whose mark counts.
        name: The word of the mark.
        selector: Tells one way of asking for a value from another: what was asked for otherwise is not kept.
    """
    if holder is None or holder.mark is None or holder.mark.fleet != fleet:
        return ""
    known, _, value = holder.mark.kept.get(name, "").partition(":")
    return value if known == selector else ""


def pin(name: str, selector: str, value: str) -> dict[str, str]:
    """What a mark is to keep of a value."""
    return {name: f"{selector}:{value}"}
