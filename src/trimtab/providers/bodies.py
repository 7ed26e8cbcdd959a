"""Native bodies: their parts, what a write makes of them, and merge patches; pure."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from trimtab.models import InstanceTemplate
from trimtab.plan import Kind, Resource, overlaid
from trimtab.providers.base import Write


def drop_empty(**fields: Any) -> dict[str, Any]:
    """The fields of a native body that say something."""
    return {name: value for name, value in fields.items() if value is not None and value not in ({}, [])}


def start_data(template: InstanceTemplate, provider: str, *, most: int = 0) -> bytes | None:
    """
    What a new instance is started with: its start script or the parts of it, and before them what installs its agents.

    Args:
        template: Has both.
        provider: Where.
        most: The bytes that it may have; what is larger is gzipped, where there are agents or parts. Never where 0.
    """
    script, parts = template.render_user_data(), template.render_user_data_parts()
    if not template.agents and not parts:
        return None if script is None else script.encode()
    from trimtab.providers.agents import compose  # few groups have agents, or parts

    data = compose(script, template.agents, provider, parts=parts, most=most)
    return data.encode() if isinstance(data, str) else data


def parts_data(template: InstanceTemplate) -> str | None:
    """The parts of a start script as the archive that cloud-init takes, where it stands beside a script."""
    parts = template.render_user_data_parts()
    if not parts:
        return None
    from trimtab.providers.agents import archive_of  # few groups have parts

    return archive_of(parts)


COMPOSED = re.compile(rb"\x1f\x8b|Content-Type: multipart/mixed; boundary=\"trimtab-|#!/bin/bash\n# trimtab agents: ")
"""How start data with agents or of parts begin, and others that are gzipped."""


def start_fields(data: str | bytes) -> dict[str, Any]:
    """The fields of a template that start data come from: agents, a start script that is text, or its parts."""
    encoded = data.encode() if isinstance(data, str) else data
    if COMPOSED.match(encoded):
        from trimtab.providers.agents import read_back  # few groups have agents

        if found := read_back(encoded):
            fields = drop_empty(agents=list(found.agents), user_data_parts=list(found.parts))
            return fields if found.parts else {**fields, "user_data": found.script}
    try:
        return {"user_data": encoded.decode() or None}
    except ValueError:
        return {}


def differ_only_in(kind: Kind, before: Resource, after: Resource, path: str) -> bool:
    """Whether nothing else moved between two reads."""
    first, two = (
        {leaf: kind.folded(leaf, value) for leaf, value in kind.leaves(item.body).items()} for item in (before, after)
    )
    return before.mark == after.mark and {**first, path: 0} == {**two, path: 0}


def differing_paths(kind: Kind, existing: Resource, write: Write) -> list[str]:
    """The leaves that are otherwise than a write wants them, less those that only a creation gives."""
    kind = kind.of(write.change.wanted)
    old, new = kind.leaves(existing.body), kind.leaves(write.body)
    initial = write.change.wanted.initial if write.change.wanted else frozenset()
    return [
        path
        for path in sorted({*old, *new})
        if kind.folded(path, old.get(path)) != kind.folded(path, new.get(path)) and path not in initial
    ]


def body_of(write: Write, kind: Kind, live: Resource | None) -> dict[str, Any]:
    """What a write says: where it replaces all that is there, what no row is about stays as it is."""
    starts_from = live if kind.replaces else None
    if starts_from is None:
        return dict(write.body)
    return dict(overlaid(kind.of(write.change.wanted), starts_from.body, write.body))


def patch_of(kind: Kind, body: Mapping[str, Any], paths: Iterable[str]) -> dict[str, Any]:
    """
    A merge patch of some leaves: each, or the whole list that it is in.

    What is no longer wanted goes back to its default, or to null where the kind has none.
    """
    patch: dict[str, Any] = {}
    for path in paths:
        steps = path.split("[", 1)[0].split(".")
        if steps[0] not in body and len(steps) > 1:
            patch[steps[0]] = None
            continue
        value = find_part(body, steps)
        put_part(patch, steps, _cleared(kind, path) if value is None else value)
    return patch


def _cleared(kind: Kind, path: str) -> Any:
    row = kind.find(path)
    if row is not None and row.default is not None and "[" not in path:
        return row.default
    return [] if "[" in path or path in kind.sets else None


def find_part(body: Any, steps: Sequence[str]) -> Any:
    """What stands in a body at the end of these steps; `None` where nothing does."""
    for step in steps:
        if not isinstance(body, Mapping) or step not in body:
            return None
        body = body[step]
    return body


def put_part(patch: dict[str, Any], steps: Sequence[str], value: Any) -> None:
    """Put a value into a patch, with all that it stands in."""
    for step in steps[:-1]:
        patch = patch.setdefault(step, {})
    patch[steps[-1]] = value
