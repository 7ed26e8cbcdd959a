"""The house: one class name has one meaning, and few names of values say no more than that something was found."""

import ast
from collections import Counter

from tests.house.rooms import BUILDINGS, CLOUDS, FILES, ROOT, tree

EMPTY = {"found", "one", "there", "asked", "made"}
MOST_EMPTY = 0.006
"""Which share of the bound names of the product may be such."""


def _role(path):
    """The file, and for a cloud's what it is called in each cloud."""
    parts = path.relative_to(ROOT).parts
    return (parts[0], *parts[2:]) if parts[0] in BUILDINGS and parts[1] in CLOUDS else parts


def test_a_class_name_has_one_meaning():
    """It stands once, or in the file of the same name of several clouds."""
    places = {}
    for path in FILES:
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.ClassDef):
                places.setdefault(node.name, []).append(path)
    several = {
        name for name, paths in places.items() if len(set(map(_role, paths))) > 1 or len(set(paths)) < len(paths)
    }
    assert not {name: [str(path.relative_to(ROOT)) for path in places[name]] for name in several}


def _bound(nodes):
    """The names that get a value, and those of parameters; not what only a comprehension knows."""
    inner = {id(name) for node in nodes if isinstance(node, ast.comprehension) for name in ast.walk(node.target)}
    for node in nodes:
        if isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and id(node) not in inner:
            yield node.id


def test_few_names_say_nothing():
    names = Counter(name for path in FILES for name in _bound(list(ast.walk(tree(path)))))
    empty = {name: names[name] for name in EMPTY}
    assert sum(empty.values()) <= MOST_EMPTY * names.total(), (empty, names.total())
