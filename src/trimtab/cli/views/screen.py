"""Where views are printed: results on one stream, everything about progress on another."""

import io
import json
import logging
import os
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any, TextIO

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.text import Text

from trimtab.cli.views.values import Prose, printable
from trimtab.errors import ConfigError

WIDE = 10_000
"""So wide that nothing is wrapped: what goes to a file is cut by whoever reads it, unless COLUMNS says how wide."""
FORMAT_VERSION = 1
"""Of all documents of `--format json`; greater once a field is taken away or means something else."""
_ASCII = str.maketrans({"→": "->", "…": "...", "·": "-", "–": "-"})


class Screen:
    """
    Prints results on `out` and everything else on `err`.

    Args:
        out: For results: views, or one JSON document.
        err: For errors, progress and remarks.
        source: Where answers to questions come from.
        json: Results are JSON; nothing is asked.
        color: Terminals get colours, unless NO_COLOR is set.
    """

    def __init__(self, out: TextIO, err: TextIO, source: TextIO, *, json: bool = False, color: bool = True) -> None:
        self._out, self._source = out, source
        self._console = _console(out, _width(out), color=color)
        # one error is one line in a pipe, however wide
        self.err = _console(err, None if err.isatty() else WIDE, color=color)
        self.json = json
        self.markdown = False
        """Whether results are Markdown, of commands that have it."""
        self.verbosity = 0
        """What is said beside the results: below 0 errors only, 0 progress and remarks, above 0 the log."""
        self.json_log = False
        """Whether everything beside the results is a line of JSON each."""

    def show(self, view: RenderableType, data: Mapping[str, Any]) -> None:
        """Print a result: its view, or its data when results are JSON."""
        if self.json:
            self._own_document(data)
        else:
            _print(self._console, view)

    def show_each(self, results: Iterable[tuple[RenderableType, Mapping[str, Any]]]) -> None:
        """
        Print results as they come, each by its view and its data.

        On a terminal one takes the place of the other; elsewhere they follow each other, as JSON a line each.
        """
        if self._console.is_terminal and not self.json:
            with Live(console=self._console, auto_refresh=False) as table:
                for view, _ in results:
                    table.update(view, refresh=True)
            return
        self.lines((Group(view, ""), data) for view, data in results)

    def lines(self, results: Iterable[tuple[RenderableType, Mapping[str, Any]]]) -> None:
        """Print results as they come, one below the other; as JSON a line each."""
        for view, data in results:
            if self.json:
                self._out.write(json.dumps({"format_version": FORMAT_VERSION, **data}) + "\n")
            else:
                _print(self._console, view)
            self._out.flush()

    def view(self, view: RenderableType) -> None:
        """Print something that JSON has no part for; nothing when results are JSON."""
        if not self.json:
            _print(self._console, view)

    def show_json(self, data: Mapping[str, Any]) -> None:
        """Print what only JSON has a part for."""
        if self.json:
            self._own_document(data)

    def document(self, data: Mapping[str, Any]) -> None:
        """Print one JSON document of somebody else's form."""
        self._out.write(json.dumps(data, indent=2) + "\n")

    def _own_document(self, data: Mapping[str, Any]) -> None:
        self.document({"format_version": FORMAT_VERSION, **data})

    def text(self, text: str) -> None:
        """Print text for programs as it is; what the stream cannot take is an escape."""
        encoding = getattr(self._out, "encoding", None) or "utf-8"
        self._out.write(text.encode(encoding, "backslashreplace").decode(encoding))

    def busy(self, text: str) -> AbstractContextManager[Any]:
        """Show on a terminal that something is going on."""
        shown = self.err.is_terminal and self.verbosity == 0
        return self.err.status(Text(text, "dim")) if shown else nullcontext()

    def remark(self, text: str) -> None:
        """Print a sentence beside the results."""
        if self.verbosity < 0:
            return
        if self.json_log:
            self.log(_entry(logging.INFO, text))
        else:
            _print(self.err, Prose(printable(text), style="dim"))

    def log(self, line: str) -> None:
        """Print an entry of the log as it was put into words."""
        if self.json_log:
            self.err.file.write(f"{line}\n")
            self.err.file.flush()
        else:
            self.remark(line)

    def error(self, error: BaseException, message: str = "") -> None:
        """Print what went wrong: on the side for people, as the one document for programs."""
        lines = error.lines if isinstance(error, ConfigError) else ()
        text = message or str(error)
        if self.json:
            more = {"problems": _structured(error)} if isinstance(error, ConfigError) else {}
            self._own_document({"error": {"type": type(error).__name__, "message": text, **more}})
            return
        for line in lines or (text,):
            if self.json_log:
                self.log(_entry(logging.ERROR, line))
                continue
            _print(self.err, Prose.assemble(("error: ", "bold red"), printable(line, lines=True)))

    def read_source(self, most: int) -> bytes:
        """What comes from where answers come from, to its end or to so many bytes."""
        buffer = getattr(self._source, "buffer", None)
        data: bytes = self._source.read(most).encode() if buffer is None else buffer.read(most)
        return data

    @property
    def can_ask(self) -> bool:
        """Whether somebody who sees the results can answer."""
        return not self.json and self._source.isatty() and self._out.isatty()

    def ask(self, question: str) -> bool:
        """Whether the answer to `question` is yes."""
        self._console.print(f"\n{question} [y/N] ", end="", markup=False, highlight=False)
        self._out.flush()
        return self._source.readline().strip().lower() in ("y", "yes")


def _entry(level: int, text: str) -> str:
    """A sentence of the command line's own, in the form of the log."""
    from trimtab.logs import JsonFormatter

    return JsonFormatter().format(logging.LogRecord("trimtab", level, "", 0, text, None, None))


def _structured(error: ConfigError) -> list[dict[str, Any]]:
    """The mistakes of a file in the form that the problems of plans have."""
    places = [place or (None, None, None) for place in error.places]
    return [
        {
            "message": text.removeprefix(f"{file}:{line}: "),
            "group": None,
            "path": None,
            "code": None,
            "file": file,
            "line": line,
        }
        for text, (file, line, _) in zip(error.problems, places, strict=True)
    ]


def _console(stream: TextIO, width: int | None, *, color: bool) -> Console:
    no_color = None if color else True
    return Console(file=stream, width=width, no_color=no_color, highlight=False, emoji=False)


def _width(stream: TextIO) -> int | None:
    """How wide lines are: as COLUMNS says, else as the terminal is."""
    columns = os.environ.get("COLUMNS", "")
    if columns.isdecimal() and int(columns) > 0:
        return int(columns)
    return None if stream.isatty() else WIDE


def _print(console: Console, view: RenderableType) -> None:
    if console.is_terminal:
        console.print(Group(view), crop=False)  # by itself a text would be joined to plain text, which breaks words
        return
    text = rendered(view, width=console.width)
    encoding = (getattr(console.file, "encoding", None) or "utf-8").lower()
    if not encoding.startswith("utf"):
        text = text.translate(_ASCII).encode(encoding, "backslashreplace").decode(encoding)
    console.file.write(text)


def rendered(view: RenderableType, *, width: int = WIDE) -> str:
    """A view as plain text, without colours and without blanks at the ends of lines."""
    stream = io.StringIO()
    console = Console(file=stream, width=width, color_system=None, force_terminal=False, highlight=False, emoji=False)
    console.print(Group(view), crop=False)
    return "".join(f"{line.rstrip()}\n" for line in stream.getvalue().splitlines())
