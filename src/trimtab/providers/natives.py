"""
Leaves of native bodies that a fleet file writes as they stand: held against the vendor's model, put into the bodies.

Nothing here loads before a group has such leaves.
"""

import json
import re
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.resources import files
from typing import Any

from pydantic import BaseModel

from trimtab.declarations.record import NativePart, Natives
from trimtab.phrases import closest, in_words
from trimtab.plan import Field, Kind, Resource

_TYPES: Mapping[str, tuple[tuple[type, ...], str]] = {
    "string": ((str,), "a text"),
    "boolean": ((bool,), "true or false"),
    "integer": ((int,), "a whole number"),
    "int64": ((int, str), "a whole number"),
    "number": ((int, float), "a number"),
    "timestamp": ((str,), "a moment in UTC such as 2026-12-01T18:00:00Z"),
}
"""What a value of each type may be in a file, and what that is called."""
_FORMS = {"int64": r"-?\d{1,19}", "timestamp": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"}
"""What the text of a value looks like, by its type."""


@dataclass(frozen=True, slots=True)
class NativeModel:
    """
    A vendor's model of the bodies that it takes.

    Attributes:
        kinds: The node of each kind's body: `{"of": STRUCTURE}`, beside that `fixed`, what only a creation takes.
        shapes: The fields of each structure by name. The node of a field is a type, `{"list": ...}`, `{"map": ...}`,
            `{"of": ...}`, `any`, or `unread` for what is never given back.
        required: The fields that a structure cannot be without, by its name.
        checked: The versions of the vendor's models from which they were taken.
    """

    kinds: Mapping[str, Any]
    shapes: Mapping[str, Mapping[str, Any]]
    required: Mapping[str, Sequence[str]]
    checked: Mapping[str, str]

    def fields(self, node: Any) -> Mapping[str, Any] | None:
        """The fields of a structure; `None` where a node is none."""
        return self.shapes[node["of"]] if isinstance(node, Mapping) and "of" in node else None

    def at(self, node: Any, path: str) -> Any:
        """The node of a leaf below one, by its path; `None` where there is none."""
        for step in re.findall(r"\[[^\]]*\]|[^.\[]+", path):
            fields = self.fields(node)
            if step.startswith("["):
                node = node.get("list") if isinstance(node, Mapping) else None
            elif fields is not None:
                node = fields.get(step)
            else:
                node = node.get("map") if isinstance(node, Mapping) else None
            if node is None:
                return None
        return node


@cache
def native_model(package: str) -> NativeModel:
    """The model in the file `native.json` of a provider's package."""
    data = json.loads(files(package).joinpath("native.json").read_text(encoding="utf-8"))
    return NativeModel(data["kinds"], data["shapes"], data["required"], data["checked"])


LEAVE_OUT = "leave it out, or write what it is to hold"
Report = Callable[[str, str], None]
"""Takes the path of a field of the group, and what is wrong there."""


class NativeBlock:
    """
    The leaves that the file of one group writes as they stand.

    Args:
        block: What stands under `native`.
        natives: What the provider declares of it.
        kinds: The provider's kinds by name.
        path: Where the block is in the group: `aws.native`.
        report: Is told what cannot be.
    """

    def __init__(
        self, block: BaseModel, natives: Natives, kinds: Mapping[str, Kind], path: str, report: Report
    ) -> None:
        self.natives, self.kinds, self.report = natives, kinds, report
        self.model = native_model(natives.package)
        self._given = dict(_bodies(block, natives, path))
        for word in natives.parts.keys() & block.model_fields_set:
            if not getattr(block, word):
                report(f"{path}.{word}", f"nothing stands here, which says nothing; {LEAVE_OUT}")
        self._left = set(self._given)

    def put(self, resource: Resource) -> Resource:
        """A resource with the leaves that it is to have."""
        for place, (path, body) in self._given.items():
            part = self.natives.parts[place[0]]
            if resource.key.kind == part.kind and (not part.items or resource.item == f"{part.items}.{place[1]}"):
                self._left.discard(place)
                entry = _Entry(self.model, self.natives, part, self.kinds[part.kind], resource, self.report)
                resource = entry.put(body, path)
        return resource

    def finish(self, done: Container[str]) -> None:
        """Tell of what has no body to go to, but for kinds that are done or left to others."""
        for place in (place for place in self._given if place in self._left):
            if self.natives.parts[place[0]].kind in done:
                continue
            label = self.kinds[self.natives.parts[place[0]].kind].label
            name = f" for {place[1]!r}" if place[1] else ""
            self.report(self._given[place][0], f"this group has no {label} on this cloud{name}; leave it out")


def _bodies(
    block: BaseModel, natives: Natives, path: str
) -> Iterator[tuple[tuple[str, str], tuple[str, Mapping[str, Any]]]]:
    """The word and the name of each body, with its path and what is given of it."""
    for word, part in natives.parts.items():
        given: Mapping[str, Any] = getattr(block, word)
        if part.items:
            yield from (((word, name), (f"{path}.{word}.{name}", body)) for name, body in given.items())
        elif given:
            yield (word, ""), (f"{path}.{word}", given)


@dataclass(slots=True)
class _Entry:
    """The leaves that one body is to have beside its own."""

    model: NativeModel
    natives: Natives
    part: NativePart
    kind: Kind
    resource: Resource
    report: Report
    rows: dict[str, Field] = field(default_factory=dict)

    def put(self, given: Mapping[str, Any], path: str) -> Resource:
        node = self.model.kinds[self.part.kind]
        body: Any = dict(self.resource.body)
        if self.part.at:
            body[self.part.at] = self._merged(body.get(self.part.at), given, node, _LeafPlace(self.part.at, path))
        else:
            body = self._merged(body, given, node, _LeafPlace("", path))
        return replace(self.resource, body=body, native=(*self.resource.native, *self.rows.values()))

    def _merged(self, own: Any, given: Any, node: Any, place: "_LeafPlace") -> Any:
        """The value of a body with what is given on top of it; as it was where that cannot be."""
        if node == "unread":
            self.report(place.path, f"{self.natives.api} never gives this back, so no plan could compare it")
            return own
        if given is None:
            return self._removed(own, place)
        fields = self.model.fields(node)
        if fields is not None:
            return self._complete(self._structure(own, given, fields, place), given, node, place)
        if isinstance(node, Mapping) and "map" in node:
            return self._mapping(own, given, node["map"], place)
        if isinstance(node, Mapping) and "list" in node:
            return self._list(own, given, node["list"], place)
        return self._leaf(own, given, node, place)

    def _removed(self, own: Any, place: "_LeafPlace") -> Any:
        if place.in_list:
            self.report(place.path, "a field of an item of a list cannot be taken away; leave it out")
        elif not self.part.clears:
            self.report(
                place.path,
                f"{self.natives.api} has no way to take this away; write the value that means none, or leave it out",
            )
        elif own is not None:
            self._report_owned(place)
        else:
            self._add_row(place)
        return own

    def _structure(self, own: Any, given: Any, fields: Mapping[str, Any], place: "_LeafPlace") -> Any:
        if not isinstance(given, Mapping):
            self.report(place.path, f"fields are wanted here: {in_words(list(fields))}; write them as a mapping")
            return own
        body = dict(own or {})
        for name, value in given.items():
            if place.inner(name).pattern in self.natives.reserved and fields.get(name) != "unread":
                self.report(f"{place.path}.{name}", "trimtab writes this itself; leave it out")
                continue
            if name not in fields:
                self.report(f"{place.path}.{name}", self._unknown(name, fields))
                continue
            inner = self._merged(body.get(name), value, fields[name], place.inner(name))
            if inner is not None:
                body[name] = inner
        return body

    def _complete(self, body: Any, given: Any, node: Mapping[str, Any], place: "_LeafPlace") -> Any:
        """A structure, with a report of what it cannot be without."""
        missing = [name for name in self.model.required.get(node["of"], ()) if name not in (body or ())]
        if missing and place.pattern not in ("", self.part.at):
            nulls = [name for name in missing if isinstance(given, Mapping) and name in given]
            text = f"{in_words(nulls)} cannot be taken away alone; write null for all of this" if nulls else ""
            self.report(place.path, text or f"{in_words(missing)} must be given here too")
        return body

    def _unknown(self, name: str, fields: Mapping[str, Any]) -> str:
        close = closest(name, fields)
        fix = f"did you mean {close!r}?" if close else f"it has {in_words(sorted(fields))}"
        return f"{self.natives.api} has no field {name!r} here; {fix}"

    def _mapping(self, own: Any, given: Any, node: Any, place: "_LeafPlace") -> Any:
        if not isinstance(given, Mapping):
            self.report(place.path, "a mapping is wanted here; write names with their values")
            return own
        if self._owner(place):
            self._report_owned(place)
            return own
        body = dict(own or {})
        for name, value in given.items():
            inner = self._merged(body.get(name), value, node, place.inner(str(name)))
            if inner is not None:
                body[str(name)] = inner
        return body

    def _list(self, own: Any, given: Any, node: Any, place: "_LeafPlace") -> Any:
        if not isinstance(given, Sequence) or isinstance(given, str):
            self.report(place.path, "a list is wanted here; put the value in brackets")
            return own
        if not given:
            self.report(place.path, f"the list is empty, which says nothing; {LEAVE_OUT}")
            return own
        fields = self.model.fields(node)
        if fields is None or not all(isinstance(item, Mapping) for item in given):
            return self._whole_list(own, given, node, place)
        owner = self._owner(place)
        if owner is not None and owner.whole:
            self._report_owned(place)
            return own
        items = list(own or ())
        key = self.kind.maps.get(place.pattern)
        for index, item in enumerate(given):
            inner = place.item(index, is_keyed=key is not None)
            if key is not None and not isinstance(item.get(key), (str, int)):
                self.report(inner.path, f"items are told apart here by {key!r}; give each its own")
                continue
            if key is not None and [each.get(key) for each in given[:index]].count(item[key]):
                self.report(inner.path, f"{item[key]!r} is named twice; write it once")
                continue
            at = index if key is None else _place_of(items, key, item.get(key))
            if at is not None and at < len(items):
                rest = {name: value for name, value in item.items() if name != key}
                items[at] = self._structure(items[at], rest, fields, inner)
            else:
                items.append(self._complete(self._structure(None, item, fields, inner), item, node, inner))
        return items

    def _whole_list(self, own: Any, given: Sequence[Any], node: Any, place: "_LeafPlace") -> Any:
        if own or self._owner(place):
            self._report_owned(place)
            return own
        self._add_row(place)
        bare = _LeafPlace(place.pattern, place.path, in_list=True)
        return [self._checked(item, node, bare.item(index, is_keyed=False)) for index, item in enumerate(given)]

    def _leaf(self, own: Any, given: Any, node: Any, place: "_LeafPlace") -> Any:
        if own is not None or self._owner(place):
            self._report_owned(place)
            return own
        value = self._checked(given, node, place)
        self._add_row(place, ignore_case=isinstance(node, Mapping) and self.natives.ignores_case)
        return value

    # what is wrong with a value

    def _checked(self, value: Any, node: Any, place: "_LeafPlace") -> Any:
        if node == "any":
            return value
        if isinstance(node, Mapping) and "type" not in node:
            return self._merged(None, value, node, place)
        rule: Mapping[str, Any] = node if isinstance(node, Mapping) else {"type": node}
        text = _wrong(value, rule, ignores_case=self.natives.ignores_case)
        if text is not None:
            self.report(place.path, text)
        return str(value) if rule["type"] == "int64" else value

    # whose a leaf is

    def _owner(self, place: "_LeafPlace") -> Field | None:
        """The row of a field of the model that is about this very leaf."""
        return self.kind.row_of(place.pattern)

    def _report_owned(self, place: "_LeafPlace") -> None:
        row = self._owner(place) or self.kind.find(place.pattern)
        names = row.models.replace("*", "NAME").split() if row is not None else []
        if names:
            prefix = f"{self.part.items}.NAME." if self.part.items else ""
            fields = " and ".join(f"`{prefix}{name}`" for name in names[:2])
            self.report(place.path, f"{fields} {'set' if len(names) > 1 else 'sets'} this; write it there")
        else:
            self.report(place.path, "trimtab sets this itself; leave it out")

    def _add_row(self, place: "_LeafPlace", *, ignore_case: bool = False) -> None:
        pattern, fixed = place.pattern, self.model.kinds[self.part.kind].get("fixed", ())
        filled_in = self.kind.defaults.get(pattern, ())
        self.rows[pattern] = Field(
            path=pattern,
            models="/" + re.split(r"[\s*]", place.path)[0].rstrip("."),
            immutable=pattern.split(".")[0].split("[")[0] in fixed,
            default=filled_in[0] if len(filled_in) == 1 and not place.in_list else None,
            server_default=place.in_list,
            ignore_case=ignore_case,
        )


@dataclass(frozen=True, slots=True)
class _LeafPlace:
    """Where in a body, as rows name it, and where in the fleet file."""

    pattern: str
    path: str
    in_list: bool = False

    def inner(self, name: str) -> "_LeafPlace":
        pattern = f"{self.pattern}.{name}" if self.pattern else name
        return _LeafPlace(pattern, f"{self.path}.{name}", self.in_list)

    def item(self, index: int, *, is_keyed: bool) -> "_LeafPlace":
        return _LeafPlace(f"{self.pattern}[*]", f"{self.path}.{index}", self.in_list or is_keyed)


def _place_of(items: Sequence[Any], key: str, name: Any) -> int | None:
    return next((index for index, item in enumerate(items) if item.get(key) == name), None)


def _wrong(value: Any, rule: Mapping[str, Any], *, ignores_case: bool) -> str | None:
    """What is wrong with a value, and what to write; `None` where nothing is."""
    types, words = _TYPES[rule["type"]]
    is_number = rule["type"] in ("integer", "int64", "number")
    if not isinstance(value, types) or (is_number and isinstance(value, bool)):
        return f"{words} is wanted here, not {value!r}"
    form = _FORMS.get(rule["type"])
    if form is not None and not re.fullmatch(form, str(value)):
        return f"{words} is wanted here, not {value!r}"
    allowed = rule.get("enum")
    if allowed is not None and isinstance(value, str):
        known = {word.lower() for word in allowed} if ignores_case else set(allowed)
        if (value.lower() if ignores_case else value) not in known:
            close = closest(value, allowed)
            return f"{value!r} is none of its values; {f'did you mean {close!r}?' if close else _one_of(allowed)}"
    size = len(value) if isinstance(value, str) else value
    unit = " characters" if isinstance(value, str) else ""
    if "min" in rule and size < rule["min"]:
        return f"{size}{unit} is less than {rule['min']}; write {rule['min']} or more"
    if "max" in rule and size > rule["max"]:
        return f"{size}{unit} is more than {rule['max']}; write {rule['max']} or less"
    return None


def _one_of(words: Sequence[str]) -> str:
    return f"write one of {in_words(list(words))}"


def is_settable(natives: Natives, kind: str, leaf: str) -> bool:
    """Whether a file may write a leaf of a kind's body: the vendor's model takes it and gives it back."""
    model = native_model(natives.package)
    node = model.at(model.kinds[kind], leaf)
    return node is not None and node != "unread"
