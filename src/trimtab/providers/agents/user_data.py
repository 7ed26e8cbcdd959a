"""
Agents and a start script or its parts in one: as a multipart archive for cloud-init, or as one script.

The agents come first: they then measure an instance from its first minute, and do so although the start script fails,
goes on for ever or starts the machine anew. cloud-init runs scripts in the order of their names, whatever the others
end with, and merges a `#cloud-config` as it does by itself. What was given stays whole, and is read back.

https://cloudinit.readthedocs.io/en/latest/explanation/format.html
https://docs.cloud.google.com/compute/docs/instances/startup-scripts/linux
"""

import base64
import binascii
import gzip
import hashlib
import re
import zlib
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from trimtab.providers.agents.install import script_of
from trimtab.providers.agents.table import agents_of

AGENTS_PART = "00-trimtab-agents.sh"
"""The name of the agents' part, before cloud-init's `part-001`."""
_TYPES: Mapping[str, str] = {
    "#!": "x-shellscript",
    "#cloud-config-archive": "cloud-config-archive",
    "#cloud-config-jsonp": "cloud-config-jsonp",
    "#cloud-config": "cloud-config",
    "#cloud-boothook": "cloud-boothook",
    "#include-once": "x-include-once-url",
    "#include": "x-include-url",
    "#part-handler": "part-handler",
    "## template: jinja": "jinja2",
}
"""What a part is by how it begins, the longer word first: cloudinit/handlers/__init__.py of cloud-init."""
_MULTIPART = re.compile(r"(content-type:\s*multipart/|mime-version:)", re.IGNORECASE)
_HEAD = re.compile(
    r'Content-Type: multipart/mixed; boundary="(?P<boundary>trimtab-[0-9a-f]{32})"\n'
    r"MIME-Version: 1\.0\n(X-Trimtab-Agents: (?P<words>[a-z, -]+)\n)?(X-Trimtab-Parts: (?P<parts>[0-9]{1,6})\n)?\n"
)
_MARK = re.compile(r"#!/bin/bash\n# trimtab agents: (?P<words>[a-z, -]+)\n")
_OWN = re.compile(r"\ncat >\"\$own\" <<'(?P<end>TRIMTAB-[0-9a-f]{32})'\n")
_NO_NEWLINE = "# the start script, which ends without a newline\n"
GZIP = b"\x1f\x8b"
LARGEST = 1 << 20
"""No start script is larger, by far, even out of a gzip archive."""


class ReadBack(NamedTuple):
    """What composed user data is made of."""

    agents: tuple[str, ...]
    script: str | None
    parts: tuple[str, ...] = ()


def compose(
    script: str | None, words: Sequence[str], provider: str, *, parts: Sequence[str] = (), most: int = 0
) -> str | bytes | None:
    """
    A start script with the agents before it; the script itself where no agent takes one there.

    Args:
        script: The start script.
        words: The agents.
        provider: Where.
        parts: Those that cloud-init takes in place of the script; left out where new instances take one script.
        most: The bytes that user data may have; what is larger is gzipped, as cloud-init takes it. Never where 0.
    """
    return _composed(script, tuple(words), provider, tuple(parts), most)


@lru_cache(maxsize=16)
def _composed(
    script: str | None, words: tuple[str, ...], provider: str, parts: tuple[str, ...], most: int
) -> str | bytes | None:
    """The groups of a fleet often start with the same, and to zip that takes longer than the rest of a plan."""
    agents = script_of(words, provider)
    cloud = agents_of(provider)
    is_one_script = cloud is not None and cloud.one_script
    if agents is None and (is_one_script or not parts):
        return script
    named = ", ".join(sorted(words))
    if agents is not None and is_one_script:
        return _as_script(script, agents, named)
    text = _as_archive(script, agents, named, parts)
    data = text.encode()
    return zipped(data) if most and len(data) > most else text


def archive_of(parts: Sequence[str]) -> str:
    """Parts for cloud-init as one text."""
    return _as_archive(None, None, "", parts)


def zipped(data: bytes) -> bytes:
    """In a gzip archive that says no time and no system, so that it is the same each time."""
    return gzip.compress(data, mtime=0)


def read_back(data: str | bytes) -> ReadBack | None:
    """What `compose` was given, of this version or another; `None` where it did not make this."""
    text = _text(data)
    if text is None:
        return None
    if head := _HEAD.match(text):
        words = _words(head["words"]) if head["words"] else ()
        return _of_archive(text[head.end() :], head["boundary"], words, int(head["parts"] or 0))
    if head := _MARK.match(text):
        return _of_script(text, _words(head["words"]))
    return None


def as_zipped_here(data: bytes) -> bytes:
    """Composed user data as this machine would zip it: two versions of zlib make two archives of one text."""
    text = _text(data)
    return zipped(text.encode()) if data.startswith(GZIP) and text is not None and _HEAD.match(text) else data


def _text(data: str | bytes) -> str | None:
    if isinstance(data, str):
        return data
    try:
        if data.startswith(GZIP):
            data = zlib.decompressobj(wbits=31).decompress(data, LARGEST)
        return data.decode()
    except (zlib.error, ValueError):
        return None


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split(", "))


# a multipart archive


def _as_archive(script: str | None, agents: str | None, named: str, own: Sequence[str] = ()) -> str:
    parts = [] if agents is None else [_part("x-shellscript", f'#!/bin/bash\n{agents}exit "$failed"\n', AGENTS_PART)]
    parts += [_own_part(text) for text in (own if script is None else (script,))]
    boundary = f"trimtab-{_digest(*parts)}"
    head = f'Content-Type: multipart/mixed; boundary="{boundary}"\nMIME-Version: 1.0\n'
    head += "" if agents is None else f"X-Trimtab-Agents: {named}\n"
    head += f"X-Trimtab-Parts: {len(own)}\n" if own else ""
    return "\n".join((head, *(f"--{boundary}\n{part}" for part in parts), f"--{boundary}--\n"))


def _own_part(script: str) -> str:
    if _MULTIPART.match(script):
        return script  # an archive in an archive, of which cloud-init walks the parts
    kind = next((kind for word, kind in _TYPES.items() if script.startswith(word)), "plain")
    return _part(kind, script)


def _part(kind: str, text: str, name: str = "") -> str:
    plain = text.isascii() and not re.search(r"[^\t\n -~]", text)
    body = text if plain else base64.encodebytes(text.encode()).decode()
    lines = [f'Content-Type: text/{kind}; charset="utf-8"', "MIME-Version: 1.0"]
    lines += [f"Content-Transfer-Encoding: {'7bit' if plain else 'base64'}"]
    lines += [f'Content-Disposition: attachment; filename="{name}"'] if name else []
    return "\n".join((*lines, "", body))


def _of_archive(text: str, boundary: str, words: tuple[str, ...], count: int) -> ReadBack | None:
    inner, end, _ = text.partition(f"\n--{boundary}--\n")
    before, *parts = f"\n{inner}".split(f"\n--{boundary}\n")
    if not end or before:
        return None
    own = [_text_of(part) for part in parts[1 if words else 0 :]]
    texts = tuple(text for text in own if text is not None)
    if len(texts) != len(own) or (len(own) != count if count else len(own) > 1):
        return None
    return ReadBack(words, None, texts) if count else ReadBack(words, texts[0] if texts else None)


def _text_of(part: str) -> str | None:
    if _MULTIPART.match(part):
        return part
    head, _, body = part.partition("\n\n")
    if "Content-Transfer-Encoding: base64" not in head:
        return body
    try:
        return base64.b64decode(body, validate=False).decode()
    except (binascii.Error, ValueError):
        return None


# one script


def _as_script(script: str | None, agents: str, named: str) -> str:
    head = f"#!/bin/bash\n# trimtab agents: {named}\n{agents}"
    if script is None:
        return f'{head}exit "$failed"\n'
    end = f"TRIMTAB-{_digest(script)}"
    whole = script.endswith("\n")
    return (
        f"{head}\n{'' if whole else _NO_NEWLINE}own=$(mktemp) || exit 1\ncat >\"$own\" <<'{end}'\n"
        f"{script}{'' if whole else chr(10)}{end}\n"
        'chmod 0700 "$own"\n"$own"\nstatus=$?\nrm "$own"\n[ "$status" = 0 ] || exit "$status"\nexit "$failed"\n'
    )


def _of_script(text: str, words: tuple[str, ...]) -> ReadBack | None:
    begin = _OWN.search(text)
    if begin is None:
        return ReadBack(words, None)
    script, end, _ = text[begin.end() :].partition(f"\n{begin['end']}\n")
    if not end:
        return None
    whole = _NO_NEWLINE not in text[: begin.start()]
    return ReadBack(words, f"{script}\n" if whole else script)


def _digest(*texts: str) -> str:
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()[:32]
