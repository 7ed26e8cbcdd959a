"""Check rules of other distributions, by entry point."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from importlib.metadata import EntryPoint

from trimtab.checks.finding import Remark
from trimtab.checks.rule import Rule, Subject
from trimtab.declarations.find import entries_of
from trimtab.errors import ConfigError

GROUP = "trimtab.checks"
"""The group of entry points in which a distribution names its rules, by how their codes begin."""
_PREFIX = re.compile(r"[A-Z]+")


@cache
def outside_rules() -> Mapping[str, Rule]:
    """
    The rules that other distributions bring, by code.

    Raises:
        ConfigError: Rules do not load, are not rules, or two distributions use the same codes.
    """
    rules: dict[str, Rule] = {}
    brought: dict[str, str] = {}
    for name, entry in sorted((_distribution(entry), entry) for entry in entries_of(GROUP)):
        if entry.name in brought:
            names = f"{brought[entry.name]} and {name}"
            raise ConfigError([f"{names} both bring checks called {entry.name!r}; uninstall one of them"])
        brought[entry.name] = name
        rules.update(_read(entry, name))
    return dict(sorted(rules.items()))


def _read(entry: EntryPoint, distribution: str) -> Mapping[str, Rule]:
    what = f"the checks {entry.name!r} of {distribution}"
    if not _PREFIX.fullmatch(entry.name) or entry.name.startswith("TT"):
        raise ConfigError([f"{what}: invalid prefix; use upper-case letters that do not begin with TT"])
    try:
        rules = entry.load()
    except Exception as error:
        raise ConfigError([f"{what} do not load: {type(error).__name__}: {error}"]) from error
    if not isinstance(rules, Mapping) or not all(isinstance(rule, Rule) for rule in rules.values()):
        raise ConfigError([f"{what}: {entry.value} is not a mapping from codes to `trimtab.checks.Rule`"])
    for code in rules:
        if not re.fullmatch(rf"{entry.name}[0-9]+", str(code)):
            raise ConfigError([f"{what}: invalid code {code!r}; write {entry.name} and a number, as {entry.name}101"])
    return {code: replace(rule, find=_guarded(code, rule, distribution)) for code, rule in rules.items()}


def _guarded(code: str, rule: Rule, distribution: str) -> Callable[[Subject], Iterator[Remark]]:
    """What the rule finds; whatever goes wrong in it names the rule."""

    def find(subject: Subject) -> Iterator[Remark]:
        try:
            remarks = list(rule.find(subject))
            if wrong := [remark for remark in remarks if not isinstance(remark, Remark)]:
                raise TypeError(f"it gave {type(wrong[0]).__name__}, not Remark")
        except Exception as error:
            where = f"check {code} of {distribution} failed on group {subject.group.name!r}"
            raise ConfigError([f"{where}: {type(error).__name__}: {error}"]) from error
        yield from remarks

    return find


def _distribution(entry: EntryPoint) -> str:
    return entry.dist.name if entry.dist else entry.value
