"""Comments of a file that are addressed to trimtab."""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence

import yaml

from trimtab.config.source import SourceText
from trimtab.models.fleet import Comment

_ADDRESSED = re.compile(r"#[ \t]*trimtab[ \t]*:[ \t]*", re.IGNORECASE)


def find_comments(source: SourceText, root: yaml.Node) -> tuple[Comment, ...]:
    """
    The comments of a file that begin with `# trimtab:`, in its order.

    PyYAML keeps no comments: whatever looks like one is a comment unless it is part of a value.

    Args:
        source: The file.
        root: What PyYAML made of it.
    """
    matches = list(_ADDRESSED.finditer(source.text))
    if not matches:
        return ()
    scalars = sorted(_scalars(source.text, root))
    begins = [begin for begin, _ in scalars]
    below = _lines_below(source.text.split("\n"))
    found = []
    for match in matches:
        place = bisect_right(begins, match.start())
        if not place or match.start() >= scalars[place - 1][1]:
            found.append(_comment(source, match, below))
    return tuple(found)


def _comment(source: SourceText, match: re.Match[str], below: Sequence[int]) -> Comment:
    text, position = source.text, source.place(match.start())
    end = _line_end(text, match.end())
    following = _ADDRESSED.search(text, match.end(), end)
    said = text[match.end() : following.start() if following else end].strip()
    before = text[match.start() - position.column + 1 : match.start()].strip()
    is_alone = not before or before.startswith("#")
    return Comment(said, position, below[position.line - 1] if is_alone else position.line)


def _lines_below(lines: Sequence[str]) -> Sequence[int]:
    """For each line its number, or where it is a comment that of the next line that is none."""
    below = list(range(1, len(lines) + 1))
    for index in reversed(range(len(lines) - 1)):
        if lines[index].lstrip().startswith("#"):
            below[index] = below[index + 1]
    return below


def _line_end(text: str, offset: int) -> int:
    end = text.find("\n", offset)
    return len(text) if end < 0 else end


def _scalars(text: str, root: yaml.Node) -> Iterator[tuple[int, int]]:
    """Where the file has scalars, in which nothing is a comment."""
    seen: set[int] = set()
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        match node:
            case yaml.MappingNode():
                waiting.extend(part for pair in node.value for part in pair)
            case yaml.SequenceNode():
                waiting.extend(node.value)
            case yaml.ScalarNode():
                begin = node.start_mark.index
                # the first line of a block scalar, `|` or `>`, may end in a comment
                yield _line_end(text, begin) if node.style in ("|", ">") else begin, node.end_mark.index
