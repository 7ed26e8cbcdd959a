"""What Microsoft's generated type files say of a body, where such files are at hand."""

import json
import os
from functools import cache
from pathlib import Path
from typing import Any

from trimtab.emulators.azure.shapes import ShapeMember, TypeShape

SHARED = "TRIMTAB_SHARED"
"""The environment variable that names a folder in which there may be type files."""
_REQUIRED, _READ_ONLY, _CONSTANT = 1, 2, 8
_PLAIN = {"StringType": "string", "IntegerType": "number", "BooleanType": "boolean", "AnyType": "any"}


def find_shape(file: str, resource: str) -> TypeShape | None:
    """The shape of a resource's body, `None` without the files: `microsoft.compute.2026-04-01` and its type."""
    folder = os.environ.get(SHARED)
    path = Path(folder or "", "contracts", "azure", "bicep-types", f"{file}.types.json")
    return _read(path, resource.lower()) if folder and path.is_file() else None


@cache
def _read(path: Path, resource: str) -> TypeShape:
    file = _TypeFile(json.loads(path.read_text(encoding="utf-8")))
    return file.resource(resource)


class _TypeFile:
    """The types of one file, by their number."""

    def __init__(self, types: list[dict[str, Any]]) -> None:
        self._types = types
        self._built: dict[int, TypeShape] = {}

    def resource(self, name: str) -> TypeShape:
        """The body of a resource."""
        for each in self._types:
            if each["$type"] == "ResourceType" and each["name"].lower().partition("@")[0] == name:
                return self._of(each["body"])
        raise LookupError(f"no type {name} in the file")

    def _of(self, reference: dict[str, str]) -> TypeShape:
        number = int(reference["$ref"].rpartition("/")[2])
        if number not in self._built:
            self._built[number] = TypeShape()
            self._fill(self._built[number], self._types[number])
        return self._built[number]

    def _fill(self, shape: TypeShape, given: dict[str, Any]) -> None:
        match given["$type"]:
            case "ObjectType":
                self._fill_object(shape, given)
            case "DiscriminatedObjectType":
                shape.kind, shape.name, shape.tag = "object", given["name"], given["discriminator"]
                shape.members = self._members(given["baseProperties"])
                for value, reference in given["elements"].items():
                    shape.variants[value] = self._merged(shape, self._of(reference))
            case "ArrayType":
                shape.kind, shape.item = "list", self._of(given["itemType"])
            case "UnionType":
                self._fill_union(shape, [self._of(each) for each in given["elements"]])
            case "StringLiteralType":
                shape.kind, shape.values = "string", {given["value"].lower(): given["value"]}
            case other:
                shape.kind = _PLAIN[other]

    def _fill_object(self, shape: TypeShape, given: dict[str, Any]) -> None:
        shape.name = given["name"]
        more = given.get("additionalProperties")
        if more and not given["properties"]:
            shape.kind, shape.item = "map", self._of(more)
            return
        shape.kind, shape.is_open = "object", bool(more)
        shape.members = self._members(given["properties"])

    def _fill_union(self, shape: TypeShape, choices: list[TypeShape]) -> None:
        shape.kind = choices[0].kind
        # a union with any string is a list of hints; the service knows no others
        if shape.kind == "string":
            shape.values = {key: value for choice in choices for key, value in choice.values.items()}

    def _members(self, given: dict[str, Any]) -> dict[str, ShapeMember]:
        members = {}
        for name, each in given.items():
            flags = each["flags"]
            is_written = bool(flags & _READ_ONLY) and not flags & _CONSTANT
            required = bool(flags & _REQUIRED) and not flags & _CONSTANT
            members[name] = ShapeMember(self._of(each["type"]), required, is_written)
        return members

    def _merged(self, base: TypeShape, variant: TypeShape) -> TypeShape:
        members = {**base.members, **variant.members}
        return TypeShape("object", variant.name, members, is_open=base.is_open or variant.is_open)
