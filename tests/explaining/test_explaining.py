"""Explanations of a group in memory: times, answers, fixes in the file, Markdown, the controller's history."""

import io
import json
import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest

import trimtab as tt
from trimtab.controller import Controller
from trimtab.errors import InvalidArgument, InvalidRequest, NotFound
from trimtab.explaining.fixing import Edit, diff_of, edited
from trimtab.sources import Function
from trimtab.store import open_store
from trimtab.testing.clouds import MemoryTestCloud

START = datetime(2026, 1, 5, tzinfo=UTC)
FLEET = """\
name: shop
groups:
  web:  # the shop itself
    capacity: {min: 1, max: 3, desired: 2}
    template: {image: ami-1, size: t3.small}
    policies:
      out: {change: 1}
      in: {change: -1}
    alarms:
      hot: {metric: cpu, above: 70, periods: 2, triggers: [out]}
      cold: {metric: cpu, below: 20, periods: 2, triggers: [in]}
"""


@pytest.fixture
def world():
    with MemoryTestCloud.started() as test_cloud:
        yield test_cloud


def applied(world, text=FLEET):
    fleet = tt.parse_fleet(text)
    cloud = world.connect()
    cloud.apply(cloud.plan(fleet)).raise_for_failures()
    return cloud, fleet


def run(world, minutes, value):
    for _ in range(minutes):
        world.push(tt.metrics.cpu, group="shop-web", value=value)
        world.clock.advance(tt.minutes(1))


def test_nothing_because(world):
    cloud, fleet = applied(world)
    run(world, 10, 50)
    found = cloud.explain(fleet, "web", since=tt.minutes(5))
    assert str(found).startswith("web at 2026-01-05 00:1")
    assert ": stays at 2, because no alarm is in ALARM" in str(found)
    assert found.diagnoses is None
    assert found.minute.values == {"hot": 50.0, "cold": 50.0}
    assert [minute.difference for minute in found.minutes] == [""] * len(found.minutes)


def test_a_cloud_that_does_nothing_is_not_enacted(world):
    """The cloud in memory evaluates nothing: what the rules want does not come."""
    cloud, fleet = applied(world)
    run(world, 40, 90)
    found = cloud.explain(fleet, "web", since=tt.minutes(30), diagnose=True)
    (diagnosis,) = found.diagnoses
    assert (diagnosis.cause, diagnosis.symptom) == (tt.DiagnosisCause.NOT_ENACTED, tt.Symptom.TOO_LITTLE)
    assert found.differences[-1].kind == "shadow only"
    assert "its log does not say why" in found.minute.difference


def test_one_moment(world):
    cloud, fleet = applied(world)
    run(world, 60, 50)
    at = world.clock.now() - tt.minutes(30)
    found = cloud.explain(fleet, "web", at=at)
    assert (found.at, found.minute.at) == (at, at.replace(second=0, microsecond=0))
    assert (found.since, found.until) == (at - tt.minutes(15), at + tt.minutes(5))


@pytest.mark.parametrize(
    ("asked", "error"),
    [
        ({"since": tt.hours(24 * 4)}, "more than 3 days"),
        ({"at": datetime(2030, 1, 1, tzinfo=UTC)}, "is not before now"),
        ({"since": tt.minutes(-5)}, "is not before now"),
    ],
)
def test_times_that_are_none(world, asked, error):
    cloud, fleet = applied(world)
    with pytest.raises(InvalidArgument, match=error):
        cloud.explain(fleet, "web", **asked)


def test_a_moment_without_a_zone(world):
    cloud, fleet = applied(world)
    with pytest.raises(InvalidRequest, match="no time zone"):
        cloud.explain(fleet, "web", at=datetime(2026, 1, 5))


def test_groups_that_are_not_there(world):
    cloud, fleet = applied(world)
    with pytest.raises(InvalidArgument, match="has no group 'api'"):
        cloud.explain(fleet, "api")
    with pytest.raises(NotFound):
        cloud.explain(fleet.replace(name="other"), "web")


OUTSIDE = (
    FLEET.replace("metric: cpu, above", "metric: {external: orders}, above")
    + "controller: true\nsources: {orders: {}}\n"
)


def orders(world, value):
    return Function("orders", lambda query: value() if callable(value) else value, clock=world.clock)


def test_a_metric_that_cannot_be_read_is_a_note(world):
    def broken():
        raise OSError("gone")

    cloud, fleet = applied(world, OUTSIDE)
    found = cloud.explain(fleet, "web", since=tt.minutes(5), sources=[orders(world, broken)])
    assert [note for note in found.notes if note.startswith("metric orders of hot could not be read")]


def test_pauses_and_boosts_that_are_on(world):
    cloud, fleet = applied(world)
    live, until = cloud.group("shop-web"), world.clock.now() + tt.hours(1)
    live.boost(min=3, until=until, by="ana", why="a launch")
    live.pause(by="ana", why="a move")
    run(world, 5, 50)
    found = cloud.explain(fleet, "web", since=tt.minutes(5), diagnose=True)
    kinds = [entry.kind for entry in found.entries]
    assert {tt.TimelineKind.PAUSE, tt.TimelineKind.BOOST} <= set(kinds)
    assert [each.cause for each in found.diagnoses] == ["paused"]


def test_schedules_are_in_the_timeline(world):
    office = '    schedules: {office: {cron: "10 0 * * *", duration: 5m, zone: UTC, min: 2}}\n'
    cloud, fleet = applied(world, FLEET + office)
    run(world, 20, 50)
    found = cloud.explain(fleet, "web", since=tt.minutes(18))
    texts = [entry.text for entry in found.entries if entry.kind == "schedule"]
    assert texts == ["office begins: between 2 and 3", "office ends: between 1 and 3"]


def test_the_history_of_the_controller(world):
    cloud, fleet = applied(world, OUTSIDE)
    store, source = open_store("sqlite://"), orders(world, 90)
    with Controller(fleet, cloud, store=store, sources=[source]) as controller:
        run(world, 3, 50)
        for _ in range(3):
            controller.tick()
            world.clock.advance(tt.minutes(1))
        found = cloud.explain(fleet, "web", diagnose=True, store=store, sources=[source], since=tt.minutes(5))
    assert found.diagnoses == () or "controller-dead" not in [each.cause for each in found.diagnoses]
    decided = [entry for entry in found.entries if entry.kind == "controller"]
    assert decided
    world.clock.advance(tt.minutes(30))
    found = cloud.explain(fleet, "web", diagnose=True, store=store, sources=[source], since=tt.minutes(35))
    assert "controller-dead" in [each.cause for each in found.diagnoses]
    store.close()


def test_without_a_store_the_history_of_the_controller_is_said_not_to_be_read(world):
    cloud, fleet = applied(world, OUTSIDE)
    found = cloud.explain(fleet, "web", since=tt.minutes(5), sources=[orders(world, 5)])
    assert "the history of the controller was not read: no store was given" in found.notes


# fixes


def test_a_fix_is_a_diff_of_the_file_itself(tmp_path):
    path = tmp_path / "fleet.yaml"
    path.write_text(FLEET)
    fleet = tt.load_fleet(str(path))
    edits = [Edit(path="capacity.max", old=3, new=5), Edit(path="alarms.cold.below", old=20, new=15)]
    diff = diff_of(fleet, fleet["web"], edits, edited(fleet["web"], edits))
    assert "-    capacity: {min: 1, max: 3, desired: 2}\n+    capacity: {min: 1, max: 5, desired: 2}" in diff
    assert "below: 15" in diff
    assert "# the shop itself" in diff


def test_a_number_that_does_not_stand_in_the_file_is_shown_in_the_fleet_as_it_is_written(tmp_path):
    path = tmp_path / "fleet.yaml"
    path.write_text(FLEET)
    fleet = tt.load_fleet(str(path))
    edits = [Edit(path="capacity.max", old=3, new=5)]
    path.write_text("name: other\n")
    diff = diff_of(fleet, fleet["web"], edits, edited(fleet["web"], edits))
    assert diff.startswith("--- fleet.yaml\n+++ fleet.yaml\n")
    assert "-      max: 3\n+      max: 5\n" in diff


def test_what_others_wrote_breaks_no_table(world):
    cloud, fleet = applied(world)
    cloud.group("shop-web").pause(by="ana", why="a | b\n<b>c</b>")
    run(world, 3, 50)
    found = cloud.explain(fleet, "web", since=tt.minutes(3), diagnose=True)
    markdown = found.to_markdown()
    assert "a \\| b" in markdown
    assert "<b>" not in markdown.replace("\\<b\\>", "")


# the command


@pytest.fixture
def said(world, tmp_path):
    pytest.importorskip("typer", reason="the commands need their extra")
    from trimtab.cli import run as run_command

    applied(world)
    file = tmp_path / "fleet.yaml"
    file.write_text(FLEET)

    def one(*words):
        out, err = io.StringIO(), io.StringIO()
        connect = lambda provider, **given: world.connect()  # noqa: E731
        code = run_command(["explain", str(file), *words, "--provider", "memory"], connect=connect, out=out, err=err)
        return code, out.getvalue(), err.getvalue()

    return one


def test_the_command(said, world):
    run(world, 20, 50)
    code, out, _ = said("web", "--since", "10m", "--diagnose")
    assert code == 0
    assert "nothing wrong was found" in out
    assert "stays at 2, because no alarm is in ALARM" in out
    run(world, 30, 95)
    code, out, _ = said("web", "--diagnose")
    assert code == 2
    assert "not-enacted" in out


def test_the_command_in_markdown(said, world):
    run(world, 5, 50)
    code, out, _ = said("--since", "5m", "--format", "markdown")
    assert code == 0
    assert out.startswith("### web on memory\n")


def test_at_and_since_exclude_each_other(said):
    code, _, err = said("--since", "5m", "--at", "2026-01-05T00:00Z")
    assert code == 1
    assert "give `--at` or `--since`, not both" in err


def test_a_report_is_one_page_or_its_chart(world, tmp_path):
    pytest.importorskip("vl_convert", reason="charts need vl-convert (extra `sim`)")
    cloud, fleet = applied(world)
    run(world, 5, 50)
    run(world, 5, 90)
    found = replace(cloud.explain(fleet, "web", since=tt.minutes(9), diagnose=True), notes=("<b>a note</b>",))
    text = found.save(tmp_path / "r.html").read_text()
    assert "&lt;b&gt;a note" in text
    assert "<b>a note" not in text
    assert "alarm hot is in ALARM" in text
    assert '"title":"Watched by hot, cold"' in text
    rows = json.loads(re.search(r"const data = (.*);", text)[1])
    assert [row["v0"] for row in rows["minutes"]] == [minute.values["hot"] for minute in found.minutes]
    assert found.save(tmp_path / "r.png", theme="dark").read_bytes()[:4] == b"\x89PNG"
    whole = replace(found, minutes=[replace(found.minutes[0], at=START + tt.minutes(at)) for at in range(4320)])
    assert whole.save(tmp_path / "r.html").stat().st_size < 2_000_000
    with pytest.raises(InvalidArgument, match="let its name end in"):
        found.save(tmp_path / "r.pdf")


def test_the_command_writes_a_report_of_one_group(tmp_path):
    pytest.importorskip("vl_convert", reason="charts need vl-convert (extra `sim`)")
    pytest.importorskip("typer")
    from tests.commands import Cli

    cli = Cli(tmp_path)
    assert cli("apply", "--yes").code == 0
    path = tmp_path / "report.html"
    ended = cli("explain", "--since", "5m", "--report", str(path))
    assert (ended.code, ended.err) == (1, "error: a report is of one group, not of 2; name it\n")
    ended = cli("explain", "web", "--since", "5m", "--report", str(path))
    assert (ended.code, path.exists()) == (0, True)
    assert f"report written to {path}" in ended.err
