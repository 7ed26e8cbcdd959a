"""The names of servers: whose instance each is. A server with another name is a stranger's, and is left alone."""

import hashlib
import re

OURS = "trimtab"
_UNSAFE = re.compile(r"[^A-Za-z0-9_.-]")
_LONGEST, _KEPT, _DIGITS = 80, 40, 8


def group_prefix(provider: str, location: str, fleet: str, group: str) -> str:
    """How the names of a group's servers begin, of all its native groups: `trimtab:aws:us-east-1:shop:web:`."""
    return ":".join([OURS, *(_part(word) for word in (provider, location, fleet, group)), ""])


def server_name(prefix: str, native: str, instance: str) -> str:
    """The server that an instance is; numbers of instances are unique within a native group alone on Azure."""
    return f"{prefix}{_part(native)}:{_part(instance)}"


def _part(word: str) -> str:
    """A word in the letters that HAProxy takes for a name, without the colon; another word never gives the same."""
    if word and len(word) <= _LONGEST and not _UNSAFE.search(word):
        return word
    digest = hashlib.sha256(word.encode()).hexdigest()[:_DIGITS]
    return f"{_UNSAFE.sub('_', word)[-_KEPT:]}.{digest}"
