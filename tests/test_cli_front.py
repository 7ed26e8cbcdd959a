"""What the commands have in common: the file they read, how they print, what a shell completes."""

import inspect
import io
import json
import os
import re
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

import trimtab as tt
from trimtab.errors import InvalidArgument
from trimtab.events import EndpointFound

pytest.importorskip("typer")
pytest.importorskip("rich")

import typer

from tests.commands import FLEET, VARIABLES, Cli, Terminal
from trimtab.cli import make_application, run

SOURCE = str(Path(tt.__file__).parents[1])
ADDRESS = "https://127.0.0.1:41234/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/shop"


@pytest.fixture
def cli(tmp_path, monkeypatch):
    for name in (*VARIABLES, "NO_COLOR", "FORCE_COLOR", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.chdir(tmp_path)
    made = Cli(tmp_path)
    made.write(FLEET.replace("name: shop\n", "name: shop\nconnect: {provider: memory}\n"))
    return made


# the file


def test_the_file_of_the_folder_is_read_when_none_is_named(cli):
    assert cli.run("plan").code == 2
    assert cli.run("check").out.endswith("valid\n")
    assert cli.run("apply", "--yes").code == 0
    for command in ("status", "watch --once", "inventory", "permissions", "activities"):
        assert cli.run(*command.split()).code == 0
    assert cli.run("destroy", "--yes").code == 0


def test_a_folder_without_one_says_what_to_do(cli, tmp_path, monkeypatch):
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    ended = cli.run("plan")
    assert ended.code == 1
    assert "fleet.yaml: file not found; name the fleet file, or run this in its folder" in ended.err


def test_what_is_no_file_is_a_group(cli):
    cli.run("apply", "--yes")
    assert cli.run("pause", "web", "--by", "me").out.splitlines() == ["web: paused by me", "api: not paused"]
    assert cli.run("resume", "fleet.yaml", "web").code == 0
    assert cli.run("pause", "./fleet.yaml", "api", "web", "--by", "me").code == 0
    assert "has no group 'wbe'; it has web, api" in cli.run("resume", "wbe").err
    assert "b.yml is a second fleet file" in cli.run("resume", "fleet.yaml", "b.yml").err


@pytest.mark.parametrize("command", ["plan", "check", "apply --yes", "status", "activities", "activities web"])
def test_a_dash_is_standard_input(cli, command):
    cli.run("apply", "--yes")
    text = (cli.folder / "fleet.yaml").read_text().replace("min: 1, max: 1", "min: 1, max: 2")
    cli.write("no fleet")
    out, err = io.StringIO(), io.StringIO()
    name, *more = command.split()
    code = run([name, "-", *more], connect=cli.connect, out=out, err=err, source=io.StringIO(text))
    assert code == (2 if name == "plan" else 0), err.getvalue()


# how results are printed


@pytest.mark.parametrize("place", [0, 1])
def test_no_color_is_for_every_command_before_and_after_it(cli, place):
    coloured = re.compile(r"\x1b\[[0-9;]*3[0-9]m")
    words = ["plan"]
    assert coloured.search(cli.run(*words, answer="").out)
    words.insert(place, "--no-color")
    ended = cli.run(*words, answer="")
    assert ended.code == 2
    assert not coloured.search(ended.out)


def test_columns_say_how_wide_a_pipe_is(cli, monkeypatch):
    wide = cli.run("plan").out
    assert max(map(len, wide.splitlines())) > 60
    monkeypatch.setenv("COLUMNS", "60")
    assert max(map(len, cli.run("plan").out.splitlines())) <= 60
    assert len(cli.run("plan", "--provider", "nimbus").err.splitlines()) == 1
    for nonsense in ("0", "wide", "-3"):
        monkeypatch.setenv("COLUMNS", nonsense)
        assert cli.run("plan").out == wide


@pytest.mark.parametrize("terminal", [True, False])
def test_addresses_are_never_broken(cli, monkeypatch, terminal):
    """In remarks, errors and the fields of a plan."""
    monkeypatch.setenv("COLUMNS", "40")

    def connect(provider, listener, **settings):
        listener(EndpointFound("AZURE_RESOURCE_MANAGER_URL", ADDRESS))
        return cli.connect(provider)

    def plan():
        kind = Terminal if terminal else io.StringIO
        out, err = kind(), kind()
        run(["plan"], connect=connect, out=out, err=err, source=kind())
        return re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", out.getvalue()), err.getvalue()

    assert ADDRESS in plan()[1]
    cli.edit("image: ami-1", f"image: {ADDRESS}")
    assert ADDRESS in plan()[0]
    cli.run("apply", "--yes")
    cli.edit(f"image: {ADDRESS}", f"image: {ADDRESS}/2")
    out, _ = plan()
    assert out.count(ADDRESS) == out.count("https://") == 4
    assert out.count(f"{ADDRESS}/2") == 2
    assert cli.run("plan", f"{ADDRESS}/fleet.yaml").err.count(f"{ADDRESS}/fleet.yaml") == 1


def test_progress_counts_and_tells_the_time(cli):
    cli.store.boot = tt.minutes(2)
    lines = cli.run("apply", "--yes").err.splitlines()
    ended = [line for line in lines if ": done (" in line]
    assert [re.search(r"\((\d+) of (\d+), 0s\)$", line).groups() for line in ended] == [
        (str(n), "8") for n in range(1, 9)
    ]
    ready = next(line for line in lines if line.startswith("web: 2 of 2 instances ready"))
    assert re.search(r"\(2m\d*s?\)$", ready), ready
    cli.edit("max: 4", "max: 5")
    assert "1 of 1, 0s elapsed" in cli.run("apply", "--yes", answer="").err


# saved plans


def test_show_prints_a_saved_plan_as_the_plan_was(cli, tmp_path):
    """Changes, reasons, lines and the summary; digests in place of values. It asks no cloud and reads no fleet."""
    cli.run("apply", "--yes")
    cli.edit("max: 4", "max: 5")
    saved = tmp_path / "plan.json"
    planned = cli.run("plan", "--out", str(saved)).out
    (tmp_path / "fleet.yaml").unlink()
    cli.asked.clear()
    ended = cli.run("show", str(saved))
    assert (ended.code, cli.asked) == (0, [])
    heading, *shown = ended.out.splitlines()
    assert heading == "shop on memory, planned 2026-01-05 00:01 UTC"
    row = re.compile(r"~ +max: +sha256:[0-9a-f]{8} → sha256:[0-9a-f]{8} +fleet.yaml:\d+")
    assert row.search(ended.out)
    assert re.sub(r"(sha256:)?[0-9a-f]{8,}|\b[45]\b|^.*tags\..*$| +", "", planned, flags=re.MULTILINE) == re.sub(
        r"sha256:[0-9a-f]{8}|^.*tags\..*$| +", "", "\n".join(shown[1:]) + "\n", flags=re.MULTILINE
    )
    page = cli.run("show", str(saved), "--format", "markdown").out
    assert page.startswith("`shop` on memory, planned 2026-")
    assert "\n  | `max` | " in page
    assert cli.run("show", str(saved), "--format", "json").data == {
        "format_version": 1,
        **json.loads(saved.read_text()),
    }


def test_show_prints_what_plan_printed_as_json(cli):
    cli.run("apply", "--yes")
    cli.edit("max: 4", "max: 5")
    printed = cli.run("plan", "--format", "json").out
    out = io.StringIO()
    assert run(["show", "-"], out=out, err=io.StringIO(), source=io.StringIO(printed)) == 0
    assert out.getvalue().split("\n\n", 1)[1] == cli.run("plan").out


def test_show_says_what_makes_a_plan_impossible(cli):
    cli.run("apply", "--yes")
    for thing in cli.store.things.values():
        thing.mark = None
    printed = cli.run("plan", "--format", "json").out
    out = io.StringIO()
    assert run(["show", "-"], out=out, err=io.StringIO(), source=io.StringIO(printed)) == 0
    assert "is not managed by trimtab" in out.getvalue()
    assert "This plan cannot be applied" in out.getvalue()


def test_show_takes_plans_of_providers_that_are_not_here(cli, tmp_path):
    saved = tmp_path / "plan.json"
    printed = cli.run("plan", "--format", "json").data
    saved.write_text(json.dumps({**printed, "provider": "nimbus"}))
    ended = cli.run("show", str(saved))
    assert ended.code == 0
    assert "+ group  shop-web  [new]" in ended.out


@pytest.mark.parametrize("change", ["altered", "cut", "[]", "{}", "none", '{"trimtab_plan": 1}', '{"trimtab_plan": 2}'])
def test_what_is_no_plan_is_an_error(cli, tmp_path, change):
    saved = tmp_path / "plan.json"
    cli.run("plan", "--out", str(saved))
    text = saved.read_text()
    whole = {"altered": text.replace("shop-web", "shop-wet"), "cut": text[:-40]}
    saved.write_text(whole.get(change, change))
    ended = cli.run("show", str(saved))
    assert (ended.code, ended.out) == (1, "")
    assert "altered after it was saved" in ended.err if change == "altered" else "not a saved plan" in ended.err


# activities


def test_activities_are_listed_newest_first_by_group(cli):
    cli.run("apply", "--yes")
    cli.clock.advance(tt.hours(1))
    with tt.connect("memory", store=cli.store, clock=cli.clock) as cloud:
        cloud.group("shop-web").scale(to=4)
    lines = cli.run("activities", "web").out.splitlines()
    assert lines[0] == "web"
    assert lines[1].startswith("  2026-01-05 02:01:02 CET  done  from 2 to 4 instances")
    assert "from 0 to 2 instances" in " ".join(lines[2:])
    assert "the group was created" in lines[-1]
    data = cli.run("activities", "--limit", "1", "--format", "json").data
    assert [(group["group"], group["exists"], len(group["activities"])) for group in data["groups"]] == [
        ("web", True, 1),
        ("api", True, 1),
    ]
    assert data["groups"][0]["activities"][0]["at"].startswith("2026-01-05T01:01:02")


def test_activities_of_what_does_not_exist(cli):
    assert cli.run("activities").out.split() == ["web", "does", "not", "exist", "api", "does", "not", "exist"]
    assert cli.run("activities", "--limit", "0").code == 1


# help


VERBS = re.compile(
    "Advise|Allow|Bring|Try|Protect|Roll|Compare|Decide|Explain|Handle|Hold|Keep|Raise|Read|Send|Serve"
    "|Log|Apply|Choose|Delete|Exit|Give|Install|Leave|List|Look|Measure|Name|Override|Plan|Print|Re-resolve|Run|Save|Set"
    "|Show|Stop|End|Take|Treat|Validate|Wait|Write"
)


def texts():
    """Each help text of the command line, by where it stands."""
    whole = typer.main.get_command(make_application())
    yield "trimtab", whole.help
    for name, command in whole.commands.items():
        yield name, command.help
        yield from ((f"{name} {parameter.name}", parameter.help) for parameter in command.params)


@pytest.mark.parametrize(("place", "text"), list(texts()), ids=lambda part: None if " " in part else part)
def test_help_begins_with_a_verb(place, text):
    assert VERBS.match(text), f"{place}: {text}"


# completion, by the shell's own way


def process(*words, folder=None, **more):
    environment = {name: value for name, value in os.environ.items() if name not in VARIABLES}
    return subprocess.run(
        [sys.executable, "-m", "trimtab", *words],
        env={**environment, "PYTHONPATH": SOURCE, **more},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def completed(folder, line):
    """What bash is told for a line, its last word unfinished."""
    number = str(len(line.split(" ")) - 1)
    ended = process(folder=folder, COMP_WORDS=line, COMP_CWORD=number, _TRIMTAB_COMPLETE="complete_bash")
    assert (ended.returncode, ended.stderr) == (0, "")
    return ended.stdout.split()


def test_a_shell_completes_commands_files_groups_and_providers(cli, tmp_path):
    (tmp_path / "infra").mkdir()
    (tmp_path / "notes.txt").touch()
    assert completed(tmp_path, "trimtab p") == ["plan", "pause", "permissions"]
    assert completed(tmp_path, "trimtab plan ") == ["fleet.yaml", "infra/"]
    assert completed(tmp_path, "trimtab pause fleet.yaml ") == ["web", "api"]
    assert completed(tmp_path, "trimtab plan --provider a") == ["aws", "azure"]
    cli.write("no fleet")
    assert completed(tmp_path, "trimtab pause ") == ["fleet.yaml", "infra/"]


def test_the_script_of_a_shell_is_printed():
    # which shell it is called from is typer's to find out; here there may be none
    shown = process("--show-completion", "bash", _TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION="1")
    assert "_TRIMTAB_COMPLETE=complete_bash" in shown.stdout


def test_it_runs_as_a_process_in_the_folder_of_a_fleet(cli, tmp_path):
    """The default file, `connect:` and a saved plan, through the real interpreter."""
    planned = process("plan", "--out", "plan.json", folder=tmp_path)
    assert planned.returncode == 2, planned.stderr
    assert "Plan: 8 to create" in planned.stdout
    assert "Plan: 8 to create" in process("show", "plan.json", folder=tmp_path).stdout
    applied = process("apply", "--plan", "plan.json", "--yes", "--wait", "accepted", folder=tmp_path)
    assert applied.returncode == 0, applied.stderr


# durations

NONE_IS_FINE = {"apply --timeout", "destroy --timeout", "simulate --boot", "drill --boot", "haproxy sync --wait"} | {
    f"rollout {verb} --timeout" for verb in ("start", "resume", "abort", "undo")
}
"""What may take no time, or be looked at once."""


def durations(app, words=()):
    """The options that take a duration, each with its parser."""
    for command in app.registered_commands:
        name = " ".join((*words, command.name or command.callback.__name__.replace("_", "-")))
        for parameter in inspect.signature(command.callback).parameters.values():
            for option in getattr(parameter.annotation, "__metadata__", ()):
                if getattr(option, "metavar", None) == "DURATION":
                    named = (option.param_decls or (f"--{parameter.name}",))[0]
                    yield f"{name} {named}", option.parser
    for group in app.registered_groups:
        yield from durations(group.typer_instance, (*words, group.name))


def test_each_duration_is_a_time_that_the_command_can_use():
    """Of none a loop would never rest, of more than a clock has nothing but a traceback would come."""
    options = dict(durations(make_application()))
    assert len(options) >= 20
    for name, parse in options.items():
        for text in ("-5s", "5", "soon", "", "3651d", "999999999d"):
            with pytest.raises(typer.BadParameter):
                parse(text)
        assert parse("30m") == tt.minutes(30)
        if name in NONE_IS_FINE:
            assert not parse("0s")
            continue
        with pytest.raises(typer.BadParameter, match="'0s' is not above 0; give a longer time"):
            parse("0s")
        if name.endswith(("--every", "--interval")):
            with pytest.raises(typer.BadParameter, match="'2d' is longer than 1d; give a shorter time"):
                parse("2d")


def test_loops_in_python_refuse_to_go_on_without_a_rest(cli):
    with tt.connect("memory") as cloud:
        for every in (timedelta(0), timedelta(seconds=-1)):
            with pytest.raises(InvalidArgument, match=r"every=.* is not above 0; give a longer one"):
                tt.Controller(tt.Fleet(name="shop", groups=[]), cloud, store=None, every=every)
            with pytest.raises(InvalidArgument, match=r"interval=.* is not above 0"):
                next(cloud.watch(tt.Fleet(name="shop", groups=[])).stream(every))
