"""
The GitHub Action and the hook of pre-commit, as read from their files, on the trimtab that runs the tests.

Nothing is installed here: the action's install step is left out, and `trimtab` on the PATH is a script that starts
these sources, or that only prints its arguments. `nox -s package` runs both whole, with what pip installs.
"""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from tools import integrations

from tests.commands import VARIABLES

pytest.importorskip("typer", reason="the command line needs its extra")
pytestmark = pytest.mark.skipif(
    shutil.which("bash") is None or os.name == "nt", reason="the action's scripts are for bash"
)
CLEAN, FLAWED = (path.read_text(encoding="utf-8") for path in (integrations.CLEAN, integrations.FLAWED))


@pytest.fixture
def env(tmp_path):
    """The variables of a job, with these sources as `trimtab` and the Python that runs the tests."""
    programs = tmp_path / "bin"
    programs.mkdir()
    _write_program(programs / "python", '"$@"')
    _write_program(programs / "trimtab", '-m trimtab "$@"')
    inherited = {name: value for name, value in os.environ.items() if name not in VARIABLES}
    # an empty part, or one without a root, would be in the folder that a command runs in
    more = filter(os.path.isabs, inherited.get("PYTHONPATH", "").split(os.pathsep))
    sources = os.pathsep.join([str(integrations.ROOT / "src"), *more])
    return {
        **inherited,
        **integrations.runner_variables(tmp_path / "runner", integrations.ROOT),
        "PATH": os.pathsep.join([str(programs), inherited["PATH"]]),
        "PYTHONPATH": sources,
    }


def _write_program(path, arguments):
    path.write_text(f"#!/bin/sh\nexec {shlex.quote(sys.executable)} {arguments}\n", encoding="utf-8")
    path.chmod(0o755)


@pytest.fixture
def echo(tmp_path, env):
    """`trimtab` only prints its arguments; it fails as the real one does for files called `invalid` and `flawed`."""
    program = tmp_path / "echo.py"
    program.write_text(ECHO, encoding="utf-8")
    _write_program(tmp_path / "bin" / "trimtab", f'{shlex.quote(str(program))} "$@"')


ECHO = """\
import json, sys
print(json.dumps(sys.argv[1:]))
sys.exit({"invalid": 1, "flawed": 2}.get(" ".join(sys.argv[2:3]).partition(".")[0], 0))
"""


def _runs(ended):
    return [json.loads(line) for line in ended.stdout.splitlines()]


@pytest.fixture
def project(tmp_path):
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "fleet.yaml").write_text(CLEAN, encoding="utf-8")
    return folder


@pytest.fixture
def check(project, env):
    """Runs the action's last step with the inputs of a workflow."""
    _, step = integrations.shell_steps()

    def run(**inputs):
        return integrations.run_step(step, inputs, project, env)

    return run


@pytest.fixture
def commit(project, env):
    """Runs the hook's entry as pre-commit does: split like a shell would, then `args`, then the files."""

    def run(*files, args=()):
        for file in files:
            (project / file).touch()
        command = [*shlex.split(integrations.hook()["entry"]), *args, *files]
        return subprocess.run(command, cwd=project, env=env, capture_output=True, text=True, check=False)

    return run


def test_the_install_step_is_the_only_one_that_is_left_out_here():
    install, check = integrations.shell_steps()
    assert install["run"] == 'python -m pip install "${GITHUB_ACTION_PATH}[cli]"'
    assert "pip" not in check["run"]
    assert [step["shell"] for step in (install, check)] == ["bash", "bash"]  # required of a composite action


def test_values_of_a_workflow_come_to_a_script_as_variables_alone():
    assert not any("${{" in step["run"] for step in integrations.shell_steps())


def test_an_action_checks_fleet_yaml_and_passes_when_nothing_is_found(check):
    ended = check()
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "::" not in ended.stdout


def test_findings_are_annotations_and_fail_the_step(check, project):
    (project / "other fleet.yaml").write_text(FLAWED, encoding="utf-8")
    ended = check(file="other fleet.yaml")
    assert ended.returncode == 2
    assert re.match(r"::warning .*\bfile=\S*other fleet\.yaml,line=\d+", ended.stdout)


def test_an_invalid_file_fails_the_step_with_an_error(check, project):
    (project / "fleet.yaml").write_text("name: shop\ngroups: 3\n", encoding="utf-8")
    ended = check()
    assert ended.returncode == 1
    assert re.match(r"::error .*\bfile=\S*fleet\.yaml,line=2,", ended.stdout)


def test_an_action_without_inputs_reads_fleet_yaml_for_every_cloud(check, echo):
    assert _runs(check()) == [["check", "fleet.yaml", "--format", "github"]]


def test_inputs_reach_the_command(check, echo):
    ended = check(file="infra/our fleet.yaml", provider="aws", format="sarif", args="--select TT1\n--exit-zero")
    options = ["--provider=aws", "--format", "sarif", "--select", "TT1", "--exit-zero"]
    assert _runs(ended) == [["check", "infra/our fleet.yaml", *options]]


def test_the_report_is_a_file_for_the_steps_that_follow(check, env, echo):
    ended = check(file="flawed.yaml")
    assert ended.returncode == 2
    outputs = dict(line.split("=", 1) for line in Path(env["GITHUB_OUTPUT"]).read_text(encoding="utf-8").splitlines())
    assert Path(outputs["report"]).read_text(encoding="utf-8") == ended.stdout
    declared = integrations.action()["outputs"]
    assert {value["value"] for value in declared.values()} == {
        f"${{{{ steps.check.outputs.{name} }}}}" for name in outputs
    }


@pytest.mark.parametrize("hostile", ["$(touch broken)", "`touch broken`", '"; touch broken; "', "*"])
def test_no_input_is_code(check, project, echo, hostile):
    ended = check(file=hostile, provider=hostile, args=hostile)
    options = [f"--provider={hostile}", "--format", "github", *hostile.split()]
    assert _runs(ended) == [["check", hostile, *options]]
    assert [path.name for path in project.iterdir()] == ["fleet.yaml"]


def test_a_hook_checks_each_file_of_a_commit(commit, project):
    (project / "flawed.fleet.yml").write_text(FLAWED, encoding="utf-8")
    ended = commit("fleet.yaml", "flawed.fleet.yml")
    assert ended.returncode == 2
    assert "flawed.fleet.yml:" in ended.stdout
    assert commit("fleet.yaml").returncode == 0


@pytest.mark.parametrize(
    ("files", "code"),
    [
        (("fleet.yaml", "fleet-b.yaml"), 0),
        (("fleet.yaml", "flawed.fleet.yaml"), 2),
        (("flawed.fleet.yaml", "fleet.yaml"), 2),
        (("invalid.fleet.yaml", "fleet.yaml"), 1),
    ],
)
def test_one_bad_file_of_a_commit_fails_it(commit, echo, files, code):
    ended = commit(*files, args=["--provider", "aws", "--select=TT1"])
    assert _runs(ended) == [["check", file, "--provider", "aws", "--select=TT1"] for file in files]
    assert ended.returncode == code


def test_a_hook_without_files_reads_what_args_name(commit, echo):
    assert _runs(commit(args=["infra/missing.yaml"])) == [["check", "infra/missing.yaml"]]
    assert _runs(commit()) == [["check"]]


def test_a_folder_of_the_project_is_not_mistaken_for_a_module(commit, project, echo):
    (project / "subprocess.py").write_text("raise SystemExit(7)", encoding="utf-8")
    assert commit("fleet.yaml").returncode == 0


@pytest.mark.parametrize(
    ("name", "is_fleet"),
    [
        ("fleet.yaml", True),
        ("infra/fleet.yml", True),
        ("infra/fleet-azure.yaml", True),
        ("shop.fleet.yaml", True),
        ("fleet_eu.prod.yaml", True),
        ("fleets.yaml", False),
        ("fleet/values.yaml", False),
        ("fleet.yaml.bak", False),
        ("fleet.toml", False),
    ],
)
def test_the_hook_takes_files_that_are_called_fleet(name, is_fleet):
    assert bool(re.search(integrations.hook()["files"], name)) is is_fleet


def test_the_extra_all_has_what_people_run_with():
    project = tomllib.loads((integrations.ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    assert extras["all"] == ["trimtab[aws,azure,gcp,cli,sql,controller,calendar]"]
    assert {"aws", "azure", "gcp", "cli"} <= set(extras)
