"""
What trimtab says when something is wrong: every text of an error, a problem or a note, from the source.

`python -m tools.texts` prints each with its file; `python -m tools.texts REVISION` prints what became of those that a
revision of the repository had: as they were, in other words (before and after), or gone.
"""

import ast
import io
import subprocess
import sys
import tarfile
from collections.abc import Iterable, Iterator, Mapping
from difflib import SequenceMatcher
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGE = "src/trimtab"
SAYING = frozenset(
    [
        "Breach",
        "Finding",
        "ItemProblem",
        "Note",
        "PortabilityRemark",
        "Remark",
        "RolloutRemark",
        "Unused",
        "error",
        "fail",
        "invalid",
        "note",
        "problem",
        "problems",
        "refuse",
        "stop",
        "unused",
    ]
)
"""What is called with a text that people read."""
NAMED = frozenset(["fix", "hint", "message", "problem", "reason", "text", "told", "why"])
"""What holds such a text before it is said."""
ALIKE = 0.55
"""From which likeness on one text is another in other words."""


def main(arguments: list[str]) -> int:
    """Print the texts, or what became of those of a revision."""
    today = texts_of({str(path.relative_to(ROOT)): path.read_text() for path in (ROOT / PACKAGE).rglob("*.py")})
    if not arguments:
        for text, path in sorted(today.items()):
            print(f"{path}: {text}")
        return 0
    before = texts_of(dict(sources_at(arguments[0])))
    kept = before.keys() & today.keys()
    print(f"{len(before)} texts at {arguments[0]}, {len(today)} today; {len(kept)} are as they were")
    new = sorted(today.keys() - kept)
    for text in sorted(before.keys() - kept):
        print(f"\n- {text}\n+ {nearest(text, new) or '(gone)'}")
    return 0


def sources_at(revision: str) -> Iterator[tuple[str, str]]:
    """The files of the package at a revision, each with its text."""
    archive = subprocess.run(["git", "archive", revision, PACKAGE], cwd=ROOT, check=True, capture_output=True).stdout
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        for member in files:
            if member.name.endswith(".py") and (file := files.extractfile(member)):
                yield member.name, file.read().decode()


def texts_of(sources: Mapping[str, str]) -> dict[str, str]:
    """Every text, each with the file that has it; those of emulators are their clouds' own."""
    found: dict[str, str] = {}
    for path, source in sorted(sources.items()):
        if "/emulators/" not in path:
            for node in ast.walk(ast.parse(source)):
                for text in _said(node):
                    found.setdefault(" ".join(text.split()), path)
    return found


def nearest(text: str, among: Iterable[str]) -> str | None:
    """The text that says the same in other words; `None` where there is none."""
    matcher = SequenceMatcher(None, "", text, autojunk=False)
    best, found = ALIKE, None
    for other in among:
        matcher.set_seq1(other)
        if matcher.real_quick_ratio() > best and matcher.quick_ratio() > best and (ratio := matcher.ratio()) > best:
            best, found = ratio, other
    return found


def _said(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Raise(exc=ast.Call(args=args, keywords=keywords)):
            yield from _texts([*args, *(each.value for each in keywords)], words=3)
        case ast.Call(func=ast.Name(name) | ast.Attribute(attr=name), args=args, keywords=keywords) if name in SAYING:
            yield from _texts([*args, *(each.value for each in keywords)], words=3)
        case ast.Assign(targets=[ast.Name(name)], value=value) if name in NAMED:
            yield from _texts([value], words=2)
        case ast.Yield(value=ast.Tuple(parts)) | ast.Return(value=ast.Tuple(parts)):
            yield from _texts(parts, words=4)
        case ast.Return(value=ast.expr() as value):
            yield from _texts([value], words=4)
        case _:
            pass


def _texts(values: Iterable[ast.expr], *, words: int) -> Iterator[str]:
    yield from (text for value in values if len((text := _text(value)).split()) >= words)


def _text(value: ast.expr) -> str:
    match value:
        case ast.Constant(str(text)):
            return text
        case ast.JoinedStr(parts):
            return "".join(map(_text, parts))
        case ast.FormattedValue(inner):
            return f"{{{ast.unparse(inner)}}}"
        case ast.BinOp(left, ast.Add(), right):
            return f"{_text(left)}{_text(right)}"
        case ast.IfExp(body=body):
            return _text(body)
        case _:
            return ""


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
