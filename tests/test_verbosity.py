"""`-v`, `-vv` and `-q`: what stands beside the results."""

import logging

import pytest

from trimtab import errors

pytest.importorskip("typer")
pytest.importorskip("rich")

import typer

from tests.commands import FLEET, SECRET, Cli
from trimtab.cli import make_application


@pytest.fixture
def cli(tmp_path, monkeypatch):
    for name in ("TRIMTAB_PROVIDER", "NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    return Cli(tmp_path)


def test_v_logs_changes_and_vv_also_calls(cli):
    """In place of the lines of progress, so that each thing is said once; results are the same."""
    usual, info = cli("apply", "--yes"), cli("apply", "--yes", "-v")
    cli.store.things.clear()
    cli.store.sizes.clear()
    informed = cli("apply", "--yes", "-v")
    assert informed.out == usual.out
    assert "DEBUG" not in info.err + informed.err
    assert informed.err.count("create group shop-web (local): done") == 1
    assert "web: create group shop-web: done" in usual.err
    assert "web: create group shop-web: done" not in informed.err
    debugged = cli("plan", "-vv")
    assert "DEBUG memory read: answered in" in debugged.err
    assert SECRET not in informed.err + debugged.err


@pytest.mark.parametrize("before", [True, False])
def test_options_may_stand_before_the_command_or_after_it(cli, before):
    path = cli.write(FLEET)
    words = ["plan", path, "--provider", "memory"]
    ended = cli.run(*(["-vv", *words] if before else [*words, "--verbose", "-v"]))
    assert ended.code == 2
    assert ended.err.count("memory read: answered") == 1


def test_twice_is_once(cli):
    ended = cli.run("-v", "plan", cli.write(FLEET), "--provider", "memory", "-vv")
    assert ended.err.count("memory read: answered") == 1


def test_q_prints_results_and_errors_only(cli):
    usual, quiet = cli("plan"), cli("plan", "-q")
    assert quiet.out == usual.out
    assert (usual.err, quiet.err) == ("the cloud in memory begins empty and is forgotten at the end\n", "")
    applied = cli("apply", "--yes", "--quiet")
    assert (applied.code, applied.err) == (0, "")
    cli.store.fault = lambda name, key: errors.AccessDenied("not allowed") if name == "find_group" else None
    ended = cli("plan", "nowhere.yaml", "-q")
    assert ended.code == 1
    assert ended.err.startswith("error: ")


def test_nothing_of_a_run_stays(cli):
    logger = logging.getLogger("trimtab")
    before = list(logger.handlers), logger.level
    cli("plan", "-vv")
    cli.run("plan", "nowhere.yaml", "--provider", "memory", "-vv")
    assert (logger.handlers, logger.level) == before


@pytest.mark.parametrize("name", sorted(typer.main.get_command(make_application()).commands))
def test_every_command_has_them(cli, name, capsys):
    cli.run(name, "--help")
    text = capsys.readouterr().out
    assert "--verbose" in text
    assert "--quiet" in text
