"""What `check` found as JUnit XML, which continuous integration shows as tests."""

from collections.abc import Sequence
from xml.etree import ElementTree

from trimtab.cli.views.entries import Entry
from trimtab.cli.views.values import printable
from trimtab.models import Fleet

NO_TIME = "0.000"


def junit_xml(entries: Sequence[Entry], file: str, fleet: Fleet | None) -> str:
    """
    One suite for the file: a test that passes for each group without findings, one that fails for each finding.

    The elements and attributes are those of pytest's `xunit2`, which Jenkins holds against a schema:
    https://github.com/jenkinsci/xunit-plugin/blob/xunit-2.4.0/src/main/resources/org/jenkinsci/plugins/xunit/types/model/xsd/junit-10.xsd

    Args:
        entries: The rows.
        file: The fleet file.
        fleet: What it declares; `None` where it is not valid.
    """
    name = fleet.name if fleet else "trimtab"
    skipped = sum(entry.is_ignored for entry in entries)
    cases = [*_passing(entries, fleet, name), *(_case(entry, name) for entry in entries)]
    counts = {"tests": str(len(cases)), "failures": str(len(entries) - skipped), "errors": "0"}
    root = ElementTree.Element("testsuites", {"name": "trimtab", **counts, "time": NO_TIME})
    suite = {"name": printable(file), **counts, "skipped": str(skipped), "time": NO_TIME}
    ElementTree.SubElement(root, "testsuite", suite).extend(cases)
    return xml_of(root)


def xml_of(root: ElementTree.Element) -> str:
    """A document as text, with character references beyond ASCII: right whatever the encoding of the terminal is."""
    ElementTree.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ElementTree.tostring(root, encoding="us-ascii").decode()}\n'


def _passing(entries: Sequence[Entry], fleet: Fleet | None, name: str) -> list[ElementTree.Element]:
    if fleet is None:
        return []
    failing = {entry.group for entry in entries if not entry.is_ignored}
    groups = [group.name for group in fleet.groups if group.name not in failing]
    return [_test(name, "valid"), *(_test(f"{name}.{group}", "no findings") for group in groups)]


def _case(entry: Entry, fleet: str) -> ElementTree.Element:
    of_line = f"line {entry.position.line}" if entry.position else ""
    name = " ".join(part for part in (entry.code, entry.path or ("" if entry.group else of_line)) if part)
    case = _test(f"{fleet}.{entry.group}" if entry.group else fleet, name)
    place = [f"{entry.position}:{entry.position.column}"] if entry.position else []
    if entry.is_ignored:
        message = printable(entry.reason or "no reason given")
        ElementTree.SubElement(case, "skipped", {"type": entry.code, "message": message})
    else:
        failure = ElementTree.SubElement(case, "failure", {"type": entry.code, "message": printable(entry.text)})
        failure.text = "\n".join([*(printable(line) for line in place), *entry.lines])
    return case


def _test(classname: str, name: str) -> ElementTree.Element:
    where = {"classname": printable(classname), "name": printable(name), "time": NO_TIME}
    return ElementTree.Element("testcase", where)
