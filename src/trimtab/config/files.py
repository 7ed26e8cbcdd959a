"""Reading and writing files that a user names: never without end, never where nothing would come."""

import errno
import os
import re
import stat
from pathlib import Path
from typing import BinaryIO

from trimtab.errors import ConfigError

_DESCRIPTOR = re.compile(r"/dev/(stdin|fd/\d+)|/proc/(self|\d+)/fd/\d+")
"""What a shell hands over: `<(command)`, or standard input by its path; open already, so whoever reads it may wait."""
_KINDS = {
    stat.S_IFDIR: "a directory; name the file in it",
    stat.S_IFIFO: "a named pipe; give a file, or `<(command)` in a shell",
    stat.S_IFSOCK: "a socket; give a file",
    stat.S_IFCHR: "a device; give a file",
    stat.S_IFBLK: "a device; give a file",
}
_FLAGS = sum(getattr(os, name, 0) for name in ("O_NONBLOCK", "O_CLOEXEC", "O_NOCTTY", "O_BINARY"))


def read_file(path: Path, name: str, limit: int, too_large: str) -> bytes:
    """
    The content of a regular file, or of what a shell hands over.

    Args:
        path: The file.
        name: What messages call it.
        limit: How many bytes it may have; a file of more is not read.
        too_large: What to say of such a file.

    Raises:
        ConfigError: It is not a file, is too large or cannot be read.
    """
    try:
        with open_file(path) as file:
            status = os.fstat(file.fileno())
            data = b"" if status.st_size > limit else file.read(limit + 1)
    except FileNotFoundError:
        raise ConfigError([f"{name}: file not found; check the path"]) from None
    except NotRegularError as error:
        raise ConfigError([f"{name}: {error.strerror}"]) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ConfigError([f"{name}: cannot be read: {reason}"]) from None
    if status.st_size > limit or len(data) > limit:
        raise ConfigError([f"{name}:1: {too_large}"])
    return data


class NotRegularError(OSError):
    """Something that is not a file: a folder, a pipe, a device."""


def open_file(path: Path) -> BinaryIO:
    """
    A regular file, or what a shell hands over, opened to be read.

    Raises:
        NotRegularError: It is something else.
        OSError: It cannot be opened.
    """
    if is_descriptor(path):
        return path.open("rb")
    _check_kind(os.stat(path))  # before it is opened, at which a device may act
    try:
        file = os.fdopen(os.open(path, os.O_RDONLY | _FLAGS), "rb")
    except IsADirectoryError:
        raise _not_regular(stat.S_IFDIR) from None
    try:
        _check_kind(os.fstat(file.fileno()))
    except NotRegularError:
        file.close()
        raise
    return file


def is_descriptor(path: Path) -> bool:
    """Whether a path is that of something that is open already."""
    return _DESCRIPTOR.fullmatch(str(path)) is not None


def _check_kind(status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise _not_regular(stat.S_IFMT(status.st_mode))


def _not_regular(kind: int) -> NotRegularError:
    return NotRegularError(errno.EINVAL, f"this is {_KINDS.get(kind, 'not a regular file; give one')}")


def write_file(path: Path, text: str) -> None:
    """
    Write a text; a named pipe that nobody reads is an error, not a wait.

    Raises:
        ConfigError: It cannot be written.
    """
    try:
        store_file(path, text.encode())
    except (OSError, ValueError) as error:
        raise ConfigError([f"{path} cannot be written: {getattr(error, 'strerror', None) or error}"]) from error


def store_file(path: Path, content: bytes) -> None:
    """
    Write a file. Where that fails, as on a full disk, it has what it had before; a new one is taken away again.

    It stays the same file, with its mode and its links. What it had is not cut off before all is written, so that there
    is room to bring it back.

    Raises:
        OSError: It cannot be written.
        ValueError: The path has a character that no path has.
    """
    is_new = not os.path.lexists(path)
    number = os.open(path, os.O_WRONLY | os.O_CREAT | _FLAGS, 0o666)
    with os.fdopen(number, "wb", buffering=0) as file:
        if hasattr(os, "set_blocking"):
            os.set_blocking(number, True)
        if not stat.S_ISREG(os.fstat(number).st_mode):
            _write_all(number, content)
            return
        before = None if is_new else _content(path)
        try:
            _write_all(number, content)
            file.truncate(len(content))
        except OSError:
            if before is None:
                path.unlink()
            else:
                file.seek(0)
                _write_all(number, before)
                file.truncate(len(before))
            raise


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except PermissionError:  # it may be written, not read
        return b""


def _write_all(number: int, content: bytes) -> None:
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(number, rest) :]
