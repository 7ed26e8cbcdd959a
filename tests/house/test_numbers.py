"""A limit of a vendor's that stands in a provider's code says where it comes from."""

import ast
import re
from pathlib import Path

import pytest

import trimtab

PROVIDERS = Path(trimtab.__file__).parent / "providers"
LIMIT = re.compile(r"_?(LONGEST|SHORTEST|MOST|LEAST|LARGEST|DEFAULT|GRAINS|PAGE)|FREQUENCIES|WINDOWS$")
SOURCE = re.compile(r"https://\S+|botocore [\w-]+:\w+")
OURS = {
    "aws/importing/alarms.py": {"_LONGEST": "of a fleet file"},
    "azure/schedules.py": {"LONGEST_FIXED_DATE": "the engine's"},
    "azure/translate.py": {"MOST_VERSIONS": "what a rollout tells apart"},
    "gcp/resources.py": {"LONGEST_RUN": "what a mark may take", "LONGEST_PREVIOUS": "what a mark may take"},
    "gcp/rolling.py": {"MOST_NUMBERS": "follows from the length of a filter"},
    "gcp/translate.py": {"LONGEST_KEPT": "what a mark may take"},
}
"""Numbers that we chose, by file and name, and what of."""


def limits_of(path):
    """The constants of a module that are limits, each with what is written beside it."""
    text = path.read_text(encoding="utf-8")
    lines, body = text.splitlines(), ast.parse(text).body
    for at, node in enumerate(body):
        if not isinstance(node, ast.Assign):
            continue
        names = [each.id for each in ast.walk(node.targets[0]) if isinstance(each, ast.Name)]
        numbers = [each for each in ast.walk(node.value) if isinstance(each, ast.Constant) and type(each.value) is int]
        if not numbers or not any(map(LIMIT.match, names)):
            continue
        end = next(
            (after.end_lineno for after in body[at + 1 : at + 3] if isinstance(after, ast.Expr)), node.end_lineno
        )
        yield names, "\n".join(lines[max(0, node.lineno - 3) : end])


@pytest.mark.parametrize("cloud", ["aws", "azure", "gcp"])
def test_limits_name_their_source(cloud):
    folder, found, bare = PROVIDERS / cloud, [], []
    for path in sorted(folder.rglob("*.py")):
        place = path.relative_to(PROVIDERS).as_posix()
        for names, beside in limits_of(path):
            found += names
            if not SOURCE.search(beside) and not {*names} & {*OURS.get(place, ())}:
                bare.append((place, names))
    assert len(found) > 3
    assert not bare


def test_what_is_ours_is_there():
    """An exception for what is gone would hide what comes after it."""
    there = {place: {name for names, _ in limits_of(PROVIDERS / place) for name in names} for place in OURS}
    assert all(set(names) <= there[place] for place, names in OURS.items())
