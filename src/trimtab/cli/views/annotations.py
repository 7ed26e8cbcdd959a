"""What `check` found as commands that GitHub's runner turns into annotations of a change."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from trimtab.cli.views.entries import Entry, absolute_path


def annotations(entries: Iterable[Entry], folder: Path) -> str:
    """
    A command for each row, each on a line.

    Files are named by their whole path, which the runner shortens to that in the repository.

    Source: https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands

    Args:
        entries: The rows.
        folder: Where relative paths begin.
    """
    return "".join(f"{line}\n" for entry in entries for line in _command(entry, folder))


def _command(entry: Entry, folder: Path) -> Iterator[str]:
    level = "error" if entry.is_error else "notice" if entry.is_ignored else "warning"
    properties = {"title": f"trimtab ({entry.code})"}
    if entry.position and entry.file:
        line, column = str(entry.position.line), str(entry.position.column)
        properties |= {"file": str(absolute_path(entry.file, folder)), "line": line, "col": column}
    head = f"{entry.position}:{entry.position.column}: {entry.code}" if entry.position else entry.code
    given = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    text = "\n  ".join([f"{head} {entry.lines[0]}", *entry.lines[1:]])
    yield f"::{level} {given}::{_data(text)}"


def _data(text: str) -> str:
    # as actions/toolkit escapes them: packages/core/src/command.ts
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
