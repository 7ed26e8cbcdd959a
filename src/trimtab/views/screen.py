"""Where views are printed: results on one stream, everything about progress on another."""

import io
import json
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any, TextIO

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.text import Text

from trimtab.errors import ConfigError
from trimtab.views.values import printable

WIDE = 10_000
"""So wide that nothing is wrapped: what goes to a file is cut by whoever reads it."""
_ASCII = str.maketrans({"→": "->", "…": "...", "·": "-", "–": "-"})


class Screen:
    """
    Prints results on `out` and everything else on `err`.

    Args:
        out: For results: views, or one JSON document.
        err: For errors, progress and remarks.
        source: Where answers to questions come from.
        json: Results are JSON; nothing is asked.
    """

    def __init__(self, out: TextIO, err: TextIO, source: TextIO, *, json: bool = False) -> None:
        self._out, self._source = out, source
        self._console = _console(out)
        self.err = _console(err)
        self.json = json

    def show(self, view: RenderableType, data: Mapping[str, Any]) -> None:
        """Print a result: its view, or its data when results are JSON."""
        if self.json:
            self.document(data)
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
        for view, data in results:
            if self.json:
                self._out.write(json.dumps(data) + "\n")
            else:
                _print(self._console, Group(view, ""))
            self._out.flush()

    def view(self, view: RenderableType) -> None:
        """Print something that JSON has no part for; nothing when results are JSON."""
        if not self.json:
            _print(self._console, view)

    def show_json(self, data: Mapping[str, Any]) -> None:
        """Print what only JSON has a part for."""
        if self.json:
            self.document(data)

    def document(self, data: Mapping[str, Any]) -> None:
        """Print one JSON document."""
        self._out.write(json.dumps(data, indent=2) + "\n")

    def busy(self, text: str) -> AbstractContextManager[Any]:
        """Show on a terminal that something is going on."""
        return self.err.status(Text(text, "dim")) if self.err.is_terminal else nullcontext()

    def remark(self, text: str) -> None:
        """Print a sentence beside the results."""
        _print(self.err, Text(printable(text), style="dim"))

    def error(self, error: BaseException, message: str = "") -> None:
        """Print what went wrong: on the side for people, as the one document for programs."""
        problems, lines = (error.problems, error.lines) if isinstance(error, ConfigError) else ((), ())
        text = message or str(error)
        if self.json:
            more = {"problems": list(problems)} if problems else {}
            self.document({"error": {"type": type(error).__name__, "message": text, **more}})
            return
        for line in lines or (text,):
            _print(self.err, Text.assemble(("error: ", "bold red"), printable(line, lines=True)))

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


def _console(stream: TextIO) -> Console:
    return Console(file=stream, width=None if stream.isatty() else WIDE, highlight=False, emoji=False)


def _print(console: Console, view: RenderableType) -> None:
    if console.is_terminal:
        console.print(view)
        return
    text = rendered(view)
    encoding = (getattr(console.file, "encoding", None) or "utf-8").lower()
    if not encoding.startswith("utf"):
        text = text.translate(_ASCII).encode(encoding, "backslashreplace").decode(encoding)
    console.file.write(text)


def rendered(view: RenderableType, *, width: int = WIDE) -> str:
    """A view as plain text, without colours and without blanks at the ends of lines."""
    stream = io.StringIO()
    Console(file=stream, width=width, color_system=None, force_terminal=False, highlight=False, emoji=False).print(view)
    return "".join(f"{line.rstrip()}\n" for line in stream.getvalue().splitlines())
