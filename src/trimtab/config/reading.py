"""Reading a fleet file: text, tree, shape, defaults, model, each step with its own sort of problem."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from trimtab.config.defaults import merge_defaults
from trimtab.config.document import Item, read_document
from trimtab.config.files import is_descriptor
from trimtab.config.filling import Filler
from trimtab.config.overlays import check_overlays, gather, plain, positions
from trimtab.config.problems import refusal, refuse_file
from trimtab.config.shape import Schema, ShapeCheck, describe, file_shape, whole_schema
from trimtab.config.source import SourceText, check_size, read_text
from trimtab.config.verdicts import findings, missing_fields, settle
from trimtab.declarations.connection import check_connection
from trimtab.errors import InvalidModel
from trimtab.models import Fleet

MAX_MERGED = 32 * 2**20


def load_fleet(
    path: str | os.PathLike[str],
    *,
    provider: str | None = None,
    overlays: Sequence[str] = (),
    env: Mapping[str, str] | None = None,
    allow_outside_files: bool = False,
) -> Fleet:
    """
    The fleet that a YAML or JSON file declares.

    Args:
        path: The file. `user_data_file` is looked for beside it.
        provider: Whose overlay is laid over it, as `Fleet.for_provider` does.
        overlays: The overlays besides, by name, in order.
        env: What `${VAR}` stands for; the process's environment when left out.
        allow_outside_files: Whether `user_data_file` may be outside of the file's folder.

    Raises:
        ConfigError: The file cannot be read or is no valid fleet; each problem names its line.
    """
    text = read_text(Path(path), str(path))
    directory = None if is_descriptor(Path(path)) else Path(path).parent
    return parse_fleet(
        text,
        name=str(path),
        provider=provider,
        overlays=overlays,
        env=env,
        directory=directory,
        allow_outside_files=allow_outside_files,
    )


def parse_fleet(
    text: str,
    *,
    name: str = "fleet.yaml",
    provider: str | None = None,
    overlays: Sequence[str] = (),
    env: Mapping[str, str] | None = None,
    directory: str | os.PathLike[str] | None = None,
    allow_outside_files: bool = False,
) -> Fleet:
    """
    The fleet that YAML or JSON text declares.

    Args:
        text: The text.
        name: What messages call it; JSON when it ends in `.json`.
        provider: Whose overlay is laid over it, as `Fleet.for_provider` does.
        overlays: The overlays besides, by name, in order.
        env: What `${VAR}` stands for; the process's environment when left out.
        directory: Where `user_data_file` is looked for; without one it is refused.
        allow_outside_files: Whether `user_data_file` may be outside of `directory`.

    Raises:
        ConfigError: The text is no valid fleet; each problem names its line.
    """
    check_size(text, name)
    raw, comments = read_document(SourceText(name, text))
    folder = None if directory is None else Path(directory)
    filler = Filler(os.environ if env is None else env, folder, allow_outside_files=allow_outside_files)
    root = filler.fill(raw)
    refuse_file(filler.problems)
    fleet = _build(root, filler)
    fleet._comments = comments
    check_overlays(fleet)
    return fleet.for_provider(provider, overlays) if provider or overlays else fleet


def _build(root: Item, filler: Filler) -> Fleet:
    if not isinstance(root.value, dict):
        raise refusal(root.place, f"the file is {describe(root)}; write a mapping with `name` and `groups`")
    schema = file_shape()
    _check_written(root, schema)
    merged = merge_defaults(gather(root))
    _check_amount(merged)
    _check_whole(merged, root, schema)
    merged = _with_calendars(merged, filler)
    fleet = _validate(merged, root)
    fleet._positions = dict(positions(merged, ()))
    check_connection(fleet)
    return fleet


def _with_calendars(merged: Item, filler: Filler) -> Item:
    """The fleet with the days of calendar files, which its schedules' zones say."""
    stack, named = [merged], False
    while stack and not named:
        item = stack.pop()
        named = isinstance(item.value, str) and item.value.lower().endswith(".ics")
        stack.extend(child for _, child in item.children())
    if not named:
        return merged
    from trimtab.config.calendars import Calendars

    calendars = Calendars(filler.calendar)
    filled = calendars.fill(merged)
    refuse_file(calendars.problems)
    return filled


def _check_written(root: Item, schema: Schema) -> None:
    """Check what stands in the file, `defaults` and groups each by themselves."""
    shape = ShapeCheck(schema["$defs"])
    with_defaults = isinstance(root.value, dict) and "defaults" in root.value
    branch = schema["then" if with_defaults else "else"]
    shape.check(root, {**schema, "properties": {**schema["properties"], **branch["properties"]}})
    refuse_file(shape.problems)


def _check_amount(merged: Item) -> None:
    """Refuse a file that is small only because `defaults` or aliases write it many times."""
    size = 0
    stack = [merged]
    while stack:
        item = stack.pop()
        size += 8 + (len(item.value) if isinstance(item.value, str) else 0)
        stack.extend(child for _, child in item.children())
        if size > MAX_MERGED:
            limit = f"{MAX_MERGED // 2**20} MiB"
            raise refusal(
                merged.place, f"with `defaults` copied into each group the file is over {limit}; split the fleet"
            )


def _check_whole(merged: Item, root: Item, schema: Schema) -> None:
    """Check what groups are once `defaults` is merged in: nothing is missing."""
    shape = ShapeCheck(schema["$defs"])
    shape.check(merged, whole_schema())
    lacking = settle((missing_fields(*entry) for entry in shape.missing), root)
    refuse_file([*shape.problems, *lacking])


def _validate(merged: Item, root: Item) -> Fleet:
    try:
        return Fleet.model_validate(plain(merged))
    except InvalidModel as error:
        reported = findings(error, merged)
    refuse_file(settle(reported, root))
    raise AssertionError("a refusal without a problem")
