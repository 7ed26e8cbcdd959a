import io
import json
import os
import subprocess
import sys

import pytest

import trimtab as tt
from trimtab import errors
from trimtab.plan import Key

pytest.importorskip("typer")
pytest.importorskip("rich")

from tests.commands import FLEET, SECRET, VARIABLES, WITHOUT_API, Cli
from trimtab.cli import run


@pytest.fixture
def cli(tmp_path, monkeypatch):
    for name in (*VARIABLES, "NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("COLUMNS", raising=False)
    return Cli(tmp_path)


@pytest.fixture
def applied(cli):
    assert cli("apply", "--yes").code == 0
    return cli


def make_foreign(cli, name="shop-web"):
    for kind in ("template", "group"):
        cli.store.things[Key("local", kind, name)].mark = None


def deny(cli, operation):
    cli.store.fault = lambda name, key: errors.AccessDenied("not allowed") if name == operation else None


# check and schema


def test_check_counts_what_is_valid(cli):
    ended = cli.run("check", cli.write(FLEET))
    assert ended.code == 0
    assert ended.out == "fleet shop: 2 groups, 1 policy, 1 alarm, 2 schedules: valid\n"
    assert cli.run("check", cli.write(FLEET), "--format", "json").data["groups"] == 2


def test_check_says_each_mistake_with_its_line(cli):
    """One line each, which begins with file and line; the same as data."""
    path = cli.write(FLEET.replace("min: 1", "min: 5").replace("change: 1", "chnage: 1"))
    ended = cli.run("check", path)
    assert ended.code == 1
    assert not ended.out
    lines = ended.err.splitlines()
    assert len(lines) >= 1
    assert all(line.startswith(f"error: {path}:") for line in lines)
    error = cli.run("check", path, "--format=json").data["error"]
    assert error["type"] == "ConfigError"
    assert len(error["problems"]) == len(lines)


def test_schema_is_printed_or_written(cli, tmp_path):
    assert cli.run("schema").data["$defs"]
    written = tmp_path / "schema.json"
    assert cli.run("schema", "--out", str(written)).code == 0
    assert json.loads(written.read_text()) == cli.run("schema").data


def test_what_cannot_be_written_is_an_error(cli, tmp_path):
    ended = cli.run("schema", "--out", str(tmp_path / "missing" / "file"))
    assert ended.code == 1
    assert "cannot be written" in ended.err


# exit codes


def test_plan_tells_changes_from_none(cli):
    """2 for changes, 0 for none; planning writes nothing."""
    ended = cli("plan")
    assert ended.code == 2
    assert "Plan: 8 to create, 0 to update, 0 to delete." in ended.out
    assert not cli.writes
    cli("apply", "--yes")
    ended = cli("plan")
    assert (ended.code, ended.out.strip()) == (0, "No changes: the cloud is as the fleet file says.")


def test_plan_with_problems_is_an_error(applied):
    make_foreign(applied)
    ended = applied("plan")
    assert ended.code == 1
    assert "is not managed by trimtab" in ended.out
    assert applied("plan", "--format", "json").data["problems"]
    assert applied("apply", "--yes").code == 1


def test_what_cannot_be_read_is_an_error(applied):
    deny(applied, "list alarm")
    ended = applied("plan")
    assert ended.code == 1
    assert "unknown: alarm in local could not be read" in ended.out
    assert applied("apply", "--yes").code == 1


def test_a_failed_apply_is_an_error(cli):
    """What failed and what was not tried are named; the rest went through."""
    deny(cli, "create group")
    ended = cli("apply", "--yes")
    assert ended.code == 1
    assert "failed: create group shop-web" in ended.out
    assert "not tried: create policy scale-out (shop-web in local)" in ended.out
    assert "web: create group shop-web: failed" in ended.err
    data = cli("apply", "--yes", "--format", "json")
    assert data.code == 1
    assert {change["outcome"] for change in data.data["applied"]["changes"]} == {"failed", "skipped"}


USAGE = {
    "no command": [],
    "unknown command": ["explode"],
    "no file": ["plan"],
    "unknown option": ["plan", "fleet.yaml", "--nonsense"],
    "bad format": ["plan", "fleet.yaml", "--format", "xml"],
    "bad duration": ["apply", "fleet.yaml", "--timeout", "5x"],
    "bad wait": ["apply", "fleet.yaml", "--wait", "long"],
    "bad refresh": ["plan", "fleet.yaml", "--refresh", "everything"],
    "missing file": ["plan", "nowhere.yaml"],
}


@pytest.mark.parametrize("arguments", USAGE.values(), ids=USAGE)
def test_wrong_usage_exits_with_1(cli, arguments):
    ended = cli.run(*arguments)
    assert ended.code == 1
    assert not ended.out
    assert arguments == [] or ended.err.startswith("error: ")
    assert "Traceback" not in ended.err


def test_wrong_usage_is_json_when_asked(cli):
    ended = cli.run("plan", "--format", "json", "--nonsense")
    assert ended.code == 1
    assert "--nonsense" in ended.data["error"]["message"]


def test_a_provider_must_be_named(cli, monkeypatch):
    path = cli.write(FLEET)
    ended = cli.run("plan", path)
    assert ended.code == 1
    assert "--provider" in ended.err
    assert "TRIMTAB_PROVIDER" in ended.err
    monkeypatch.setenv("TRIMTAB_PROVIDER", "memory")
    assert cli.run("plan", path).code == 2


def test_region_and_endpoint_reach_the_provider(cli):
    cli.run("plan", cli.write(FLEET), "--provider", "aws", "--region", "eu-west-1", "--endpoint", "http://127.0.0.1:1")
    provider, settings = cli.asked[0]
    assert provider == "aws"
    assert settings.pop("listener")
    assert settings == {"region": "eu-west-1", "endpoint": "http://127.0.0.1:1"}


def test_a_setting_that_a_provider_lacks_is_an_error(cli):
    path = cli.write(FLEET)
    out, err = io.StringIO(), io.StringIO()
    assert run(["plan", path, "--provider", "memory", "--endpoint", "http://127.0.0.1:1"], out=out, err=err) == 1
    assert "unknown option 'endpoint' for memory" in err.getvalue()
    assert run(["plan", path, "--provider", "cirrus"], out=out, err=err) == 1
    assert "unknown provider 'cirrus'" in err.getvalue()


def test_version_and_help(cli, capsys):
    assert cli.run("--version").code == 0
    assert tt.__version__ in capsys.readouterr().out
    for command in ("check", "schema", "plan", "apply", "destroy", "status", "adopt"):
        assert cli.run(command, "--help").code == 0
        assert "Example" in capsys.readouterr().out


# asking


@pytest.mark.parametrize("command", ["apply", "destroy", "adopt"])
def test_nobody_to_ask_is_a_refusal(applied, command):
    """Without --yes and without a terminal nothing is written, and the way on is named."""
    if command == "adopt":
        make_foreign(applied)
    applied.edit("max: 4", "max: 5")
    before = len(applied.writes)
    ended = applied(command)
    assert ended.code == 1
    assert "--yes" in ended.err
    assert len(applied.writes) == before


def test_a_terminal_is_asked(cli):
    ended = cli("apply", answer="n\n")
    assert ended.code == 1
    assert "Apply these changes? [y/N]" in ended.out
    assert "nothing was changed" in ended.err
    assert not cli.writes
    assert cli("apply", answer="y\n").code == 0
    assert cli("plan").code == 0


def test_the_end_of_input_is_a_no(cli):
    assert cli("apply", answer="").code == 1
    assert not cli.writes


def test_json_never_asks(cli):
    ended = cli("apply", "--format", "json", answer="y\n")
    assert ended.code == 1
    assert ended.data["error"]["type"] == "PlanRefused"


# what the commands do


def test_apply_shows_plan_and_outcome(cli):
    ended = cli("apply", "--yes")
    assert ended.code == 0
    assert "Plan: 8 to create" in ended.out
    assert "Applied 8 changes." in ended.out
    assert "web: create group shop-web: done" in ended.err
    assert "web: 2 of 2 instances ready in shop-web" in ended.err
    again = cli("apply", "--yes")
    assert (again.code, again.out.strip()) == (0, "No changes: the cloud is as the fleet file says.")


def test_losing_a_group_takes_consent(applied):
    applied.write(WITHOUT_API)
    assert "consent: shop-api ends 1 instance: apply takes --allow-delete" in applied("plan").out
    ended = applied("apply", "--yes")
    assert ended.code == 1
    assert "--allow-delete" in ended.err
    assert "consent:" not in applied("apply", "--yes", "--allow-delete").out
    assert applied("plan").code == 0


def test_without_pruning_nothing_is_deleted(applied):
    applied.write(WITHOUT_API)
    ended = applied("plan", "--no-prune")
    assert ended.code == 0
    assert "stays: not pruning" in ended.out


def test_destroy_leaves_nothing(applied):
    ended = applied("destroy", "--yes")
    assert ended.code == 0
    assert "ends 2 instances" in ended.out
    assert not applied.store.things
    again = applied("destroy", "--yes")
    assert (again.code, again.out.strip()) == (0, "Nothing to delete: the cloud has nothing of this fleet.")


def test_status_shows_each_group(applied):
    ended = applied("status")
    assert ended.code == 0
    assert "shop on memory" in ended.out
    web = next(line for line in ended.out.splitlines() if line.startswith("web"))
    assert "Mon 05 Jan 08:00 CET" in web
    assert "1 no-data" in web
    assert [group["running"] for group in applied("status", "--format", "json").data["groups"]] == [2, 1]


def test_status_of_what_does_not_exist(cli):
    ended = cli("status")
    assert ended.code == 0
    assert "web: 'shop-web' does not exist in local" in ended.out


def test_adopt_marks_what_is_foreign(applied):
    make_foreign(applied)
    ended = applied("adopt", "web", "--yes")
    assert ended.code == 0
    assert "* group  shop-web  [adopted]" in ended.out
    assert applied("plan").code != 1
    assert applied("adopt", "nobody", "--yes").code == 1
    assert "has no group 'nobody'; it has web, api" in applied("adopt", "nobody").err


def test_adopt_of_one_group_leaves_the_others_to_whom_they_belong(applied):
    make_foreign(applied)
    make_foreign(applied, "shop-api")
    assert "shop-api" not in applied("adopt", "web", "--yes").out
    assert applied.store.things[Key("local", "group", "shop-web")].mark
    assert applied.store.things[Key("local", "group", "shop-api")].mark is None


def test_refresh_looks_an_image_up_anew(cli):
    cli.store.images["u-*"] = ["u-1"]
    cli.edit("image: ami-1", 'image: {newest: "u-*"}')
    cli("apply", "--yes")
    cli.store.images["u-*"].append("u-2")
    assert "note: group web, api: TT601 a newer image, u-2" in cli("plan").out
    assert "u-1 → u-2" in cli("plan", "--refresh", "image").out


# saved plans


def test_a_saved_plan_is_applied_while_it_fits(cli, tmp_path):
    saved = str(tmp_path / "plan.json")
    assert cli("plan", "--out", saved).code == 2
    assert cli("apply", "--plan", saved, "--yes").code == 0
    assert cli("plan").code == 0


def test_a_saved_plan_that_no_longer_fits_is_refused(cli, tmp_path):
    """The file, or the cloud, changed after the approval: nothing is written."""
    saved = str(tmp_path / "plan.json")
    cli("plan", "--out", saved)
    cli.edit("max: 4", "max: 5")
    ended = cli("apply", "--plan", saved, "--yes")
    assert ended.code == 1
    assert "no longer fits" in ended.err
    assert not cli.writes


def test_a_plan_that_cannot_be_applied_is_not_saved(applied, tmp_path):
    make_foreign(applied)
    saved = tmp_path / "plan.json"
    assert applied("plan", "--out", str(saved)).code == 1
    assert not saved.exists()


@pytest.mark.parametrize("text", [None, "no json", "[]", "{}"])
def test_what_is_no_saved_plan_is_an_error(cli, tmp_path, text):
    saved = tmp_path / "plan.json"
    if text is not None:
        saved.write_text(text)
    ended = cli("apply", "--plan", str(saved), "--yes")
    assert ended.code == 1
    assert "saved plan" in ended.err
    assert not cli.writes


# streams


COMMANDS = [["plan"], ["apply", "--yes"], ["status"], ["adopt", "--yes"], ["destroy", "--yes"]]


@pytest.mark.parametrize("arguments", COMMANDS, ids=lambda arguments: arguments[0])
def test_json_is_one_document(cli, arguments):
    """Results and errors alike; nothing else on standard output."""
    assert isinstance(cli(*arguments, "--format", "json").data, dict)
    failed = cli.run(arguments[0], "nowhere.yaml", *arguments[1:], "--provider", "memory", "--format", "json")
    assert failed.code == 1
    assert failed.data["error"]["problems"]


@pytest.mark.parametrize("arguments", COMMANDS, ids=lambda arguments: arguments[0])
def test_a_file_gets_plain_text(cli, arguments):
    """No escapes, no blanks at line ends."""
    ended = cli(*arguments)
    assert "\x1b" not in ended.out + ended.err
    assert all(line == line.rstrip() for line in ended.out.splitlines())


def test_a_terminal_gets_colours(cli, monkeypatch):
    assert "\x1b[1;32m+" in cli("plan", answer="").out
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[1;32m" not in cli("plan", answer="").out


def test_a_terminal_gets_live_progress(cli):
    ended = cli("apply", "--yes", answer="")
    assert ended.code == 0
    assert "written 6/6" in ended.err


def test_a_poor_encoding_gets_what_it_can_show(applied):
    """Arrows become ASCII where the stream has none."""
    applied.edit("max: 4", "max: 5")
    raw = io.BytesIO()
    out = io.TextIOWrapper(raw, encoding="ascii")
    path = str(applied.folder / "fleet.yaml")
    code = run(["plan", path, "--provider", "memory"], connect=applied.connect, out=out, err=io.StringIO())
    assert code == 2
    assert b"4 -> 5" in raw.getvalue()


def test_interrupting_says_how_to_go_on(cli):
    def connect(*_, **__):
        raise KeyboardInterrupt

    for verb, extra in [("apply", []), ("apply", ["--format", "json"]), ("plan", [])]:
        out, err = io.StringIO(), io.StringIO()
        arguments = [verb, cli.write(FLEET), "--provider", "memory", *extra]
        assert run(arguments, connect=connect, out=out, err=err) == 130
        text = out.getvalue() + err.getvalue()
        assert "interrupted" in text
        assert ("planning again shows what is left" in text) == (verb == "apply"), "a command that reads leaves nothing"


def test_retries_are_told_on_the_side(cli):
    from trimtab.events import CallRetried

    def connect(provider, listener, **settings):
        listener(CallRetried("DescribeAlarms", 2, tt.seconds(3), "slow down"))
        return cli.connect(provider)

    out, err = io.StringIO(), io.StringIO()
    run(["plan", cli.write(FLEET), "--provider", "memory"], connect=connect, out=out, err=err)
    assert "DescribeAlarms failed (attempt 2), again in 3s: slow down" in err.getvalue()
    assert "slow down" not in out.getvalue()


def test_secrets_never_appear(cli, tmp_path):
    """Not in text, not in JSON, not in errors, not in progress, not in saved plans."""
    said = []
    saved = tmp_path / "plan.json"

    def note(ended):
        said.extend([ended.out, ended.err])

    for extra in ([], ["--format", "json"]):
        note(cli("plan", *extra, "--out", str(saved)))
        deny(cli, "create template")
        note(cli("apply", "--yes", *extra))
        cli.store.fault = None
        note(cli("apply", "--yes", *extra))
        cli.edit(SECRET, f"{SECRET}-2")
        note(cli("plan", *extra))
        note(cli("plan", *extra, answer=""))
        note(cli("status", *extra))
        note(cli("destroy", "--yes", *extra))
    said.append(saved.read_text())
    assert SECRET not in "".join(said)
    assert "hunter2" not in "".join(said)


# as a process


def process(*arguments, **more):
    command = [sys.executable, *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, **more)


def test_it_runs_as_a_module():
    ended = process("-m", "trimtab", "--version")
    assert (ended.returncode, ended.stdout) == (0, f"trimtab {tt.__version__}\n")


@pytest.mark.parametrize("missing", ["typer", "rich"])
def test_missing_libraries_are_named(missing):
    code = f"import sys; sys.modules[{missing!r}] = None; from trimtab.__main__ import main; sys.exit(main(['plan']))"
    ended = process("-c", code)
    assert ended.returncode == 1
    assert "pip install 'trimtab[cli]'" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_an_interruption_while_modules_load_is_no_traceback():
    code = """
import sys
class Interrupting:
    def find_spec(self, name, *_):
        if name == "trimtab.cli":
            raise KeyboardInterrupt
sys.meta_path.insert(0, Interrupting())
from trimtab.__main__ import main
sys.exit(main(["plan"]))
"""
    ended = process("-c", code)
    assert (ended.returncode, ended.stderr) == (130, "interrupted\n")


def test_a_reader_who_leaves_is_no_error():
    """`trimtab schema | head -1`: quiet."""
    reading, writing = os.pipe()
    os.close(reading)
    ended = subprocess.run(
        [sys.executable, "-m", "trimtab", "schema"], stdout=writing, stderr=subprocess.PIPE, timeout=60, check=False
    )
    os.close(writing)
    assert ended.returncode == 1
    assert ended.stderr == b""
