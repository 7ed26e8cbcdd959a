"""The Ansible role that does on nodes that run what `template.agents` does on new ones."""

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from tools import agents as tool

from tests.deploy.places import DEPLOY
from tests.measuring import unmeasured
from tests.servers import missing
from trimtab.providers.agents.install import listener_source, listener_unit
from trimtab.providers.aws.agents import cloudwatch_config

ANSIBLE = DEPLOY / "ansible"
ROLE = ANSIBLE / "roles" / "trimtab_agents"
SYSTEM_PYTHON = "/usr/bin/python3"
"""The Python of Debian, which has its apt."""


def test_its_versions_and_texts_are_those_of_the_library():
    assert tool.TARGET.read_text() == tool.text(), "python -m tools.agents"
    assert (ROLE / "files" / "listener.py").read_text() == listener_source()


@pytest.fixture
def program(monkeypatch, tmp_path):
    """A program of Ansible's over a folder of its own; what it says, which must not fail."""
    for name in ("LOCAL_TEMP", "REMOTE_TEMP", "HOME"):
        monkeypatch.setenv(f"ANSIBLE_{name}", str(tmp_path / name.lower()))
    monkeypatch.setenv("ANSIBLE_NOCOLOR", "1")
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")

    def run(name, *arguments):
        if importlib.util.find_spec("ansible") is None or shutil.which(name) is None:
            missing(f"{name} is not installed (pip install ansible-core ansible-lint)")
        with unmeasured():
            done = subprocess.run([name, *map(str, arguments)], capture_output=True, text=True, cwd=ANSIBLE)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run


@pytest.fixture
def play(program, tmp_path):
    """Plays the role on this machine, its files below a folder, without services."""

    def run(*options, words, cloud="aws", **given):
        settings = {
            "ansible_python_interpreter": sys.executable,
            "ansible_become": False,
            "trimtab_agents_words": words,
            "trimtab_agents_cloud": cloud,
            "trimtab_agents_root": str(tmp_path / "root"),
            "trimtab_agents_services": False,
            **given,
        }
        line = ("-i", "localhost,", "-c", "local", "-e", json.dumps(settings), "agents.yml")
        return program("ansible-playbook", *options, *line)

    return run


def test_ansible_lint_has_nothing_to_say(program):
    program("ansible-lint", "--offline", "--profile", "production", ".")


def test_a_second_play_would_change_nothing(play, tmp_path):
    """
    For real, as far as a container goes; the CloudWatch agent passes for a package that is there.

    The second play is in check mode, and has a package of the distribution too: apt takes its pinned version.
    """
    if shutil.which("prometheus-node-exporter") is None:
        missing("prometheus-node-exporter is not installed (Debian's package prometheus-node-exporter)")
    row = yaml.safe_load(tool.TARGET.read_text())["trimtab_agents_cloudwatch"]
    version = subprocess.run(["dpkg-query", "-W", "-f=${Version}", "dpkg"], capture_output=True, text=True, check=True)
    there = {"trimtab_agents_cloudwatch": {**row, "package": "dpkg", "version": version.stdout}}
    words = ["memory", "disk", "trimtab-listener"]
    assert "failed=0" in play(words=words, **there)
    root = tmp_path / "root"
    config = json.loads((root / row["config"].lstrip("/")).read_text())
    assert config == cloudwatch_config(words[:2])
    assert (root / "usr/local/lib/trimtab/listener.py").read_text() == listener_source()
    assert (root / "etc/systemd/system/trimtab-listener.service").read_text() == listener_unit("aws")
    if subprocess.run([SYSTEM_PYTHON, "-c", "import apt"], capture_output=True).returncode:
        missing("apt is not to be asked (Debian's package python3-apt)")
    again = play("--check", words=[*words, "node-exporter"], ansible_python_interpreter=SYSTEM_PYTHON, **there)
    assert "Install node-exporter" in again
    assert "changed=0" in again
