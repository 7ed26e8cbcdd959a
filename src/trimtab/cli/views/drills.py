"""A drill as a table, with what did not hold and its fix below."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from xml.etree import ElementTree

from rich.console import Group, RenderableType
from rich.text import Text

from trimtab.cli.views.junit import NO_TIME, xml_of
from trimtab.cli.views.table import Rows
from trimtab.cli.views.values import Indented, Prose, printable
from trimtab.drills.outcome import Drill
from trimtab.drills.results import DrillResult, DrillVerdict
from trimtab.drills.scenarios import Scenario

_STYLES: Mapping[DrillVerdict, str] = {
    DrillVerdict.HELD: "green",
    DrillVerdict.NOT_HELD: "bold red",
    DrillVerdict.NOT_TRIED: "dim",
}


def drill_view(drill: Drill) -> RenderableType:
    """Each scenario with its groups: what was seen, and by what one learns of it."""
    return Group(*_parts(drill))


def _parts(drill: Drill) -> Iterator[RenderableType]:
    for scenario, results in groupby(drill, key=lambda each: each.scenario):
        yield Text(scenario, "bold")
        # groups of one cloud often do the same: they share their lines
        lines: dict[tuple[str, ...], list[str]] = {}
        verdicts: dict[tuple[str, ...], DrillVerdict] = {}
        for each in results:
            key = tuple(_lines(each))
            lines.setdefault(key, []).append(each.group)
            verdicts[key] = each.verdict
        for key, names in lines.items():
            verdict = verdicts[key]
            subject = printable(", ".join(filter(None, names)))
            yield Indented(Prose.assemble((verdict.value, _STYLES[verdict]), f"  {subject}" if subject else ""), 2)
            for line in key:
                yield Indented(Prose(printable(line), "" if verdict is DrillVerdict.NOT_HELD else "dim"), 4)
    yield ""
    yield from (Prose(printable(f"note: {note}"), "dim") for note in drill.notes)
    yield Text(str(drill))


def _lines(result: DrillResult) -> Iterator[str]:
    if result.reason:
        yield result.reason
    for check in result.checks:
        yield str(check) if check.held else f"NOT HELD: {check}"
        if check.fix:
            yield f"fix: {check.fix}"


def scenarios_view(scenarios: Sequence[Scenario]) -> RenderableType:
    """The scenarios by name."""
    rows = [[Text(each.name, "bold"), Text(each.done), Text(each.expected)] for each in scenarios]
    return Rows(("scenario", "what is done", "what is expected"), rows)


def drill_junit(drill: Drill, file: str) -> str:
    """One suite for each scenario: a test for each group."""
    counts = {"tests": str(len(drill.results)), "failures": str(len(drill.failures)), "errors": "0"}
    root = ElementTree.Element("testsuites", {"name": "trimtab drill", **counts, "time": NO_TIME})
    for scenario, results in groupby(drill, key=lambda each: each.scenario):
        cases = list(results)
        failed = sum(each.verdict is DrillVerdict.NOT_HELD for each in cases)
        skipped = sum(each.verdict is DrillVerdict.NOT_TRIED for each in cases)
        about = {"tests": str(len(cases)), "failures": str(failed), "errors": "0", "skipped": str(skipped)}
        suite = ElementTree.SubElement(root, "testsuite", {"name": scenario, **about, "time": NO_TIME})
        suite.extend(_case(each, printable(f"{file}.{drill.fleet}")) for each in cases)
    return xml_of(root)


def _case(result: DrillResult, classname: str) -> ElementTree.Element:
    name = f"{result.scenario} {result.group}".strip()
    case = ElementTree.Element("testcase", {"classname": classname, "name": printable(name), "time": NO_TIME})
    if result.verdict is DrillVerdict.NOT_TRIED:
        ElementTree.SubElement(case, "skipped", {"type": "not-tried", "message": printable(result.reason)})
    elif result.failures:
        message = printable("; ".join(map(str, result.failures)))
        failure = ElementTree.SubElement(case, "failure", {"type": "not-held", "message": message})
        told = [f"told by {each}" for each in result.told]
        failure.text = "\n".join(printable(line) for line in [*_lines(result), *told])
    return case
