"""What reads the reports of `check` gets what was found: GitHub's runner, readers of SARIF and of JUnit XML."""

import json
import re
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlparse
from xml.etree import ElementTree

import pytest

pytest.importorskip("rich")
pytest.importorskip("jsonschema")

import jsonschema
from hypothesis import given, settings
from hypothesis import strategies as st

import trimtab as tt
from tests.laws import examples
from trimtab.checks import RULES, Finding
from trimtab.cli.views.annotations import annotations
from trimtab.cli.views.entries import Entry, finding_entries, mistake_entries
from trimtab.cli.views.junit import junit_xml
from trimtab.cli.views.sarif import sarif_log
from trimtab.errors import ConfigError
from trimtab.models.fleet import Position

FOLDER = Path("/work/shop")
TEXT = """\
name: shop
groups:
  web:
    capacity: {min: 2, max: 2}
    template: {image: ami-1, size: t3.medium}
    tags: {Tier: web}
    policies:
      out: {change: 1, cooldown: 5m}  # trimtab: ignore[TT108] by hand
  api:
    capacity: {min: 2, max: 6}
    template: {image: ami-1, size: t3.medium}
# trimtab: hello
"""
FLEET = tt.parse_fleet(TEXT, name="fleets/fleet.yaml")
FOUND = finding_entries(tt.check_fleet(FLEET, show_ignored=True))
TEXTS = st.text(max_size=30)
POSITIONS = st.none() | st.builds(Position, TEXTS, st.integers(1, 99), st.integers(1, 99))
FINDINGS = st.builds(
    Finding,
    code=st.sampled_from(sorted(RULES)),
    group=TEXTS,
    path=TEXTS,
    text=st.text(min_size=1, max_size=30),
    mend=TEXTS,
    position=POSITIONS,
    page=TEXTS,
    is_ignored=st.booleans(),
    reason=TEXTS,
)
law = settings(max_examples=examples(), deadline=None)


def mistakes(text):
    with pytest.raises(ConfigError) as caught:
        tt.parse_fleet(text, name="fleet.yaml")
    return mistake_entries(caught.value)


def test_mistakes_know_their_line_and_column():
    found = mistakes(
        TEXT.replace("min: 2, max: 6", "min: 2, max: x").replace("image: ami-1, size", "imgae: ami-1, size")
    )
    assert [(one.position.line, one.position.column) for one in found] == [(5, 16), (10, 24), (11, 16)]
    assert all(one.is_error and one.code == "invalid-file" for one in found)
    assert found[1].text == "group api, capacity.max: give a whole number, not the text 'x'"


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("name: shop\nname: x\ngroups: {}", (2, 1)),
        ("name: shop\n\tgroups: {}", (2, 1)),
        ("- a", (1, 1)),
        ("name: shop\ngroups: &a {web: *a}", (2, 13)),
        ("", (1, 1)),
        ("x" * (2**20 + 1), (1, 1)),
    ],
)
def test_every_refusal_of_a_file_has_a_place(text, place):
    assert [(one.position.line, one.position.column) for one in mistakes(text)] == [place]


def test_what_has_no_place_is_no_mistake_of_a_file():
    (entry,) = mistake_entries(ConfigError(["unknown provider 'x'"]))
    assert (entry.code, entry.position, entry.text) == ("failed-check", None, "unknown provider 'x'")


# GitHub


def commands(text):
    """What the runner reads: actions/runner, src/Runner.Common/ActionCommand.cs, TryParseV2."""
    for line in text.split("\n")[:-1]:
        match = re.fullmatch(r"::(?P<name>[a-z]+) (?P<properties>.*?)::(?P<data>.*)", line, re.DOTALL)
        pairs = [pair.partition("=") for pair in match["properties"].split(",")]
        yield match["name"], {name: unescaped(value, "3A", "2C") for name, _, value in pairs}, unescaped(match["data"])


def unescaped(text, *more):
    for code in ("0D", "0A", *more, "25"):
        text = text.replace(f"%{code}", chr(int(code, 16)))
    return text


def test_findings_are_annotations_of_their_line():
    found = list(commands(annotations(FOUND, FOLDER)))
    name, properties, data = found[0]
    assert name == "warning"
    where = {"file": "/work/shop/fleets/fleet.yaml", "line": "4", "col": "24"}
    assert properties == {"title": "trimtab (TT104)", **where}
    assert data.splitlines() == [
        "fleets/fleet.yaml:4:24: TT104 group web, capacity.max: minimum and maximum are both 2, so out does nothing",
        "  fix: raise `max` above 2, or remove the policies",
        "  https://trimtab.readthedocs.io/en/latest/checks/TT104.html",
    ]
    assert [(name, properties["title"][-6:-1]) for name, properties, _ in found[1:]] == [
        ("notice", "TT108"),
        ("warning", "TT502"),
        ("warning", "TT704"),
    ]


def test_mistakes_are_annotations_of_errors():
    (name, properties, data), *_ = commands(annotations(mistakes(TEXT.replace("max: 6", "max: x")), FOLDER))
    assert (name, properties["file"], properties["line"], properties["col"]) == (
        "error",
        "/work/shop/fleet.yaml",
        "10",
        "24",
    )
    assert data.startswith("fleet.yaml:10:24: invalid-file group api, capacity.max: ")


def test_standard_input_is_no_file_to_annotate():
    entry = Entry(code="TT101", text="x", position=Position("standard input", 3, 4))
    ((_, properties, data),) = commands(annotations([entry], FOLDER))
    assert (properties, data) == ({"title": "trimtab (TT101)"}, "standard input:3:4: TT101 x")


@law
@given(FINDINGS)
def test_any_finding_is_one_command_and_comes_back(finding):
    text = annotations(finding_entries([finding]), FOLDER)
    assert text.count("\n") == 1
    ((name, properties, data),) = commands(text)
    assert name == ("notice" if finding.is_ignored else "warning")
    assert finding.code in data
    if "file" in properties:
        assert properties["line"] == str(finding.position.line)


# SARIF


def an(required=(), **properties):
    return {"type": "object", "required": list(required), "properties": properties, "additionalProperties": False}


TEXT_ONLY = an(["text"], text={"type": "string"})
LEVEL = {"enum": ["none", "note", "warning", "error"]}
COUNT = {"type": "integer", "minimum": 1}
ADDRESS = an(uri={"type": "string", "format": "uri-reference"}, uriBaseId={"type": "string"})
SCHEMA = an(
    ["version", "runs"],
    **{"$schema": {"type": "string", "format": "uri"}},
    version={"const": "2.1.0"},
    runs={
        "type": "array",
        "items": an(
            ["tool"],
            tool=an(
                ["driver"],
                driver=an(
                    ["name"],
                    name={"type": "string"},
                    version={"type": "string"},
                    informationUri={"type": "string", "format": "uri"},
                    rules={
                        "type": "array",
                        "uniqueItems": True,
                        "items": an(
                            ["id"],
                            id={"type": "string"},
                            shortDescription=TEXT_ONLY,
                            fullDescription=TEXT_ONLY,
                            help=TEXT_ONLY,
                            helpUri={"type": "string", "format": "uri"},
                            defaultConfiguration=an(level=LEVEL),
                        ),
                    },
                ),
            ),
            invocations={
                "type": "array",
                "items": an(
                    ["executionSuccessful"],
                    executionSuccessful={"type": "boolean"},
                    toolExecutionNotifications={
                        "type": "array",
                        "items": an(["message"], message=TEXT_ONLY, level=LEVEL),
                    },
                ),
            },
            originalUriBaseIds={"type": "object", "additionalProperties": ADDRESS},
            columnKind={"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
            results={
                "type": "array",
                "items": an(
                    ["message"],
                    ruleId={"type": "string"},
                    ruleIndex={"type": "integer", "minimum": -1},
                    level=LEVEL,
                    message=TEXT_ONLY,
                    partialFingerprints={"type": "object", "additionalProperties": {"type": "string"}},
                    locations={
                        "type": "array",
                        "items": an(
                            physicalLocation=an(artifactLocation=ADDRESS, region=an(startLine=COUNT, startColumn=COUNT))
                        ),
                    },
                    suppressions={
                        "type": "array",
                        "uniqueItems": True,
                        "items": an(
                            ["kind"], kind={"enum": ["inSource", "external"]}, justification={"type": "string"}
                        ),
                    },
                ),
            },
        ),
    },
)
"""
Of the objects that we write, what SARIF's own schema and its text say of each (sections 3.13 to 3.52):
https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/sarif-v2.1.0-errata01-os-complete.html
"""


def log_of(entries):
    log = json.loads(json.dumps(sarif_log(entries, RULES, folder=FOLDER, version="1.0")))
    jsonschema.Draft7Validator(SCHEMA, format_checker=jsonschema.FormatChecker()).validate(log)
    return log["runs"][0]


def test_a_log_has_each_finding_at_its_place():
    run = log_of(FOUND)
    assert run["originalUriBaseIds"] == {"%SRCROOT%": {"uri": "file:///work/shop/"}}
    places = [
        (
            result["ruleId"],
            result["level"],
            result["locations"][0]["physicalLocation"]["artifactLocation"],
            result["locations"][0]["physicalLocation"]["region"],
        )
        for result in run["results"]
    ]
    file = {"uri": "fleets/fleet.yaml", "uriBaseId": "%SRCROOT%"}
    assert places == [
        ("TT104", "warning", file, {"startLine": 4, "startColumn": 24}),
        ("TT108", "warning", file, {"startLine": 8, "startColumn": 7}),
        ("TT502", "warning", file, {"startLine": 6, "startColumn": 5}),
        ("TT704", "warning", file, {"startLine": 12, "startColumn": 1}),
    ]
    assert [result["suppressions"] for result in run["results"]] == [
        [],
        [{"kind": "inSource", "justification": "by hand"}],
        [],
        [],
    ]


def test_results_name_their_rules_as_github_wants_them():
    """Required there: id, shortDescription, fullDescription and help."""
    run = log_of(FOUND)
    rules = run["tool"]["driver"]["rules"]
    for result in run["results"]:
        rule = rules[result["ruleIndex"]]
        assert rule["id"] == result["ruleId"]
        assert rule["shortDescription"]["text"] == RULES[rule["id"]].title
        assert rule["helpUri"].endswith(f"/{rule['id']}.html")
        assert {"fullDescription", "help"} <= rule.keys()


def test_without_ignored_findings_no_result_speaks_of_suppressions():
    run = log_of(finding_entries(tt.check_fleet(FLEET)))
    assert len(run["results"]) == 3
    assert not any("suppressions" in result for result in run["results"])


def test_a_file_that_is_not_valid_is_a_log_of_errors():
    run = log_of(mistakes(TEXT.replace("max: 6", "max: x")))
    assert [(result["ruleId"], result["level"]) for result in run["results"]] == [("invalid-file", "error")]
    assert run["invocations"] == [{"executionSuccessful": True}]


def test_what_stops_the_check_is_no_result():
    run = log_of(mistake_entries(ConfigError(["fleet.yaml: file not found; check the path"])))
    assert run["results"] == []
    (invocation,) = run["invocations"]
    assert not invocation["executionSuccessful"]
    assert "file not found" in invocation["toolExecutionNotifications"][0]["message"]["text"]


@pytest.mark.parametrize(
    ("file", "address"),
    [
        ("a b/ä#1.yaml", {"uri": "a%20b/%C3%A4%231.yaml", "uriBaseId": "%SRCROOT%"}),
        ("./x/../fleet.yaml", {"uri": "fleet.yaml", "uriBaseId": "%SRCROOT%"}),
        ("/work/shop/fleet.yaml", {"uri": "fleet.yaml", "uriBaseId": "%SRCROOT%"}),
        ("../fleet.yaml", {"uri": "file:///work/fleet.yaml"}),
        ("/etc/fleet.yaml", {"uri": "file:///etc/fleet.yaml"}),
    ],
)
def test_files_are_addressed_from_the_working_folder(file, address):
    (result,) = log_of([Entry(code="TT101", text="x", position=Position(file, 1, 1))])["results"]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"] == address


def test_fingerprints_stay_when_lines_move():
    def prints(text):
        found = tt.check_fleet(tt.parse_fleet(text))
        return [result["partialFingerprints"] for result in log_of(finding_entries(found))["results"]]

    assert prints(TEXT) == prints(TEXT.replace("groups:", "\n\n\ngroups:"))
    assert len({str(one) for one in prints(f"{TEXT}# trimtab: hello\n")}) == 4


@law
@given(st.lists(FINDINGS, max_size=4))
def test_any_findings_are_a_log(findings):
    run = log_of(finding_entries(findings))
    assert [result["ruleId"] for result in run["results"]] == [finding.code for finding in findings]
    for finding, result in zip(findings, run["results"], strict=True):
        if "locations" in result:
            address = result["locations"][0]["physicalLocation"]["artifactLocation"]
            base = PurePosixPath("/work/shop") if "uriBaseId" in address else PurePosixPath("/")
            reached = base / unquote(urlparse(address["uri"]).path)
            assert str(reached) == str(Path("/work/shop") / finding.position.file) or ".." in finding.position.file


# JUnit

ATTRIBUTES = {
    "testsuites": ({"name", "time", "tests", "failures", "errors"}, set()),
    "testsuite": ({"name", "tests", "failures", "errors", "time", "skipped"}, {"name", "tests", "failures", "errors"}),
    "testcase": ({"name", "time", "classname"}, {"name"}),
    "failure": ({"type", "message"}, set()),
    "skipped": ({"type", "message"}, set()),
}
"""Which attributes there may be and must be, by junit-10.xsd of Jenkins' xUnit plugin; pytest holds its own to it."""
INSIDE = {"testsuites": {"testsuite"}, "testsuite": {"testcase"}, "testcase": {"failure", "skipped"}}


def suite_of(text):
    root = ElementTree.fromstring(text.encode())
    for element in root.iter():
        allowed, required = ATTRIBUTES[element.tag]
        assert required <= element.attrib.keys() <= allowed
        assert {child.tag for child in element} <= INSIDE.get(element.tag, set())
    (suite,) = root
    cases = list(suite)
    assert suite.attrib["tests"] == root.attrib["tests"] == str(len(cases))
    assert suite.attrib["failures"] == str(len(suite.findall("testcase/failure")))
    assert suite.attrib["skipped"] == str(len(suite.findall("testcase/skipped")))
    return cases


def test_findings_are_tests_that_fail():
    cases = suite_of(junit_xml(FOUND, "fleets/fleet.yaml", FLEET))
    assert [(case.attrib["classname"], case.attrib["name"], [child.tag for child in case]) for case in cases] == [
        ("shop", "valid", []),
        ("shop.api", "no findings", []),
        ("shop.web", "TT104 capacity.max", ["failure"]),
        ("shop.web", "TT108 policies.out", ["skipped"]),
        ("shop.web", "TT502 tags", ["failure"]),
        ("shop", "TT704 line 12", ["failure"]),
    ]
    assert cases[2][0].attrib["type"] == "TT104"
    assert cases[2][0].text.splitlines()[0] == "fleets/fleet.yaml:4:24"
    assert cases[3][0].attrib["message"] == "by hand"


def test_a_fleet_without_findings_passes():
    fleet = tt.Fleet(name="shop", groups=())
    assert [case.attrib["name"] for case in suite_of(junit_xml([], "fleet.yaml", fleet))] == ["valid"]


def test_mistakes_are_tests_that_fail():
    cases = suite_of(junit_xml(mistakes(TEXT.replace("max: 6", "max: x")), "fleet.yaml", None))
    assert [(case.attrib["name"], case[0].attrib["type"]) for case in cases] == [
        ("invalid-file line 10", "invalid-file")
    ]


@law
@given(st.lists(FINDINGS, max_size=4))
def test_any_findings_are_xml(findings):
    assert len(suite_of(junit_xml(finding_entries(findings), "fleet.yaml", FLEET))) >= len(findings) + 1
