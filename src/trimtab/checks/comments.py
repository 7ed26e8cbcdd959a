"""TT7xx: comments of the file that leave findings out, `# trimtab: ignore[TT101] reason`, and mistakes in them."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from trimtab.checks.finding import Finding, Remark, page_of
from trimtab.checks.rule import Rule, Subject
from trimtab.models import Fleet
from trimtab.models.fleet import Comment
from trimtab.phrases import closest, in_words

UNUSED, UNKNOWN, NO_REASON, UNREADABLE = "TT701", "TT702", "TT703", "TT704"
LONGEST = 60
_IGNORE = re.compile(r"ignore\s*\[([^\]]*)\](.*)")
Use = tuple["Ignore", str]
"""A comment, and one of the codes that it names."""


def only_files_know(subject: Subject) -> Iterator[Remark]:
    """Nothing: it is about the file's comments, which are in no group."""
    yield from ()


@dataclass(frozen=True, slots=True)
class Ignore:
    """A comment that leaves findings of some codes out, on its line and in what is inside of what begins there."""

    comment: Comment
    codes: tuple[str, ...]
    reason: str


def read_ignore(comment: Comment) -> Ignore | None:
    """What a comment leaves out; `None` when it cannot be read."""
    match = _IGNORE.fullmatch(comment.text)
    codes = tuple(dict.fromkeys(code for code in re.split(r"[,\s]+", match[1]) if code)) if match else ()
    return Ignore(comment, codes, match[2].strip(" \t\r:-–—")) if match and codes else None


def ignores_of(fleet: Fleet) -> Sequence[Ignore]:
    """The comments of a fleet's file that leave findings out."""
    return [ignore for comment in fleet._comments if (ignore := read_ignore(comment)) is not None]


def is_ignored(fleet: Fleet, code: str, group: str, path: str = "") -> bool:
    """Whether a comment of the file leaves a finding out."""
    return bool(fleet._comments) and _ignoring(fleet, ignores_of(fleet), code, group, path) is not None


def suppress(fleet: Fleet, findings: Iterable[Finding], ignores: Sequence[Ignore]) -> tuple[list[Finding], set[Use]]:
    """The findings, with those marked that comments leave out; and which comments do, by which of their codes."""
    result: list[Finding] = []
    used: set[Use] = set()
    for finding in findings:
        ignore = _ignoring(fleet, ignores, finding.code, finding.group, finding.path)
        if ignore is None:
            result.append(finding)
            continue
        used |= {(other, finding.code) for other in ignores if other.comment.line == ignore.comment.line}
        result.append(replace(finding, is_ignored=True, reason=ignore.reason))
    return result, used


def _ignoring(fleet: Fleet, ignores: Sequence[Ignore], code: str, group: str, path: str) -> Ignore | None:
    named = [ignore for ignore in ignores if code in ignore.codes]
    lines = _lines(fleet, group, path) if named else ()
    return next((ignore for line in lines for ignore in named if ignore.comment.line == line), None)


def _lines(fleet: Fleet, group: str, path: str) -> Sequence[int]:
    """The lines of a field and of what is around it, up to its group."""
    steps = path.split(".") if path else []
    around = [fleet.position(group, ".".join(steps[:depth])) for depth in range(len(steps), -1, -1)]
    return [position.line for position in around if position is not None]


def about_comments(
    fleet: Fleet, rules: Mapping[str, Rule], known: Collection[str], findings: Sequence[Finding], used: Collection[Use]
) -> Iterator[Finding]:
    """
    What is wrong with the comments themselves, in the order of the file.

    Args:
        fleet: What the file declares.
        rules: The rules that were asked: no other code is called unused.
        known: All codes.
        findings: What was found.
        used: Which comments left something out on some cloud, by which of their codes.
    """
    for comment in fleet._comments:
        ignore = read_ignore(comment)
        said = _unreadable(comment) if ignore is None else _wrong(ignore, rules, known, findings, used)
        for code, text, mend in said:
            if code in rules:
                group, path = _place(fleet, comment.line)
                yield Finding(
                    code=code,
                    group=group,
                    path=path,
                    text=text,
                    mend=mend,
                    position=comment.position,
                    page=page_of(code),
                )


def _unreadable(comment: Comment) -> Iterator[tuple[str, str, str]]:
    text = comment.text if len(comment.text) <= LONGEST else f"{comment.text[:LONGEST]}..."
    mend = "write `# trimtab: ignore[TT101] reason`, with the codes in brackets, or remove it"
    yield UNREADABLE, f"the comment `# trimtab: {text}` cannot be read, so it ignores nothing", mend


def _wrong(
    ignore: Ignore,
    rules: Mapping[str, Rule],
    known: Collection[str],
    findings: Sequence[Finding],
    used: Collection[Use],
) -> Iterator[tuple[str, str, str]]:
    for code in ignore.codes:
        if code not in known:
            yield UNKNOWN, f"the comment ignores {code!r}, which is an unknown check", _likely(code, known)
        elif code in rules and rules[code].of_comments:
            mend = f'remove it; `ignore = ["{code}"]` in trimtab.toml leaves {code} out'
            yield UNUSED, f"the comment ignores nothing: {code} is about comments themselves", mend
        elif code in rules and not rules[code].live and (ignore, code) not in used:
            text = f"the comment ignores nothing: {code} finds nothing on line {ignore.comment.line}"
            yield UNUSED, text, _elsewhere(ignore.comment.line, code, findings)
    if not ignore.reason:
        codes = in_words(ignore.codes)
        mend = f"say why after the bracket: `# trimtab: ignore[{', '.join(ignore.codes)}] because ...`"
        yield NO_REASON, f"the comment ignores {codes} without a reason", mend


def _likely(code: str, known: Collection[str]) -> str:
    within = [other for other in known if other.startswith(code)]
    if within:
        return f"name each check: {in_words(within)}"
    close = closest(code.upper(), known)
    return f"did you mean {close}? Otherwise remove it" if close else "remove it; the codes are in the documentation"


def _elsewhere(line: int, code: str, findings: Sequence[Finding]) -> str:
    lines = [
        finding.position.line
        for finding in findings
        if finding.code == code and finding.position and not finding.is_ignored
    ]
    nearest = min(lines, key=lambda other: abs(other - line), default=None)
    return "remove it" if nearest is None else f"move it to line {nearest}, where {code} is found, or remove it"


def _place(fleet: Fleet, line: int) -> tuple[str, str]:
    """The group and the field that begin on a line; empty where several groups, or none, do."""
    begin = [steps for steps, place in fleet._positions.items() if place.line == line and steps[:1] == ("groups",)]
    within = sorted((steps for steps in begin if len(steps) > 1), key=len)
    return (within[0][1], ".".join(within[0][2:])) if len({steps[1] for steps in within}) == 1 else ("", "")
