"""Long lists of what is wrong: people read a few lines that name the first and count the rest, programs get all."""

import io
import json
import re
from typing import Any

import pytest

import trimtab as tt
from trimtab.config import parse_fleet
from trimtab.errors import AccessDenied, ApplyFailed, ConfigError, PlanRefused, capped
from trimtab.phrases import in_words
from trimtab.plan import Unknown
from trimtab.plan.changes import merged_unknown
from trimtab.providers.memory.store import MemoryStore

MANY = 1_000
NONE = "{newest: none-*}"
MAKE = "write another name or make it first"


def fleet_text(group: str, shared: str = "", number: int = MANY) -> str:
    """A fleet of many groups; NUMBER in a group is its number."""
    lines = [f"  g{one}: {group.replace('NUMBER', str(one))}" for one in range(number)]
    return "\n".join(["name: shop", *([shared] if shared else []), "groups:", *lines, ""])


def group(image: str = "ami-1", more: str = "") -> str:
    return f"{{capacity: {{min: 1, max: 1}}, template: {{image: {image}, size: t3.small}}{more}}}"


def refused(text: str) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        parse_fleet(text, name="fleet.yaml")
    return caught.value


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (
            fleet_text(group(more=", cooldown: x")),
            'fleet.yaml:3: group g0, cooldown: \'x\' is not a duration; write "90s", "5m", "1h30m" or "2d"',
        ),
        (fleet_text(group(more=", colour: red")), "fleet.yaml:3: group g0, colour: unknown field 'colour'"),
        (fleet_text(group(more=", tags: 5")), "fleet.yaml:3: group g0, tags: give a mapping, not 5"),
        (
            fleet_text(group(more=', location: "${NONE}"')),
            "fleet.yaml:3: group g0, location: environment variable NONE is not set",
        ),
    ],
    ids=["wrong value", "unknown field", "wrong kind", "environment"],
)
def test_the_same_mistake_in_many_groups_is_one_line(text: str, line: str) -> None:
    error = refused(text)
    assert len(error.problems) == MANY
    assert error.problems[-1].startswith(line.split(":")[0] + f":{MANY + 2}: group g{MANY - 1}")
    (found,) = str(error).splitlines()
    assert found.startswith(line)
    assert found.endswith("; likewise in group g1 (line 4), g2 (line 5), g3 (line 6) and 996 more")
    assert error.lines == (found,)


def test_what_many_groups_lack_is_one_line_and_one_problem_that_names_them_all() -> None:
    error = refused(fleet_text("{capacity: {min: 1, max: 1}, template: {size: t3.small}}"))
    (problem,) = error.problems
    assert problem.count("(line ") == MANY - 1
    assert str(error) == (
        "fleet.yaml:3: group g0, template: `image` is missing; add it; likewise in group g1 (line 4), g2 (line 5), "
        "g3 (line 6) and 996 more"
    )


def test_many_mistakes_are_the_first_and_a_number() -> None:
    error = refused(fleet_text(group(more=", cooldown: xNUMBER")))
    assert len(error.problems) == MANY
    lines = str(error).splitlines()
    assert len(lines) == 21
    assert lines[0] == error.problems[0]
    assert lines[-1] == "and 980 more"


def test_what_is_wrong_with_defaults_is_one_line_too() -> None:
    error = refused(fleet_text("{}", f"defaults: {group(more=', cooldown: x')}"))
    assert len(error.problems) == 1


def made(text: str) -> tuple[tt.Cloud, MemoryStore, tt.Fleet]:
    clock = tt.ManualClock()
    store = MemoryStore(clock)
    return tt.connect("memory", store=store, clock=clock), store, parse_fleet(text)


def test_a_thousand_groups_with_one_missing_image_are_one_line() -> None:
    cloud, _, fleet = made(fleet_text("{}", f"defaults: {group(NONE)}"))
    with cloud:
        plan = cloud.plan(fleet)
        assert len(plan.problems) == len(plan.to_dict()["problems"]) == MANY
        with pytest.raises(PlanRefused) as caught:
            cloud.apply(plan)
    assert str(caught.value).splitlines() == [
        "the plan cannot be applied:",
        "fleet.yaml:2: group g0, g1, g2 and 997 more: template.image: no image matches 'none-*'; " + MAKE,
    ]


def test_many_problems_of_a_plan_are_the_first_and_a_number() -> None:
    text = fleet_text(group("{newest: none-NUMBER-*}"), number=50)
    cloud, _, fleet = made(text)
    with cloud, pytest.raises(PlanRefused) as caught:
        cloud.apply(cloud.plan(fleet))
    lines = str(caught.value).splitlines()
    assert len(lines) == 22
    assert lines[-1] == "and 30 more"


def test_many_failures_alike_are_one_line() -> None:
    cloud, store, fleet = made(fleet_text(group(), number=50))
    store.fault = lambda name, key: AccessDenied("not allowed") if name == "create template" else None
    with cloud:
        applied = cloud.apply(cloud.plan(fleet))
    assert len(applied.failures) == len(applied.to_dict()["changes"]) == 100
    assert applied.lines[0] == (
        "create template shop-g0 (local), shop-g1 (local), shop-g2 (local) and 47 more: not allowed"
    )
    with pytest.raises(ApplyFailed) as caught:
        applied.raise_for_failures()
    assert len(caught.value.failures) == 100
    lines = str(caught.value).splitlines()
    assert lines[0] == "100 of the plan's changes did not go through:"
    assert lines[1] == applied.lines[0]
    assert len(lines) == 22
    assert lines[-1] == "and 31 more"


def test_what_is_not_read_for_one_reason_is_one_line() -> None:
    scopes = [Unknown(f"region-{number}", "group", "no reply") for number in range(30)]
    assert merged_unknown([*scopes, Unknown("here", "alarm", "denied")]) == (
        "group in region-0, group in region-1, group in region-2 and 27 more could not be read: no reply",
        "alarm in here could not be read: denied",
    )


def test_names_and_lines_are_cut_only_where_that_helps() -> None:
    assert in_words(["a", "b", "c"]) == "a, b, c"
    assert in_words(["a", "b", "c", "d"]) == "a, b, c and 1 more"
    assert in_words([]) == ""
    lines = [str(number) for number in range(21)]
    assert capped(lines) == lines
    assert capped([*lines, "21"]) == [*lines[:20], "and 2 more"]
    assert "g0, g1, g2 and 997 more" in str(missing_group())


def missing_group() -> KeyError:
    with pytest.raises(KeyError) as caught:
        parse_fleet(fleet_text("{}", f"defaults: {group()}"))["none"]
    return caught.value


class TestTheCommand:
    """The same, as it is printed."""

    @pytest.fixture(autouse=True)
    def _needs_cli(self) -> None:
        pytest.importorskip("typer")
        pytest.importorskip("rich")

    def run(self, tmp_path: Any, text: str, *arguments: str) -> tuple[int, str, str]:
        from trimtab.cli import run

        clock = tt.ManualClock()
        store = MemoryStore(clock)
        store.fault = lambda name, key: AccessDenied("not allowed") if name == "create template" else None
        (tmp_path / "fleet.yaml").write_text(text)
        out, err = io.StringIO(), io.StringIO()
        command, *more = arguments
        connect = lambda provider, **given: tt.connect("memory", store=store, clock=clock)  # noqa: E731
        code = run([command, str(tmp_path / "fleet.yaml"), *more], connect=connect, out=out, err=err)
        return code, out.getvalue(), err.getvalue()

    def test_a_file(self, tmp_path: Any) -> None:
        text = fleet_text(group(more=", cooldown: x"))
        code, out, err = self.run(tmp_path, text, "check")
        assert code == 1
        assert len(err.splitlines()) == 1
        assert "likewise in group g1 (line 4), g2 (line 5), g3 (line 6) and 996 more" in err
        code, out, _ = self.run(tmp_path, text, "check", "--format", "json")
        assert len(json.loads(out)["error"]["problems"]) == MANY

    def test_a_plan(self, tmp_path: Any) -> None:
        text = fleet_text("{}", f"defaults: {group(NONE)}")
        code, out, _ = self.run(tmp_path, text, "plan", "--provider", "memory")
        assert code == 1
        (line,) = [line for line in out.splitlines() if line.startswith("error: ")]
        place = f"{tmp_path / 'fleet.yaml'}:2"
        assert (
            line == f"error: {place}: group g0, g1, g2 and 997 more: template.image: no image matches 'none-*'; " + MAKE
        )
        assert "This plan cannot be applied: 1000 problems." in out
        _, out, _ = self.run(tmp_path, text, "plan", "--provider", "memory", "--format", "json")
        assert len(json.loads(out)["problems"]) == MANY

    def test_an_apply(self, tmp_path: Any) -> None:
        text = fleet_text(group(), number=50)
        code, out, _ = self.run(tmp_path, text, "apply", "--provider", "memory", "--yes", "--wait", "accepted")
        assert code == 1
        (failed,) = [line for line in out.splitlines() if line.startswith("failed: ")]
        assert failed.endswith("and 47 more: not allowed")
        not_tried = [line for line in out.splitlines() if line.startswith("not tried: ")]
        assert len(not_tried) == 21
        assert not_tried[-1] == "not tried: and 30 more"
        _, out, _ = self.run(tmp_path, text, "apply", "--provider", "memory", "--yes", "--format", "json")
        assert len(json.loads(out)["applied"]["changes"]) == 100

    def test_findings(self, tmp_path: Any) -> None:
        text = fleet_text("{}", f"defaults: {group(more=', policies: {out: {change: 1}}')}", number=50)
        code, out, _ = self.run(tmp_path, text, "check")
        assert code == 2
        codes = re.findall(r"TT\d+ group", out)
        assert len(codes) == len(set(codes))
        assert "likewise in group g1 (line " in out
        assert " and 46 more" in out
        _, out, _ = self.run(tmp_path, text, "check", "--format", "json")
        assert len(json.loads(out)["findings"]) >= 50

    def test_a_group_that_is_not_there(self, tmp_path: Any) -> None:
        text = fleet_text("{}", f"defaults: {group()}")
        _, _, err = self.run(tmp_path, text, "pause", "none", "--provider", "memory")
        assert err == "error: fleet 'shop' has no group 'none'; it has g0, g1, g2 and 997 more\n"
