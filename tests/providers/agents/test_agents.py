"""Agents beside a start script: what is composed, what the real programs say of it, and what clouds give back."""

import base64
import gzip
import json
import os
import subprocess
from itertools import combinations, product
from typing import get_args

import pytest

import trimtab as tt
from tests.conftest import make_fleet, make_group
from tests.deploy.places import judged
from tests.providers.agents.composed import encoded, found_by_cloud_init
from tests.providers.emulated import emulated, fleet_for
from trimtab.errors import InvalidModel
from trimtab.models.template import Agent
from trimtab.providers.agents import agents_of, compose, read_back, script_of
from trimtab.providers.agents.install import FOLDER, listener_source, listener_unit
from trimtab.providers.agents.table import ARCHIVED, RELEASES
from trimtab.providers.agents.user_data import as_zipped_here
from trimtab.providers.aws.agents import CLOUDWATCH_CONFIG
from trimtab.providers.aws.permissions import instance_document
from trimtab.providers.azure.ids import Home
from trimtab.providers.azure.permissions import instance_definition as azure_definition
from trimtab.providers.gcp.permissions import instance_definition as gcp_definition
from trimtab.testing import translate

CLOUDS = ("aws", "azure", "gcp")
WORDS = get_args(Agent)
MULTIPART = (
    'MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="x"\n\n'
    "--x\nContent-Type: text/x-shellscript\n\n#!/bin/sh\nid\n--x--\n"
)
SCRIPTS = {
    "none": (None, []),
    "shell": ("#!/bin/sh\necho $HOME\n", [["text/x-shellscript", "part-002", "#!/bin/sh\necho $HOME\n"]]),
    "cloud-config": (
        "#cloud-config\npackages: [nginx]",
        [["text/cloud-config", "part-002", "#cloud-config\npackages: [nginx]"]],
    ),
    "not ASCII": ("#!/bin/sh\necho ñ\r\n", [["text/x-shellscript", "part-002", "#!/bin/sh\necho ñ\r\n"]]),
    "an archive": (MULTIPART, [["text/x-shellscript", "part-002", "#!/bin/sh\nid"]]),
}
"""Start scripts, and the parts that cloud-init finds in them: type, name and text."""


@pytest.mark.parametrize("script", SCRIPTS)
@pytest.mark.parametrize("provider", CLOUDS)
def test_what_is_composed_is_read_back_and_is_the_same_each_time(provider, script):
    given, _ = SCRIPTS[script]
    made = compose(given, WORDS, provider, most=16384)
    assert made == compose(given, tuple(reversed(WORDS)), provider, most=16384)
    assert read_back(made) == (tuple(sorted(WORDS)), given, ())
    assert as_zipped_here(encoded(made)) == encoded(made)


@pytest.mark.parametrize(
    "data", ["#!/bin/sh\n", MULTIPART, b"\x1f\x8b nothing", gzip.compress(b"#!/bin/sh\n", mtime=0)]
)
def test_what_others_made_is_left_whole(data):
    assert read_back(data) is None
    assert as_zipped_here(encoded(data)) == encoded(data)


def test_another_zlib_makes_no_drift():
    made = compose(None, WORDS, "aws", most=16384)
    other = gzip.compress(gzip.decompress(made), compresslevel=1, mtime=5)
    assert other != made
    assert as_zipped_here(other) == made


def test_an_agent_that_a_cloud_does_without_leaves_the_script_alone():
    assert compose("#!/bin/sh\n", ["memory", "disk"], "azure") == "#!/bin/sh\n"


@pytest.mark.parametrize("script", SCRIPTS)
@pytest.mark.parametrize("provider", ["aws", "azure"])
def test_cloud_init_finds_the_agents_and_then_the_start_script(provider, script):
    """Scripts run in the order of their names: https://cloudinit.readthedocs.io/en/latest/reference/modules.html."""
    given, parts = SCRIPTS[script]
    first, *others = found_by_cloud_init(compose(given, WORDS, provider, most=16384))
    assert first[:2] == ["text/x-shellscript", "00-trimtab-agents.sh"]
    assert first[2] == f'#!/bin/bash\n{script_of(WORDS, provider)}exit "$failed"\n'
    assert others == parts
    assert first[1] < "part-002"


def test_a_cloud_config_beside_agents_is_still_valid_by_the_schema(tmp_path):
    file = tmp_path / "user-data"
    file.write_text(read_back(compose(SCRIPTS["cloud-config"][0], WORDS, "azure")).script)
    status, said = judged("cloud-init", "schema", "--config-file", file, package="Debian's cloud-init")
    assert status == 0, said


def test_shellcheck_has_nothing_to_say(tmp_path):
    """Each agent alone, and all together, on every cloud; Google's with a start script at its end."""
    files = []
    for provider, words in product(CLOUDS, [*combinations(WORDS, 1), WORDS]):
        if text := script_of(words, provider):
            whole = (
                compose("#!/bin/sh\n", words, "gcp") if provider == "gcp" else f'#!/bin/bash\n{text}exit "$failed"\n'
            )
            files.append(tmp_path / f"{provider}-{'-'.join(words)}.sh")
            files[-1].write_text(whole)
    status, said = judged("shellcheck", *files, package="Debian's shellcheck")
    assert status == 0, said


@pytest.mark.parametrize("provider", CLOUDS)
def test_systemd_takes_the_unit_of_the_listener(provider, tmp_path):
    file = tmp_path / "trimtab-listener.service"
    file.write_text(listener_unit(provider))
    status, said = judged("systemd-analyze", "verify", "--man=no", file, package="Debian's package systemd")
    assert (status, said) == (0, "")


STUBS = {
    # a package is there once it was installed, as long as its version is the one that was asked for
    "dpkg-query": 'test -f "$STATE/$3" && printf "ii %s" "$(cat "$STATE/$3")"',
    "dpkg": (
        "case $1 in --print-architecture) echo amd64 ;; "
        '-i) echo 1.300072.0b1766-1 >"$STATE/amazon-cloudwatch-agent" ;; esac'
    ),
    "apt-get": (
        'for one in "$@"; do case $one in *=*\\*) name=${one%%=*} version=${one#*=};'
        ' printf "%s1" "${version%\\*}" >"$STATE/$name" ;; esac; done'
    ),
    "curl": 'while [ $# -gt 1 ]; do [ "$1" = -o ] && : >"$2"; shift; done',
    "gpg": (
        'case "$*" in *--verify*) echo "[GNUPG:] VALIDSIG 0 2026 0 937616F3450B7D806CBD9725D58167303B789C72" ;; esac'
    ),
    "systemctl": 'case $2 in is-active) test -f "$STATE/active-$3" ;; *) : >"$STATE/active-${*: -1}" ;; esac',
    "bash": ': >"$STATE/active-google-cloud-ops-agent"; printf 2.67.0~1 >"$STATE/google-cloud-ops-agent"',
    "sleep": ":",
}
"""What a script calls, as a machine would answer; everything is written down in `calls`."""


class Machine:
    """A machine whose programs are made up, and whose files are below a folder."""

    def __init__(self, folder, system="debian", codename="bookworm"):
        self.folder, self.root, self.state = folder, folder / "root", folder / "state"
        for each in (self.root / "etc", self.state, folder / "bin"):
            each.mkdir(parents=True)
        (self.root / "etc/os-release").write_text(f'ID={system}\nVERSION_CODENAME="{codename}"\n')
        for name, text in STUBS.items():
            self.put(f"bin/{name}", text)
        self.put("root/opt/aws/amazon-cloudwatch-agent/bin/amazon-cloudwatch-agent-ctl",
                 ': >"$STATE/active-amazon-cloudwatch-agent"')  # fmt: skip

    def put(self, name, text):
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f'#!/usr/bin/bash\necho "$(basename "$0") $*" >>"$STATE/calls"\n{text}\n')
        file.chmod(0o755)

    def run(self, script):
        (self.state / "calls").write_text("")
        file = self.folder / "script"
        file.write_text(script)
        environment = {
            "PATH": f"{self.folder / 'bin'}{os.pathsep}/usr/bin:/bin",
            "STATE": str(self.state),
            "TRIMTAB_ROOT": str(self.root),
        }
        done = subprocess.run(["/usr/bin/bash", file], env=environment, capture_output=True, text=True)
        return done.returncode, done.stdout + done.stderr, (self.state / "calls").read_text().splitlines()

    def files(self):
        return {path: path.read_bytes() for path in self.root.rglob("*") if path.is_file()}


@pytest.mark.parametrize("provider", CLOUDS)
def test_a_second_run_installs_and_writes_nothing(provider, tmp_path):
    machine = Machine(tmp_path)
    script = f'#!/bin/bash\n{script_of(WORDS, provider)}exit "$failed"\n'
    status, said, calls = machine.run(script)
    assert (status, "not installed" in said) == (0, False), said
    assert any("prometheus-node-exporter=1.5.0-*" in call for call in calls)
    assert any("collectd=5.12.0-*" in call for call in calls)
    assert (machine.root / FOLDER.lstrip("/") / "listener.py").read_text() == listener_source()
    if provider == "aws":
        config = json.loads((machine.root / CLOUDWATCH_CONFIG.lstrip("/")).read_text())
        assert set(config["metrics"]["metrics_collected"]) == {"mem", "disk"}
        assert any("/debian/amd64/1.300072.0b1766/amazon-cloudwatch-agent.deb" in call for call in calls)
    before = machine.files()
    status, said, calls = machine.run(script)
    assert (status, machine.files()) == (0, before), said
    assert {call.split()[0] for call in calls} <= {"dpkg-query", "systemctl"}
    assert all("is-active" in call for call in calls if call.startswith("systemctl"))


def test_an_agent_that_fails_keeps_nothing_else_from_being_installed(tmp_path):
    """A package whose signature is another's is not installed; Google's script ends as the start script does."""
    machine = Machine(tmp_path)
    machine.put("bin/gpg", "echo '[GNUPG:] VALIDSIG 0 2026 0 0000000000000000000000000000000000000000'")
    status, said, calls = machine.run(f'#!/bin/bash\n{script_of(WORDS, "aws")}exit "$failed"\n')
    assert status == 1
    assert "cloudwatch-agent: not installed" in said
    assert not any(call.startswith("dpkg -i") for call in calls)
    assert "node-exporter: ready" in said
    status, said, _ = machine.run(compose("#!/bin/sh\necho served; exit 3", WORDS, "gcp"))
    assert (status, "served" in said) == (3, True)


def test_a_release_without_a_pinned_version_takes_its_own(tmp_path):
    machine = Machine(tmp_path, "ubuntu", "resolute")
    status, said, calls = machine.run(f'#!/bin/bash\n{script_of(["collectd"], "gcp")}exit "$failed"\n')
    assert (status, "no pinned version of collectd" in said) == (0, True)
    assert calls[-2].endswith(" collectd")


def test_every_word_has_a_form_and_every_form_a_row():
    rows = [*ARCHIVED]
    for provider in CLOUDS:
        agents = agents_of(provider)
        rows.append(agents.own.pinned)
        assert set(agents.forms) <= set(WORDS)
        assert set(agents.forms.values()) == {
            agents.own.pinned.name,
            *(row.name for row in ARCHIVED),
            "trimtab-listener",
        }
    for row in rows:
        assert bool(row.version) != bool(row.by_release)
        assert not row.by_release or set(row.by_release) == set(RELEASES.values())
        assert row.seen
        assert row.source


def group_with(agents, provider="aws", **template):
    sizes = {"aws": "t3.medium", "azure": "Standard_B2s", "gcp": "e2-medium"}
    given = {"image": {"os": "ubuntu-24.04"}, "size": sizes[provider], "role": "web", "agents": agents, **template}
    return make_group("web", template={name: value for name, value in given.items() if value is not None})


def said(provider, agents, **template):
    fleet = tt.Fleet(name="shop", groups=(group_with(agents, provider, **template),))
    found = translate(fleet, provider)
    return [note.text for kind in (found.problems, found.notes) for note in kind if "template.agents" in note.text]


@pytest.mark.parametrize("provider", CLOUDS)
def test_agents_are_refused_by_name_where_the_image_cannot_have_them(provider):
    assert said(provider, ["node-exporter"]) == []
    (windows,) = said(provider, ["collectd", "disk"], image={"os": "windows-server-2022"})
    assert windows.startswith("template.agents.0, template.agents.1: agents are for Linux")
    (other,) = said(provider, ["collectd"], image={"os": "rocky-9"})
    assert "not of rocky-9" in other
    (unknown,) = said(provider, ["collectd"], image={"newest": "shop-*", "owner": "123456789012"})
    assert "takes an image of Debian or Ubuntu" in unknown
    (nobody,) = said(provider, ["disk"], role=None)
    assert "name one by `template.role`" in nobody


def test_azure_measures_memory_itself():
    assert said("azure", ["memory"], role=None) == []


def test_a_word_is_listed_once():
    with pytest.raises(InvalidModel, match="listed twice"):
        group_with(["disk", "disk"])


def test_a_start_script_that_leaves_no_room_is_refused_by_the_limit():
    noise = base64.b64encode(os.urandom(15000)).decode()
    fleet = tt.Fleet(name="shop", groups=(group_with(["trimtab-listener"], user_data=f"#!/bin/sh\n# {noise}\n"),))
    (problem,) = translate(fleet, "aws").problems
    assert problem.text.startswith("template.agents.0: ")
    assert "at most 16,384 are allowed" in problem.text


def test_what_the_instances_may_do_follows():
    """
    The agents alone, with no metric that they measure.

    https://docs.aws.amazon.com/aws-managed-policy/latest/reference/CloudWatchAgentServerPolicy.html
    https://docs.cloud.google.com/logging/docs/agent/ops-agent/installation
    """
    plain, agents = make_fleet(make_group("web")), make_fleet(group_with(["disk"]))
    home = Home("00000000-0000-0000-0000-000000000000", "shop")
    actions = [
        [action for each in instance_document(fleet, region="us-east-1")["Statement"] for action in each["Action"]]
        for fleet in (plain, agents)
    ]
    assert actions == [[], ["cloudwatch:PutMetricData", "ec2:DescribeTags"]]
    written = [azure_definition(fleet, home)["DataActions"] for fleet in (plain, agents)]
    assert written == [[], ["Microsoft.Insights/Metrics/Write"]]
    roles = [gcp_definition(fleet)["includedPermissions"] for fleet in (plain, agents)]
    assert roles[0] == []
    assert {"logging.logEntries.create", "monitoring.timeSeries.create"} <= set(roles[1])


ROLES = {"gcp": "virtualmin@trimtab.iam.gserviceaccount.com"}


@pytest.mark.parametrize("provider", CLOUDS)
def test_agents_are_made_read_back_and_taken_away(provider):
    """Planned to nothing, imported to the same agents and start script, and nothing is left once they are taken out."""
    with emulated(provider) as world:
        world.emulator.furnish()
        template = {"image": {"os": "ubuntu-22.04"}, "role": ROLES.get(provider, "virtualmin")}
        script = None if provider == "azure" else "#!/bin/sh\necho shop\n"
        fleet = fleet_for(world, **template, agents=WORDS, **({"user_data": script} if script else {}))
        with world.connect() as cloud:
            plan = cloud.plan(fleet)
            assert plan.problems == ()
            cloud.apply(plan).raise_for_failures()
            assert not cloud.plan(fleet)
            found = cloud.import_group(fleet.native_name(fleet["web"]), fleet="shop")
            read = found.group.template
            # Azure never gives custom data back; its extension is seen
            assert read.agents == (("disk",) if provider == "azure" else tuple(sorted(WORDS)))
            assert read.user_data == script
            bare = fleet["web"].template.model_copy(update={"agents": ()})
            without = fleet.model_copy(update={"groups": (fleet["web"].model_copy(update={"template": bare}),)})
            assert cloud.plan(without)
            cloud.apply(cloud.plan(without)).raise_for_failures()
            assert not cloud.plan(without)
