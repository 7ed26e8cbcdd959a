"""From a path or bytes to text: what is no UTF-8 text file of a sensible size is refused here."""

import json
from bisect import bisect_right
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from pathlib import Path

from trimtab.config.files import read_file
from trimtab.config.problems import refusal
from trimtab.errors import ConfigError
from trimtab.models import Position

MAX_BYTES = 2**20
_TOO_LARGE = f"the file is larger than {MAX_BYTES // 2**20} MiB; split the fleet"
_FIXES = {
    "Expecting property name enclosed in double quotes": "; quote the key, or remove the comma before it",
    "Expecting value": "; give a value, with text in double quotes, or remove the comma before it",
    "Expecting ',' delimiter": "; write a comma between the two",
    "Extra data": "; one file holds one fleet",
}
"""What to do about a mistake of JSON, by the words of Python's parser."""


class SourceText:
    """
    The text of a file, and what its offsets mean in lines and columns.

    Attributes:
        name: The file as messages call it.
        text: Its text, as the YAML parser reads it.
    """

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.text = text.removeprefix("\ufeff")
        self._starts = [0, *(index + 1 for index, char in enumerate(self.text) if char == "\n")]
        if name.lower().endswith(".json"):
            self.text = self._json_with_spaces()

    def place(self, offset: int) -> Position:
        """Where the character at `offset` is."""
        line = bisect_right(self._starts, min(offset, len(self.text)))
        return Position(self.name, line, offset - self._starts[line - 1] + 1)

    def refusal(self, offset: int, message: str) -> ConfigError:
        """An error about the file at `offset`."""
        return refusal(self.place(offset), message)

    def _json_with_spaces(self) -> str:
        # YAML refuses tabs between the tokens of JSON; inside JSON text no bare tab is legal
        try:
            json.loads(self.text)
        except json.JSONDecodeError as error:
            if not self.text.strip():
                return ""
            raise self.refusal(
                error.pos, f"invalid JSON: {error.msg[:1].lower()}{error.msg[1:]}{_FIXES.get(error.msg, '')}"
            ) from None
        except RecursionError:
            raise self.refusal(0, "lists and mappings are nested too deeply; flatten them") from None
        except ValueError:
            pass  # a number of thousands of digits: refused at its line, as in YAML
        return self.text.replace("\t", " ")


def read_text(path: Path, name: str) -> str:
    """
    The text of a fleet file.

    Raises:
        ConfigError: It is not a file, cannot be read, is too large or is no UTF-8 text.
    """
    return decode(read_file(path, name, MAX_BYTES, _TOO_LARGE), name)


def check_size(text: str, name: str) -> None:
    """Refuse text that is larger than a fleet file may be."""
    if len(text) > MAX_BYTES:
        raise refusal(Position(name, 1, 1), _TOO_LARGE)


def decode(data: bytes, name: str) -> str:
    """The text that UTF-8 bytes stand for, with or without a byte order mark."""
    if data.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        raise refusal(Position(name, 1, 1), "the file is UTF-16 or UTF-32; save it as UTF-8")
    try:
        text = data.removeprefix(BOM_UTF8).decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        message = f"byte {data[error.start]:#04x} is not UTF-8; save the file as UTF-8"
        raise refusal(Position(name, line, 1), message) from None
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise refusal(Position(name, line, 1), "the file has a NUL character; save it as UTF-8 text")
    return text
