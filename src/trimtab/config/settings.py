"""What a project sets for its fleets: `trimtab.toml`, or `[tool.trimtab]` in pyproject.toml."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trimtab.checks.check import chosen_rules
from trimtab.checks.registry import all_rules
from trimtab.config.files import read_file
from trimtab.config.problems import refusal
from trimtab.config.source import decode
from trimtab.errors import ConfigError
from trimtab.models import Position
from trimtab.phrases import closest

MAX_BYTES = 2**20
_LISTS = ("select", "ignore")
_AT = re.compile(r"\(at line (\d+), column (\d+)\)")


@dataclass(frozen=True, slots=True)
class Settings:
    """
    What a project sets for checks of its fleets.

    Attributes:
        select: Only these codes, or those that begin so; all when empty.
        ignore: Without these.
    """

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()


def load_settings(folder: Path) -> Settings:
    """
    The settings of the nearest file that has some, in a folder or above it; none when there is no such file.

    In each folder `trimtab.toml` comes before `pyproject.toml`, which counts when it has a table `[tool.trimtab]`.

    Raises:
        ConfigError: The file cannot be read, or has an unknown setting or check.
    """
    for path, is_own in _files(folder.absolute()):
        text = decode(read_file(path, str(path), MAX_BYTES, "larger than any settings file"), str(path))
        table = _table(text, str(path), is_own=is_own)
        if table is not None:
            return _settings(_SettingsFile(str(path), text, is_own), table)
    return Settings()


def _files(folder: Path) -> Iterator[tuple[Path, bool]]:
    for parent in (folder, *folder.parents):
        for name in ("trimtab.toml", "pyproject.toml"):
            if (parent / name).is_file():
                yield parent / name, name == "trimtab.toml"


def _table(text: str, name: str, *, is_own: bool) -> Mapping[str, Any] | None:
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        at = _AT.search(str(error))
        message = f"invalid TOML: {_AT.sub('', str(error)).strip()}"
        last = (text.count("\n") + 1, 1)
        line, column = (int(at[1]), int(at[2])) if at else last
        raise refusal(Position(name, line, column), message) from None
    except RecursionError:
        raise refusal(Position(name, 1, 1), "invalid TOML: nested too deeply") from None
    if is_own:
        return data
    tool = data.get("tool")
    table = tool.get("trimtab") if isinstance(tool, dict) else None
    if table is not None and not isinstance(table, dict):
        raise refusal(_SettingsFile(name, text, is_own).position("trimtab"), "`tool.trimtab` is not a table")
    return table


@dataclass(frozen=True, slots=True)
class _SettingsFile:
    """A settings file, in which settings are found again, since tomllib keeps no places."""

    name: str
    text: str
    is_own: bool

    def position(self, key: str, value: str = "") -> Position:
        """Where a setting is given, and in it a text; the first line when it is written in an unusual way."""
        table = None if self.is_own else re.search(r"^[ \t]*\[\s*tool\s*\.\s*trimtab\b", self.text, re.MULTILINE)
        begin = table.start() if table else 0
        match = re.compile(rf"^[ \t]*(?:[\w.]+\.)?[\"']?({re.escape(key)})\b", re.MULTILINE).search(self.text, begin)
        if match and value:
            match = re.compile(rf"[\"']({re.escape(value)})[\"']").search(self.text, match.end()) or match
        offset = match.start(1) if match else 0
        line_begin = self.text.rfind("\n", 0, offset) + 1
        return Position(self.name, self.text.count("\n", 0, offset) + 1, offset - line_begin + 1)


def _settings(file: _SettingsFile, table: Mapping[str, Any]) -> Settings:
    for key in table:
        if key not in _LISTS:
            raise refusal(file.position(key), _unknown(key))
    lists = {key: _codes(file, key, table.get(key, [])) for key in _LISTS}
    return Settings(**lists)


def _unknown(key: str) -> str:
    close = closest(key, _LISTS)
    return f"unknown setting {key!r}; {f'did you mean `{close}`?' if close else 'the settings are select and ignore'}"


def _codes(file: _SettingsFile, key: str, value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(code, str) for code in value):
        message = f'{key}: give a list of codes, such as ["TT1", "TT502"]'
        raise refusal(file.position(key), message)
    for code in value:
        try:
            chosen_rules(all_rules(), [code], ())
        except ConfigError as error:
            raise refusal(file.position(key, code), f"{key}: {error}") from None
    return tuple(value)
