"""Checking a fleet: every chosen rule on every group."""

from collections.abc import Collection, Iterator, Mapping, Sequence

from trimtab.checks.comments import about_comments, ignores_of, suppress
from trimtab.checks.finding import Finding, page_of
from trimtab.checks.registry import RULES, all_rules
from trimtab.checks.rule import Rule, Subject, advised_clouds, finders_of, remarks_of
from trimtab.declarations import declarations_of
from trimtab.declarations.blocks import check_settings
from trimtab.errors import ConfigError
from trimtab.models import Fleet
from trimtab.phrases import closest


def check_fleet(
    fleet: Fleet,
    *,
    provider: str | None = None,
    select: Collection[str] = (),
    ignore: Collection[str] = (),
    show_ignored: bool = False,
) -> tuple[Finding, ...]:
    """
    Advice about a fleet before it hurts; asks no cloud.

    Args:
        fleet: What to look at.
        provider: The cloud that it is for; every cloud when left out.
        select: Only these codes, or those that begin so: `TT101`, `TT4`; all when empty.
        ignore: Without these.
        show_ignored: Also what comments of the file leave out (`# trimtab: ignore[TT101] reason`), marked as such.

    Returns:
        Findings in the order of the groups, within a group by code; then those about comments of the file.

    Raises:
        ConfigError: No code begins so, no provider has that name, its block under `settings:` or what stands under
            `native` is wrong, or rules of another distribution do not work.
    """
    known = all_rules()
    rules = chosen_rules(known, select, ignore)
    clouds = _clouds(provider)
    if provider is not None:
        fleet = fleet.for_provider(provider)
        check_settings(fleet, provider)
    from trimtab.checks.natives import check_natives  # plans hold native leaves against the models themselves

    check_natives(fleet, clouds)
    findings = tuple(find_all(fleet, clouds, rules))
    if fleet._comments:
        findings = _with_comments(fleet, clouds, rules, findings, known)
    return tuple(finding for finding in findings if show_ignored or not finding.is_ignored)


def find_all(fleet: Fleet, clouds: Sequence[str], rules: Mapping[str, Rule]) -> Iterator[Finding]:
    """What rules find in a fleet on some clouds, whatever its file leaves out."""
    finders = {code: finders_of(code, rule, clouds, fleet) for code, rule in rules.items()}
    for group in fleet.groups:
        subject = Subject(fleet, group, tuple(clouds))
        for code, rule in rules.items():
            for path, text, mend in remarks_of(finders[code], subject):
                place = fleet.position(group.name, path)
                page = page_of(code) if code in RULES else rule.page
                yield Finding(code=code, group=group.name, path=path, text=text, mend=mend, position=place, page=page)


def chosen_rules(known: Mapping[str, Rule], select: Collection[str], ignore: Collection[str]) -> Mapping[str, Rule]:
    """
    The rules that are selected and not ignored, each by its code or how it begins.

    Raises:
        ConfigError: No code begins so.
    """
    wanted = _codes(select, known) if select else known.keys()
    left_out = _codes(ignore, known)
    return {code: rule for code, rule in known.items() if code in wanted and code not in left_out}


def _clouds(provider: str | None) -> tuple[str, ...]:
    if provider is None:
        return advised_clouds()
    return (declarations_of(provider).name,)


def _codes(prefixes: Collection[str], known: Collection[str]) -> set[str]:
    selected: set[str] = set()
    for prefix in prefixes:
        codes = {code for code in known if prefix and code.startswith(prefix)}
        if not codes:
            raise ConfigError([f"unknown check {prefix!r}; {_suggestion(prefix, known)}"])
        selected |= codes
    return selected


def _suggestion(prefix: str, known: Collection[str]) -> str:
    close = closest(prefix.upper(), known)
    return f"{f'did you mean {close}? ' if close else ''}The checks are {', '.join(known)}"


def _with_comments(
    fleet: Fleet, clouds: Sequence[str], rules: Mapping[str, Rule], found: Sequence[Finding], known: Mapping[str, Rule]
) -> tuple[Finding, ...]:
    """The findings with those marked that comments leave out, and what is wrong with the comments."""
    ignores = ignores_of(fleet)
    marked, used = suppress(fleet, found, ignores)
    unused = {code for ignore in ignores for code in ignore.codes if (ignore, code) not in used}
    if unused and len(clouds) == 1:
        # what is found on another cloud only is ignored there
        others = {code: rule for code, rule in rules.items() if code in unused}
        used |= suppress(fleet, find_all(fleet, [*clouds, *advised_clouds()], others), ignores)[1]
    return (*marked, *about_comments(fleet, rules, known.keys(), marked, used))
