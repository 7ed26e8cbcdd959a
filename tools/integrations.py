"""
The GitHub Action of action.yml and the hook of .pre-commit-hooks.yaml, run as GitHub and pre-commit run them.

`python -m tools.integrations` runs both on the fleets of examples/, each in an environment of its own that pip makes
(so from the network), and fails where one ends otherwise than it should. pre-commit and git must be installed.
"""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import venv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parent.parent
CLEAN, FLAWED = ROOT / "examples/virtualmin/fleet.yaml", ROOT / "examples/virtualmin/guide.yaml"
# https://docs.github.com/actions/reference/workflows-and-actions/workflow-syntax#jobsjob_idstepsshell
BASH = ("bash", "--noprofile", "--norc", "-eo", "pipefail")
_EXPRESSION = re.compile(r"\$\{\{\s*(.*?)\s*\}\}")
_BUILT_FROM = ("pyproject.toml", "README.md", "LICENSE", "src", ".pre-commit-hooks.yaml", "action.yml")
Ended = subprocess.CompletedProcess[str]


def action() -> dict[str, Any]:
    """The document of action.yml."""
    document: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
    return document


def hook() -> dict[str, Any]:
    """The one hook of .pre-commit-hooks.yaml."""
    (only,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    return dict(only)


def shell_steps() -> list[dict[str, Any]]:
    """The steps of the action that are scripts, in order; the others are actions of GitHub."""
    return [step for step in action()["runs"]["steps"] if "run" in step]


def run_step(step: Mapping[str, Any], inputs: Mapping[str, str], folder: Path, env: Mapping[str, str]) -> Ended:
    """
    The result of a shell step, run in a folder with the variables that it declares.

    Args:
        step: One of `shell_steps`.
        inputs: What a workflow gives under `with`; the rest has the defaults of action.yml.
        folder: The root of the repository that the workflow checks.
        env: The variables of the job, with PATH and those that a runner sets (`runner_variables`).
    """
    defaults = {name: declared["default"] for name, declared in action()["inputs"].items()}
    values = {f"inputs.{name}": value for name, value in {**defaults, **inputs}.items()}
    declared = {
        name: _EXPRESSION.sub(lambda found: values[found[1]], text) for name, text in step.get("env", {}).items()
    }
    script = Path(env["RUNNER_TEMP"]) / "step.sh"
    script.write_text(step["run"], encoding="utf-8")
    command = [*BASH, str(script)]
    return subprocess.run(command, cwd=folder, env={**env, **declared}, capture_output=True, text=True, check=False)


def runner_variables(temporary: Path, action_path: Path) -> dict[str, str]:
    """The variables that a runner sets for the steps of a composite action."""
    temporary.mkdir(parents=True, exist_ok=True)
    output = temporary / "output"
    output.touch()
    return {"RUNNER_TEMP": str(temporary), "GITHUB_OUTPUT": str(output), "GITHUB_ACTION_PATH": str(action_path)}


def copy_repository(folder: Path) -> Path:
    """A new git repository with what trimtab is built from, committed: also where these sources have no history."""
    for name in _BUILT_FROM:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            folder.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder)
    return commit_all(folder)


def commit_all(folder: Path) -> Path:
    """The folder, which is now a git repository of one commit."""
    author = ("-c", "user.name=trimtab", "-c", "user.email=trimtab@example.com", "-c", "commit.gpgsign=false")
    for command in (("init", "-q"), ("add", "-A"), (*author, "commit", "-q", "-m", "All")):
        subprocess.run(["git", *command], cwd=folder, check=True)
    return folder


def _project(folder: Path) -> Path:
    folder.mkdir()
    shutil.copy(CLEAN, folder / "fleet.yaml")
    shutil.copy(FLAWED, folder / "flawed.fleet.yaml")
    (folder / "notes.yaml").write_text("not: a fleet\n", encoding="utf-8")
    return commit_all(folder)


def _expect(what: str, ended: Ended, code: int, pattern: str) -> None:
    if ended.returncode != code or not re.search(pattern, ended.stdout, re.DOTALL):
        message = f"{what}: exit code {ended.returncode}; expected {code}, and {pattern!r} in what is printed"
        raise SystemExit(f"{message}\n{ended.stdout}{ended.stderr}")
    sys.stdout.write(f"{what}: exit code {code}\n")


def _without_sources() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}


def _run_action(repository: Path, project: Path, where: Path) -> None:
    home = where / "python"
    venv.create(home, with_pip=True)
    programs = sysconfig.get_path("scripts", "venv", {"base": str(home)})
    env = {**_without_sources(), **runner_variables(where / "runner", repository)}
    env["PATH"] = os.pathsep.join([programs, env["PATH"]])
    install, check = shell_steps()
    _expect("action, install", run_step(install, {}, project, env), 0, "")
    _expect("action, nothing found", run_step(check, {}, project, env), 0, ": valid\n")
    _expect("action, findings", run_step(check, {"file": "flawed.fleet.yaml"}, project, env), 2, "^::warning ")


def _run_hook(repository: Path, project: Path) -> None:
    try_repo = [sys.executable, "-m", "pre_commit", "try-repo", str(repository)]
    command = [*try_repo, hook()["id"], "--all-files", "--verbose"]
    ended = subprocess.run(command, cwd=project, env=_without_sources(), capture_output=True, text=True, check=False)
    # each of the two fleet files, and no other: one that is not valid would be an error
    _expect("hook, findings in one of two", ended, 1, r"- exit code: 2\n(?=.*: valid\n)(?=.*findings\n)(?!.*error:)")


def main() -> None:
    """Run the action and the hook."""
    with tempfile.TemporaryDirectory() as temporary:
        where = Path(temporary).resolve()
        repository = copy_repository(where / "trimtab")
        project = _project(where / "project")
        _run_action(repository, project, where)
        _run_hook(repository, project)


if __name__ == "__main__":
    main()
