"""Checking a fleet: every chosen rule on every group."""

from collections.abc import Collection, Iterator, Sequence

from trimtab.checks.finding import Finding
from trimtab.checks.registry import RULES
from trimtab.checks.rule import Rule, Subject, advised_clouds
from trimtab.declarations import declarations_of
from trimtab.declarations.blocks import check_settings
from trimtab.errors import ConfigError
from trimtab.models import Fleet


def check_fleet(
    fleet: Fleet, *, provider: str | None = None, select: Collection[str] = (), ignore: Collection[str] = ()
) -> tuple[Finding, ...]:
    """
    Advice about a fleet before it hurts; asks no cloud.

    Args:
        fleet: What to look at.
        provider: The cloud that it is for; every cloud when left out.
        select: Only these codes, or those that begin so: `TT101`, `TT4`; all when empty.
        ignore: Without these.

    Returns:
        Findings in the order of the groups, within a group by code.

    Raises:
        ConfigError: No code begins so, no provider has that name, or its block under `settings:` is wrong.
    """
    rules = _chosen(select, ignore)
    clouds = _clouds(provider)
    if provider is not None:
        check_settings(fleet, provider)
    return tuple(finding for group in fleet.groups for finding in _findings(Subject(fleet, group, clouds), rules))


def _clouds(provider: str | None) -> tuple[str, ...]:
    if provider is None:
        return advised_clouds()
    return (declarations_of(provider).name,)


def _chosen(select: Collection[str], ignore: Collection[str]) -> Sequence[tuple[str, Rule]]:
    wanted, left_out = _codes(select or ("TT",)), _codes(ignore)
    return [(code, rule) for code, rule in RULES.items() if code in wanted and code not in left_out]


def _codes(prefixes: Collection[str]) -> set[str]:
    selected: set[str] = set()
    for prefix in prefixes:
        codes = {code for code in RULES if prefix and code.startswith(prefix)}
        if not codes:
            raise ConfigError([f"no check is called {prefix!r} or begins so; there are {', '.join(RULES)}"])
        selected |= codes
    return selected


def _findings(subject: Subject, rules: Sequence[tuple[str, Rule]]) -> Iterator[Finding]:
    group = subject.group.name
    for code, rule in rules:
        for path, text, mend in rule.find(subject):
            place = subject.fleet.position(group, path)
            yield Finding(code=code, group=group, path=path, text=text, mend=mend, position=place)
