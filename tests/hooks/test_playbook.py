"""A playbook of Ansible as a handler: the real ansible-playbook, over a local connection."""

import shutil
import sys
from dataclasses import replace
from pathlib import Path

import pytest

import trimtab as tt
from tests.hooks.aws_hooks import Bench
from tests.hooks.notices import NOTICE
from trimtab.errors import InvalidArgument, PlaybookFailed
from trimtab.hooks.playbook import inventory_of

PROGRAM = shutil.which("ansible-playbook") or str(Path(sys.executable).with_name("ansible-playbook"))
HERE = replace(NOTICE, address="127.0.0.1", group="web-eu")


@pytest.fixture
def ansible(monkeypatch, tmp_path):
    pytest.importorskip("ansible", reason="ansible-core is not installed")
    monkeypatch.setenv("ANSIBLE_LOCAL_TEMP", str(tmp_path / "local"))
    monkeypatch.setenv("ANSIBLE_REMOTE_TEMP", str(tmp_path / "remote"))
    monkeypatch.setenv("ANSIBLE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("LC_ALL", "C.UTF-8")

    def handler(text, **given):
        playbook = tmp_path / "deploy.yml"
        playbook.write_text(text)
        return tt.ansible_playbook(
            playbook,
            program=PROGRAM,
            connection="local",
            variables={"ansible_python_interpreter": sys.executable, "out": str(tmp_path / "out"), **given},
        )

    return handler


DEPLOY = """
- hosts: web_eu
  gather_facts: false
  tasks:
    - ansible.builtin.copy:
        content: "{{ inventory_hostname }} {{ ansible_host }} {{ trimtab_group }} {{ tier }}"
        dest: "{{ out }}"
"""
FAIL = """
- hosts: all
  gather_facts: false
  tasks:
    - ansible.builtin.fail: {msg: "the disk is missing"}
"""


def test_a_playbook_runs_on_the_new_instance(ansible, tmp_path):
    """Its group of Ansible is called like its group, as `trimtab inventory` calls it."""
    ansible(DEPLOY, tier="blue")(HERE)
    assert (tmp_path / "out").read_text() == "i-1 127.0.0.1 web-eu blue"


def test_a_playbook_that_fails_says_what_ansible_said(ansible):
    with pytest.raises(PlaybookFailed, match=r"deploy.yml: ended with status 2: .*failed=1"):
        ansible(FAIL)(HERE)


def test_on_aws_the_playbook_runs_before_the_instance_serves(ansible, trimtab_aws, tmp_path):
    """What guide pages call a deployment of new nodes: held at launch, handed over when the playbook is through."""
    bench = Bench.of(trimtab_aws)
    bench.apply(bench.hook())
    deploy = tt.on_launch(ansible(DEPLOY.replace("web_eu", "web"), tier="blue"))
    assert bench.states() == ["Pending:Wait"]
    (handled,) = (each for each in bench.consumer(deploy).poll() if each.notice)
    assert handled.outcome is tt.HookOutcome.CONTINUED, handled.why
    assert bench.states() == ["InService"]
    name, address, group, _ = (tmp_path / "out").read_text().split()
    assert ([name], group) == (bench.instances(), "web")
    assert address.count(".") == 3
    bench.resize(2)
    broken = tt.on_launch(ansible(FAIL))
    (handled,) = bench.consumer(broken).poll()
    assert handled.outcome is tt.HookOutcome.ABANDONED
    assert "failed=1" in handled.why
    assert len(bench.instances()) == 2


def test_a_playbook_that_does_not_end_is_killed_at_the_deadline(tmp_path):
    program, playbook = tmp_path / "forever", tmp_path / "deploy.yml"
    program.write_text("#!/bin/sh\necho begun\nwhile :; do :; done\n")
    program.chmod(0o755)
    playbook.write_text("[]")
    clock = tt.ManualClock()
    late = replace(HERE, deadline=clock.now() - tt.seconds(1), clock=clock)
    with pytest.raises(PlaybookFailed, match="did not end before the deadline"):
        tt.ansible_playbook(playbook, program=str(program))(late)


def test_what_cannot_be_run(tmp_path):
    with pytest.raises(InvalidArgument, match="is not a file"):
        tt.ansible_playbook(tmp_path / "nowhere.yml")
    playbook = tmp_path / "deploy.yml"
    playbook.write_text("[]")
    with pytest.raises(PlaybookFailed, match="i-1 has no private address to connect to"):
        tt.ansible_playbook(playbook)(NOTICE)
    with pytest.raises(PlaybookFailed, match="cannot be run: No such file or directory; install ansible-core"):
        tt.ansible_playbook(playbook, program=str(tmp_path / "ansible"))(HERE)


def test_the_inventory_of_one_host():
    inventory = inventory_of(HERE, "ssh")
    assert inventory["all"]["children"] == {"web_eu": {"hosts": {"i-1": {}}}}
    assert inventory["all"]["hosts"]["i-1"]["ansible_host"] == "127.0.0.1"
    assert inventory_of(replace(NOTICE, group=""), "ssh")["all"]["children"] == {}
