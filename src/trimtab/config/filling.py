"""Filling in what the file leaves to its surroundings: `${VAR}` from the environment, scripts from files."""

import re
from collections.abc import Mapping
from pathlib import Path

from trimtab.config.document import Item, Scalar, read_scalar
from trimtab.config.files import read_file
from trimtab.config.paths import is_part_file, is_password, is_script, is_template
from trimtab.config.problems import Problem
from trimtab.config.source import decode
from trimtab.errors import ConfigError
from trimtab.models.script_size import MAX_BYTES, TOO_LARGE

LONGEST_PATH = 200
NO_PASSWORD = "a password does not stand in a fleet; write {env: NAME}, the environment variable that has it"
_REFERENCE = re.compile(r"\$\$\{|\$\{([A-Za-z_][A-Za-z0-9_]*)(:-([^}]*))?\}|\$\{")


class Filler:
    """
    Fills in a tree of items; what is missing is kept in `problems`.

    `${VAR}` and `${VAR:-default}` stand for the environment's text in any value, `$${` for a bare `${`.
    Start scripts are left alone, since `${...}` is the shell's there: they have `variables`. A password is never
    filled in, since a fleet holds none.

    Args:
        env: The environment.
        directory: Where `user_data_file` and calendars are looked for; without one they are refused.
        allow_outside_files: Whether they may be elsewhere than below `directory`.
    """

    def __init__(self, env: Mapping[str, str], directory: Path | None, *, allow_outside_files: bool = False) -> None:
        self.problems: list[Problem] = []
        self._allow_outside_files = allow_outside_files
        self._env = env
        self._directory = directory

    def fill(self, item: Item) -> Item:
        """The item with everything filled in."""
        value = item.value
        if isinstance(value, dict):
            filled = Item({key: self.fill(child) for key, child in value.items()}, item.path, item.place)
            if is_part_file(item.path) and set(value) == {"file"}:
                return Item(self._read(value["file"]), item.path, item.place)
            return self._with_script(filled) if is_template(item.path) else filled
        if isinstance(value, list):
            return Item([self.fill(child) for child in value], item.path, item.place)
        if isinstance(value, str) and is_password(item.path) and ("${" in value or not is_password(item.path[:-1])):
            self._report(item, NO_PASSWORD)
            return Item(None, item.path, item.place)
        if isinstance(value, str) and "${" in value and not is_script(item.path):
            return Item(self._expand(value, item), item.path, item.place, item.plain)
        return item

    def _expand(self, text: str, item: Item) -> Scalar:
        whole = _REFERENCE.fullmatch(text)
        filled = _REFERENCE.sub(lambda match: self._replace(match, item), text)
        if not (item.plain and whole and whole[1]):
            return filled
        try:
            return read_scalar(filled)
        except ValueError as error:
            self._report(item, str(error))
            return None

    def _replace(self, match: re.Match[str], item: Item) -> str:
        name, default = match[1], match[3]
        if match[0] == "$${":
            return "${"
        if name is None:
            self._report(item, "`${` without `NAME}` after it; write `${NAME}`, or `$${` for the characters themselves")
        elif default is not None:
            return self._env.get(name) or default
        elif name not in self._env:
            self._report(item, f"environment variable {name} is not set; set it, or write `${{{name}:-default}}`")
        return self._env.get(name or "", "")

    def _with_script(self, template: Item) -> Item:
        assert isinstance(template.value, dict)
        pointer = template.value.get("user_data_file")
        if pointer is None:
            return template
        if "user_data" in template.value:
            self._report(pointer, "give `user_data` or `user_data_file`, not both")
        rest = {key: item for key, item in template.value.items() if key != "user_data_file"}
        read = None if pointer.value is None else self._read(pointer)
        script = Item(read, (*template.path, "user_data"), pointer.place)
        return Item({**rest, "user_data": script}, template.path, template.place)

    def _read(self, pointer: Item) -> str:
        if not isinstance(pointer.value, str) or not pointer.value:
            self._report(pointer, "give the path of a file, such as setup.sh")
        elif "\n" in pointer.value:
            self._report(pointer, "this is a script, not the path of a file; give it as `user_data`")
        elif self._directory is None:
            self._report(pointer, "a fleet that is not read from a file cannot find this; give `user_data`")
        else:
            try:
                return self._script(self._directory, pointer.value)
            except ConfigError as error:
                self._report(pointer, error.problems[0])
        return ""

    def calendar(self, name: str) -> bytes:
        """
        The content of a calendar file beside the fleet file.

        Raises:
            ConfigError: There is none, or it may not be read.
        """
        from trimtab.config.calendars import MAX_BYTES as LARGEST
        from trimtab.config.calendars import TOO_LARGE as LARGER

        if self._directory is None:
            raise ConfigError(["the fleet has no directory in which to find this file; give dates"])
        return read_file(*self._beside(self._directory, name), LARGEST, LARGER)

    def _script(self, directory: Path, name: str) -> str:
        path, shown = self._beside(directory, name)
        return decode(read_file(path, shown, MAX_BYTES, TOO_LARGE), shown)

    def _beside(self, directory: Path, name: str) -> tuple[Path, str]:
        """The path of a file that the fleet file names, and what messages call it."""
        shown = name if len(name) <= LONGEST_PATH else f"{name[:LONGEST_PATH]}..."
        try:
            path = (directory / name).resolve()
            is_inside = path.is_relative_to(directory.resolve())
        except (OSError, RuntimeError, ValueError) as error:
            raise ConfigError([f"{shown}: cannot be read: {getattr(error, 'strerror', None) or error}"]) from None
        if not is_inside and not self._allow_outside_files:
            raise ConfigError(
                [
                    f"{shown}: this is outside of the fleet file's folder; move it there, or allow it with "
                    "--allow-outside-files (allow_outside_files=True)"
                ]
            )
        return path, shown

    def _report(self, item: Item, message: str) -> None:
        self.problems.append(Problem(item.place, item.path, message))
