"""Resources as a cloud has them: keys, bodies in the native API's own shape, references, marks."""

import base64
import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, TypedDict

PENDING = "(known after apply)"
MAIN = "main"
"""The role of the native group that a group has where it has one."""
SPOT = "spot"
"""The role of the second native group of a group with an on-demand part beside spot, where a cloud needs two."""
PLANNED_ROLES = frozenset({MAIN, SPOT})
"""The native groups that plans make and delete; those of other roles are rollouts' alone."""


@dataclass(frozen=True, order=True, slots=True)
class Key:
    """
    What tells one resource from all others. Names are opaque: never split, never parsed, printed whole.

    Attributes:
        location: The region that it belongs to.
        kind: The name of its `Kind`.
        name: Its native name.
        parent: The native name of what contains it; empty when nothing does.
    """

    location: str
    kind: str
    name: str
    parent: str = ""

    def __str__(self) -> str:
        where = f"{self.parent} in {self.location}" if self.parent else self.location
        return f"{self.kind} {self.name} ({where})"


@dataclass(frozen=True, slots=True)
class Ref:
    """An attribute of another resource, such as its ARN; perhaps known only once that one is written."""

    key: Key
    attribute: str

    def __str__(self) -> str:
        return PENDING


@dataclass(frozen=True, slots=True)
class Text:
    """A string with references inside."""

    parts: tuple[str | Ref, ...]

    def __str__(self) -> str:
        return "".join(str(part) for part in self.parts)


@dataclass(frozen=True, slots=True)
class Secret:
    """A string that is compared and written but never shown; only its digest is."""

    value: str

    @property
    def digest(self) -> str:
        """The first sixteen hexadecimal digits of its SHA-256, and what they are."""
        return "sha256:" + hashlib.sha256(self.value.encode()).hexdigest()[:16]

    def __str__(self) -> str:
        return self.digest

    def __repr__(self) -> str:
        return f"Secret({self.digest})"


@dataclass(frozen=True, slots=True)
class Password:
    """
    A string that is kept nowhere, not even as a digest: it is read when the resource is created, and only sent.

    Attributes:
        variable: The environment variable that has it.
        value: What that has, in the body of a write alone; empty everywhere else.
    """

    variable: str
    value: str = field(default="", repr=False, compare=False)

    def __str__(self) -> str:
        return f"(environment variable {self.variable}, not verifiable)"


@dataclass(frozen=True, slots=True)
class Mark:
    """
    Whose a resource is, written on the resource itself.

    Attributes:
        fleet: Name of the fleet that owns it.
        group: Name of the group within the fleet.
        digest: Digest of what was wanted when it was last written; tells an edit from drift.
        kept: What was looked up when it was created and is kept since: name to value.
        role: Which of the group's native groups it belongs to; written only where it is not `main`.
    """

    fleet: str
    group: str
    digest: str = ""
    kept: Mapping[str, str] = field(default_factory=dict)
    role: str = MAIN

    def line(self) -> str:
        """The mark as the last line of a description."""
        return "[trimtab " + " ".join(f"{name}={value}" for name, value in self._words()) + "]"

    def sign(self, description: str | None) -> str:
        """A description with the mark as its last line."""
        return f"{description}\n{self.line()}" if description else self.line()

    def tags(self) -> dict[str, str]:
        """The mark as tags or labels."""
        return {f"trimtab-{name}": value for name, value in self._words()}

    def _words(self) -> Iterator[tuple[str, str]]:
        role = "" if self.role == MAIN else self.role
        words = {"fleet": self.fleet, "group": self.group, "role": role, "digest": self.digest, **self.kept}
        yield from ((name, value) for name, value in words.items() if value)


NAMED = "named"
"""The word of a mark that says that a blue-green rollout gave the group its native name, and which one."""
FLOOR = "floor"
"""The word of a mark that says by what the size of a group is split over its native groups."""
COMPARED_WORDS = ("controller", FLOOR)
"""What of a mark a plan compares by itself: others go by it, whatever else changes."""
_LINE = re.compile(r"\n?\[trimtab((?: [a-z]+=[^\s\]]+)+)\]$")


def read_description(text: str | None) -> tuple[str | None, Mark | None]:
    """What a person wrote in a description, and the mark under it."""
    match = _LINE.search(text or "")
    if text is None or match is None:
        return text, None
    words = dict(word.split("=", 1) for word in match[1].split())
    return text[: match.start()] or None, _mark(words)


def read_tags(tags: Mapping[str, str]) -> tuple[dict[str, str], Mark | None]:
    """The tags that a person gave, and the mark beside them."""
    own = {name.removeprefix("trimtab-"): value for name, value in tags.items() if name.startswith("trimtab-")}
    return {name: value for name, value in tags.items() if not name.startswith("trimtab-")}, _mark(own)


def _mark(words: Mapping[str, str]) -> Mark | None:
    if not words.get("fleet") or not words.get("group"):
        return None
    known = {"fleet", "group", "role", "digest"}
    kept = {name: value for name, value in words.items() if name not in known}
    return Mark(words["fleet"], words["group"], words.get("digest", ""), kept, words.get("role") or MAIN)


class Attributes(TypedDict, total=False):
    """
    What a cloud gave a resource: what others refer to it by, what it costs to lose it, and what a write has to send.

    Attributes:
        arn: AWS's name for it.
        id: The id that others refer to it by.
        link: Google's address of it (`selfLink`).
        name: Its native name, where that is not the key's.
        alias: Its native name, where the key has that of the group which it is about, and that is another.
        description: What a person wrote in its description.
        version: The version of a template.
        instances: How many instances a group has, or run from a template.
        outdated: How many of them were started from another template than the group's.
        paused: The mark of a pause on it.
        boosted: The mark of a boost on it.
        rollout: The mark of a rollout that is on.
        rolled_back: The note of a template that was rolled back.
        by_rollout: Whether only rollouts make versions of a template.
        etag: Azure's version of it.
        fingerprint: Google's version of it.
        resource_group: Where it lives on Azure.
        zone: Its zone on Google Cloud; empty for a regional one.
        instance_group: The link of the group that a manager fills.
        service: The link of the backend service that a backend is in.
        template: The name of the launch template that a group launches from.
        raw: The reply that it was read from.
    """

    arn: str
    id: str
    link: str | None
    name: str | None
    alias: str
    description: str | None
    version: str | int
    instances: int
    outdated: int
    paused: str | None
    boosted: str | None
    rollout: str | None
    rolled_back: str | None
    by_rollout: bool
    etag: str | None
    fingerprint: str | None
    resource_group: str
    zone: str | None
    instance_group: str | None
    service: str | None
    template: str | None
    raw: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """
    One thing that a cloud has or is to have.

    Attributes:
        key: Location, kind and native name.
        body: The fields that trimtab writes and compares, as the native API spells them.
        group: Name of the group that it belongs to; empty for something foreign.
        item: The part of the group that it stands for: `policies.scale-out`; empty for the group itself.
        mark: Wanted: what is to be written on it. Live: what was found on it.
        attributes: What the cloud gave it and others refer to: ARN, version, number of instances; not in texts, since
            a whole reply may be among them.
        deleting: Whether the cloud is removing it.
        protection: What has the cloud refuse to delete it, and how that is lifted; empty where nothing does.
        initial: Paths that are given when it is created and not compared afterwards, for this resource only.
        basis: What the mark's digest takes in place of leaves that time moves, by their paths.
        sources: The model fields of leaves, by the path of the leaf or of something around it, where one resource
            stands for many things of the group and its kind cannot tell which.
        native: Rows for the leaves that the fleet file writes as they stand, beside those of its kind.
    """

    key: Key
    body: Mapping[str, Any]
    group: str = ""
    item: str = ""
    mark: Mark | None = None
    attributes: Attributes = field(default_factory=Attributes, repr=False)
    deleting: bool = False
    protection: str = ""
    initial: frozenset[str] = frozenset()
    basis: Mapping[str, Any] = field(default_factory=dict)
    sources: Mapping[str, str] = field(default_factory=dict)
    native: tuple[Any, ...] = ()

    def sources_of(self, path: str) -> list[str] | None:
        """The model fields that the leaf at `path` comes from; `None` where only its kind can say."""
        while path and self.sources:
            if path in self.sources:
                return self.sources[path].split()
            path = path[: max(path.rfind("."), path.rfind("["), 0)]
        return None

    def signed(self, mark: Mark | None) -> "Resource":
        """The same resource with another mark."""
        return replace(self, mark=mark)


def path_in(item: str, name: str) -> str:
    """The path of a field in its group: `name` is one of `item`'s, or begins with a slash and is the group's."""
    if name.startswith("/"):
        return name[1:]
    return f"{item}.{name}" if item and name else item or name


def references(value: object) -> Iterator[Ref]:
    """Each reference inside a body."""
    stack = [value]
    while stack:
        value = stack.pop()
        if isinstance(value, PLAIN):
            continue
        if isinstance(value, Ref):
            yield value
        elif isinstance(value, Text):
            stack.extend(reversed(value.parts))
        elif isinstance(value, (list, tuple, frozenset)):
            stack.extend(reversed(list(value)))
        elif isinstance(value, MAPPINGS):
            stack.extend(reversed(list(value.values())))


PLAIN = (str, int, float)
"""What most leaves of a body are: told first, since whether something is a mapping takes long to tell."""
MAPPINGS = (dict, Mapping)
"""What most mappings are goes first, for the same reason; and lists are told before them."""


def resolved(value: Any, known: Mapping[Ref, Any]) -> Any:
    """`value` with every reference that is known replaced by what it stands for."""
    if isinstance(value, PLAIN):
        return value
    if isinstance(value, Ref):
        return known.get(value, value)
    if isinstance(value, Text):
        parts = tuple(known.get(part, part) if isinstance(part, Ref) else part for part in value.parts)
        return "".join(map(str, parts)) if not any(isinstance(part, Ref) for part in parts) else Text(parts)
    if isinstance(value, (list, tuple)):
        return [resolved(item, known) for item in value]
    if isinstance(value, MAPPINGS):
        return {name: resolved(item, known) for name, item in value.items()}
    return value


def revealed(value: Any) -> Any:
    """`value` with secrets as plain strings, for the call that writes them and nothing else."""
    if isinstance(value, PLAIN):
        return value
    if isinstance(value, Secret):
        return value.value
    if isinstance(value, Password):
        return value.value or value
    if isinstance(value, (list, tuple)):
        return [revealed(item) for item in value]
    if isinstance(value, MAPPINGS):
        return {name: revealed(item) for name, item in value.items()}
    return value


def passwords_of(value: Any) -> list[Password]:
    """Each password inside a body."""
    return [secret for secret in secrets(value) if isinstance(secret, Password)]


def with_passwords(value: Any, environment: Mapping[str, str]) -> Any:
    """`value` with what the environment has for its passwords, for the call that writes them and nothing else."""
    if isinstance(value, Password):
        return replace(value, value=environment.get(value.variable, ""))
    if isinstance(value, MAPPINGS):
        return {name: with_passwords(item, environment) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [with_passwords(item, environment) for item in value]
    return value


def concealed(text: str, body: Any) -> str:
    """What a cloud says of a body, with what is shown in its place for every secret of the body that it quotes."""
    for secret in secrets(body):
        for quoted in sorted(_spellings(secret.value), key=len, reverse=True):
            text = text.replace(quoted, str(secret))
    return text


def secrets(value: Any) -> Iterator[Secret | Password]:
    """Each secret inside a body."""
    if isinstance(value, (Secret, Password)):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from secrets(item)
    elif isinstance(value, (list, tuple, frozenset)):
        for item in value:
            yield from secrets(item)


def _spellings(value: str) -> set[str]:
    """A secret as it was sent, as it was before that, and as JSON has either."""
    texts = {value, base64.b64encode(value.encode()).decode()}
    with suppress(ValueError):
        texts.add(base64.b64decode(value, validate=True).decode())
    texts |= {json.dumps(text)[1:-1] for text in texts}
    return {text for text in texts if len(text) > 3}


def plain(value: Any) -> Any:
    """`value` as JSON data: references as "(known after apply)", secrets as digests."""
    if isinstance(value, (Ref, Text, Secret, Password)):
        return str(value)
    if isinstance(value, Mapping):
        return {str(name): plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, frozenset):
        return sorted((plain(item) for item in value), key=str)
    return value


def digest(value: Any) -> str:
    """Sixteen hexadecimal digits that tell one value from another, whatever the order of its names."""
    return _sha256(_canonical(value))[:16]


def full_digest(value: Any) -> str:
    """The whole SHA-256 of a value, that of each secret's text included: nothing can be made to fit it."""
    return _sha256(_canonical(_opaque(value)))


def _sha256(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def _opaque(value: Any) -> Any:
    """`value` with the whole digest in place of each secret."""
    if isinstance(value, PLAIN):
        return value
    if isinstance(value, Secret):
        return ["secret", hashlib.sha256(value.value.encode()).hexdigest()]
    if isinstance(value, Password):
        return ["password", value.variable]
    if isinstance(value, Mapping):
        return {name: _opaque(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_opaque(item) for item in value]
    return value


def _place(key: Key) -> list[str]:
    return [key.location, key.kind, *([key.parent] if key.parent else []), key.name]


def _canonical(value: Any) -> Any:
    if isinstance(value, (str, int)):
        return value
    if isinstance(value, Ref):
        return ["ref", *_place(value.key), value.attribute]
    if isinstance(value, Text):
        return ["text", *(_canonical(part) for part in value.parts)]
    if isinstance(value, (Secret, Password)):
        return str(value)
    if isinstance(value, (list, tuple)):
        return [_canonical(item) for item in value]
    if isinstance(value, MAPPINGS):
        return {str(name): _canonical(item) for name, item in value.items()}
    if isinstance(value, frozenset):
        return sorted((_canonical(item) for item in value), key=str)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value
