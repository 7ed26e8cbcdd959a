"""How Ansible is told of groups."""

import re

RESERVED = frozenset({"all", "ungrouped", "_meta"})
"""Names that mean something else in an inventory."""


def inventory_name(name: str) -> str:
    """A name as Ansible takes it for a group: letters, digits and underscores."""
    plain = re.sub(r"\W", "_", name, flags=re.ASCII)
    return f"group_{plain}" if plain in RESERVED or plain[0].isdigit() else plain
