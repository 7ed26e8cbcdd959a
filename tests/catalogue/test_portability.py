"""`trimtab catalog portability`: what each cloud makes of a fleet, before there is any account."""

import io
import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

import trimtab as tt
from trimtab.capabilities import FEATURES
from trimtab.cli.main import run
from trimtab.declarations import declarations_of
from trimtab.runtime.portability import FieldVerdict, survey, surveyed_clouds

EXAMPLES = Path(__file__).parents[2] / "examples" / "virtualmin"
NOW = datetime(2026, 1, 5, tzinfo=UTC)
CLOUDS = ("aws", "azure", "gcp")
HEAD = """name: shop
groups:
  web:
    capacity: {min: 1, max: 4}
    template: {image: {os: debian-12}, size: {cpus: 2, memory_gb: 4}}
    placement: {subnets: [private]}
"""


def cli(*words, source=""):
    out, err = io.StringIO(), io.StringIO()
    code = run(["catalog", "portability", *words], out=out, err=err, source=io.StringIO(source))
    return code, out.getvalue(), err.getvalue()


def told(text, provider, **fields):
    """Verdict, path and line of everything that is said of a fleet."""
    fleet = tt.parse_fleet(text)
    return [(one.verdict.value, one.path, one.place.line) for one in survey(fleet, provider, NOW, **fields).remarks]


def test_the_running_example_is_taken_everywhere():
    code, out, _ = cli(str(EXAMPLES / "fleet.yaml"))
    assert code == 0
    assert out.count(" taken\n") == len(CLOUDS)
    assert "impossible on" not in out


def test_the_guide_as_it_stands_is_refused_elsewhere_line_by_line():
    file = str(EXAMPLES / "guide.yaml")
    code, out, _ = cli(file)
    assert code == 2
    sized = f"{file}:12: groups web, api, web-spot: template.size: 't3.medium' is a size of aws; write what is needed"
    assert sized in out
    assert "placement.subnet_tags.Type: azure cannot do this: subnets by tag, subnets have no tags on Azure" in out
    assert "policies.scale-up: simple policy: an autoscaler of Compute Engine holds targets" in out
    assert out.index("impossible on azure") < out.index("approximated on azure") < out.index("impossible on gcp")


def test_json_has_every_remark_with_file_and_line():
    file = str(EXAMPLES / "guide.yaml")
    code, out, _ = cli(file, "--format", "json")
    clouds = json.loads(out)["clouds"]
    assert code == 2
    assert set(clouds) == set(CLOUDS)
    assert [clouds[name]["refused"] for name in CLOUDS] == [False, True, True]
    assert clouds["aws"]["fields"]["impossible"] == clouds["aws"]["fields"]["approximated"] == 0
    for one in clouds.values():
        assert set(one["fields"]) == {verdict.value for verdict in FieldVerdict}
        for remark in one["remarks"]:
            assert (remark["file"], remark["line"] > 0) == (file, True)
            assert remark["group"] in ("web", "api", "web-spot")
            assert remark["message"]


def test_markdown_is_a_page():
    code, out, _ = cli(str(EXAMPLES / "guide.yaml"), "--format", "markdown", "--provider", "azure")
    assert code == 2
    lines = out.splitlines()
    assert lines[0] == "# Portability of virtualmin-pro-cluster"
    heads = "cloud", "native", "not used", "approximated", "by trimtab", "for the controller", "impossible", "a plan"
    assert lines[2] == f"| {' | '.join(heads)} |"
    assert "## Impossible on azure" in lines
    assert all(not line or line[0] in "#|-" for line in lines)


def test_without_a_fleet_the_words_of_all_clouds_stand_side_by_side():
    code, out, _ = cli("--format", "json")
    data = json.loads(out)
    assert code == 0
    assert [row["feature"] for row in data["features"]] == list(FEATURES)
    assert data["disks"]["ssd"] == {"aws": "gp3", "azure": "StandardSSD_LRS", "gcp": "pd-balanced"}
    assert set(data["names"]) == {path for name in CLOUDS for path in declarations_of(name).references}
    assert cli()[0] == cli("--format", "markdown")[0] == 0
    assert "| simple policy | native | native | for the controller:" in cli("--format", "markdown")[1]


def test_no_sdk_is_loaded_and_no_credential_is_read():
    program = (
        "import sys; from trimtab.cli.main import run; "
        f"run(['catalog', 'portability', {str(EXAMPLES / 'fleet.yaml')!r}]); "
        "sdks = {'boto3', 'botocore', 'azure', 'google', 'grpc'}; "
        "print(*(name for name in sys.modules if name.split('.')[0] in sdks))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == ""


def test_every_cloud_takes_a_neutral_fleet():
    fleet = tt.parse_fleet(HEAD)
    for name in surveyed_clouds():
        found = survey(fleet, name, NOW)
        assert not found.is_refused, found.remarks
        assert found.fields[FieldVerdict.NATIVE] > 0


IDS = {
    "image": ("    template: {image: ami-0123456789abcdef0, size: {cpus: 2}}\n", "template.image.id", "azure", "gcp"),
    "image of Azure": (
        "    template: {image: 'Debian:debian-12:12:latest', size: {cpus: 2}}\n",
        "template.image.id",
        "aws",
        "gcp",
    ),
    "image of Google": ("    template: {image: debian-cloud/debian-12, size: {cpus: 2}}\n", "template.image.id", "aws"),
    "size": ("    template: {image: {os: debian-12}, size: m5.large}\n", "template.size", "azure", "gcp"),
    "size of Azure": ("    template: {image: {os: debian-12}, size: Standard_D2s_v5}\n", "template.size", "aws", "gcp"),
}


@pytest.mark.parametrize("name", IDS)
def test_a_clouds_own_words_are_impossible_elsewhere(name):
    template, path, *elsewhere = IDS[name]
    text = HEAD.replace(HEAD.splitlines(keepends=True)[4], template)
    for cloud in elsewhere:
        assert ("impossible", path, 5) in told(text, cloud), cloud


def test_what_somebody_likes_is_no_id():
    text = f"{HEAD}    tags: {{account: '123456789012', image: ami-0123456789abcdef0}}\n"
    assert all(told(text, name) == [] for name in CLOUDS)


def test_a_region_belongs_to_one_cloud():
    text = f"{HEAD}    location: us-east-1\n"
    assert told(text, "aws") == []
    assert told(text, "azure") == [("impossible", "location", 7)]


def test_an_overlay_makes_a_fleet_fit():
    """Its own overlay goes with each cloud, others by name."""
    text = f"{HEAD}    location: us-east-1\n    overlays:\n"
    text += "      azure: {location: westeurope}\n      gcp: {location: europe-west1}\n"
    assert all(told(text, name) == [] for name in CLOUDS)
    small = f"{HEAD}    overlays: {{old: {{location: 'us east'}}}}\n"
    assert cli("-", "--provider", "aws", source=small)[0] == 0
    assert cli("-", "--provider", "aws", "--overlay", "old", source=small)[0] == 2


SIMPLE = (
    HEAD
    + """    policies: {out: {change: 1}}
    alarms: {hot: {metric: cpu, above: 70, triggers: [out]}}
"""
)


def test_the_controller_takes_consent():
    lines = told(SIMPLE, "gcp")
    assert {verdict for verdict, _, _ in lines} == {"for the controller"}
    assert cli("-", "--provider", "gcp", source=SIMPLE)[0] == 2
    agreed = SIMPLE.replace("name: shop\n", "name: shop\ncontroller: true\n")
    assert {verdict for verdict, _, _ in told(agreed, "gcp")} == {"for the controller"}
    assert cli("-", "--provider", "gcp", source=agreed)[0] == 0


def test_the_controller_takes_items_as_wholes():
    """Of a schedule that Google lacks one field of, every field is the controller's."""
    text = HEAD + "    schedules: {day: {cron: '0 8 * * *', zone: UTC, min: 2, max: 3}}\n"
    found = survey(tt.parse_fleet(text), "gcp", NOW)
    assert found.fields[FieldVerdict.CONTROLLER] == 4


def test_an_approximation_that_takes_consent_is_refused_until_it_is_there():
    text = HEAD + "    policies: {hold: {type: target-tracking, metric: cpu, target: 60APPROXIMATE}}\n"
    assert told(text.replace("APPROXIMATE", ""), "azure") == [("approximated", "policies.hold", 7)]
    assert cli("-", "--provider", "azure", source=text.replace("APPROXIMATE", ""))[0] == 2
    assert cli("-", "--provider", "azure", source=text.replace("APPROXIMATE", ", approximate: true"))[0] == 0


def test_a_block_of_another_cloud_is_not_used():
    assert told(f"{HEAD}    aws: {{group_metrics: true}}\n", "azure") == [("not used", "aws", 7)]


def test_the_verdicts_of_all_fields_add_up():
    """Without overlays a fleet has as many fields for each cloud."""
    fleet = tt.load_fleet(EXAMPLES / "guide.yaml", env={})
    numbers = {name: sum(survey(fleet, name, NOW).fields.values()) for name in CLOUDS}
    assert len(set(numbers.values())) == 1


@pytest.mark.parametrize(
    ("words", "source", "text"),
    [
        (["nowhere.yaml"], "", "nowhere.yaml"),
        (["-"], "name: shop\ngroups: 7\n", "groups"),
        (["-", "--provider", "asure"], HEAD, "did you mean azure?"),
        (["--provider", "memory"], "", "unknown word 'memory'"),
        (["-", "--overlay", "nope"], HEAD, "nope"),
        (["-"], f"{HEAD}    overlays: {{gcp: {{capacity: {{min: 9}}}}}}\n", "`min` 9 is above `max` 4"),
    ],
)
def test_mistakes_are_errors(words, source, text):
    code, _, err = cli(*words, source=source)
    assert code == 1
    assert text in err


def test_what_a_cloud_has_no_use_for_is_not_called_approximated(tmp_path):
    """A session token for metadata has no place on Azure and Google Cloud, which do all else as asked."""
    file = tmp_path / "fleet.yaml"
    file.write_text(
        "name: shop\ngroups:\n  web:\n    capacity: {min: 1, max: 2}\n"
        "    template: {image: {os: ubuntu-22.04}, size: {cpus: 2, memory_gb: 4}, metadata_token: true}\n"
    )
    _, out, _ = cli(str(file), "--format", "json")
    clouds = json.loads(out)["clouds"]
    for name in ("azure", "gcp"):
        (remark,) = [one for one in clouds[name]["remarks"] if one["path"] == "template.metadata_token"]
        assert remark["verdict"] == "not used"


def test_fields_that_a_cloud_refuses_for_one_reason_are_one_line(tmp_path):
    file = tmp_path / "fleet.yaml"
    check = "{path: /up, port: 80, protocol: http, host: a.example, interval: 5s, timeout: 2s, healthy_threshold: 2}"
    file.write_text(
        "name: shop\ngroups:\n  web:\n    capacity: {min: 1, max: 2}\n"
        f"    template: {{image: {{os: ubuntu-22.04}}, size: {{cpus: 2, memory_gb: 4}}}}\n    health_check: {check}\n"
    )
    _, out, _ = cli(str(file))
    (line,) = [line for line in out.splitlines() if "aws cannot do this" in line]
    for name in ("path", "port", "protocol", "host", "interval", "timeout", "healthy_threshold"):
        assert f"health_check.{name}" in line
    assert line.endswith("; set it there, and leave it out here")
