"""The types of disks: neutral classes, and each cloud's own words, which stand in what its provider declares."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from trimtab.declarations.find import declarations_of, load, provider_names
from trimtab.models.template import Disk, DiskType
from trimtab.phrases import closest, in_words

CLASSES: tuple[str, ...] = tuple(each.value for each in DiskType)


@dataclass(frozen=True, slots=True, kw_only=True)
class DiskRow:
    """
    One type of disk in one cloud.

    Attributes:
        word: The cloud's own word.
        like: The neutral class that comes nearest.
        is_class: Whether the class means this type.
        iops: Whether it takes a number of operations a second.
        throughput: Whether it takes a throughput.
        boots: Whether a boot disk can be of it.
        text: What it is, in words.
        source: The page or the vendor's model that says so.
    """

    word: str
    like: str
    is_class: bool = False
    iops: bool = False
    throughput: bool = False
    boots: bool = True
    text: str
    source: str


@cache
def disks_of(provider: str) -> Mapping[str, DiskRow]:
    """The types of a cloud by their words; none where it takes every word as it is."""
    path = declarations_of(provider).disks
    rows: Sequence[DiskRow] = load(path) if path else ()
    return {row.word: row for row in rows}


def row_of(provider: str, type_: str) -> DiskRow | None:
    """The type that a neutral class or a cloud's own word means there; `None` where it means none."""
    rows = disks_of(provider)
    return rows.get(type_) or next((row for row in rows.values() if row.is_class and row.like == type_), None)


def native_disk(provider: str, type_: str | None) -> str | None:
    """A cloud's own word for a type; a word that it does not have as it is."""
    if type_ is None:
        return None
    # a class goes first: on AWS one of them is also the word of a type
    named = next((row for row in disks_of(provider).values() if row.is_class and row.like == type_), None)
    return named.word if named else str(type_)


def neutral_disk(provider: str, word: str) -> str | None:
    """What a fleet file says for a cloud's own word; `None` for a word that is not known."""
    row = disks_of(provider).get(word)
    return None if row is None else row.like if row.is_class else row.word


def disk_problems(provider: str, disk: Disk) -> Iterator[tuple[str, str]]:
    """What keeps a disk from being made as far as its type goes: the field and the text."""
    if disk.type is None or not disks_of(provider):
        return
    row = row_of(provider, disk.type)
    if row is None:
        yield "type", _unknown(provider, disk.type)
    elif disk.device is None and not row.boots:
        able = [each.word for each in disks_of(provider).values() if each.boots]
        yield "type", f"{row.word} cannot be a boot disk on {provider}; use {in_words(able)} ({row.source})"


def _unknown(provider: str, type_: str) -> str:
    """Whose word it is, and what to write here."""
    for other in provider_names():
        row = disks_of(other).get(type_)
        if row is not None:
            native = native_disk(provider, row.like)
            fix = f"write the class {row.like}, which is {native} here, or move {type_!r} to an overlay of {other}"
            return f"{type_!r} is a disk type of {other}, and the plan is for {provider}; {fix}"
    known = (*CLASSES, *disks_of(provider))
    near = next((word for word in known if word.lower() == type_.lower()), None) or closest(type_, known)
    words = f"{', '.join(CLASSES)} or a word of {provider}: {', '.join(disks_of(provider))}"
    return f"{type_!r} is not a disk type; {f'did you mean {near}?' if near else f'write {words}'}"
