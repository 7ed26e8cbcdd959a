"""
Windows on Azure: its profile, its health extension, and a password that is in the creation's body and nowhere else.

https://learn.microsoft.com/rest/api/compute/virtual-machine-scale-sets/create-or-update and
https://learn.microsoft.com/azure/virtual-machine-scale-sets/virtual-machine-scale-sets-health-extension
"""

import json
import logging
import pickle

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import trimtab as tt
from tests.conftest import make_fleet
from tests.laws import examples
from tests.providers.azure.groups import azure_group
from trimtab.config import dump_fleet
from trimtab.emulators.azure.shapes import check
from trimtab.emulators.azure.type_files import find_shape
from trimtab.errors import ConfigError, InvalidModel
from trimtab.plan import plain

NAME, PASSWORD = "ADMIN_PASSWORD", "Correct-Horse-9"
WINDOWS = "MicrosoftWindowsServer:WindowsServer:2022-datacenter-g2:latest"
TEMPLATE = {"image": WINDOWS, "size": "Standard_D2s_v5", "admin_password": {"env": NAME}}
LINUX = {**TEMPLATE, "image": "Ubuntu2404"}
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEy8JSUl0XqjEjDLaS/r5DVgeF+N0wI32XwB05JBFgcf"
FILE = """\
name: shop
groups:
  web:
    capacity: {{min: 1, max: 3}}
    template:
      image: {image}
      size: Standard_D2s_v5
      admin_password:
        env: ADMIN_PASSWORD
    placement:
      subnets: [{subnet}]
"""


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    monkeypatch.setenv(NAME, PASSWORD)


@pytest.fixture
def cloud(world):
    with world.connect() as cloud:
        yield cloud


def fleet(world, template=TEMPLATE, **fields):
    return make_fleet(azure_group(world, "web", template=template, alarms={}, policies={}, **fields))


def system(change):
    return change.wanted.body["properties"]["virtualMachineProfile"]["osProfile"]


def of_set(plan):
    return next(change for change in plan if change.key.kind == "scale-set")


def passwords_sent(world):
    """The password of each write of a scale set; `None` where it has none."""
    writes = [call for call in world.doors.requests() if call.write and "ScaleSets" in call.operation]
    return [json.dumps(call.params).count(PASSWORD) for call in writes]


def test_the_profile_of_windows_fits_azures_types(world, cloud, shared):
    plan = cloud.plan(fleet(world, health_check={"path": "/", "port": 80}))
    assert not plan.problems
    change = of_set(plan)
    assert plain(system(change)) == {
        "computerNamePrefix": "virtualmi",
        "adminUsername": "azureuser",
        "adminPassword": f"(environment variable {NAME}, not verifiable)",
        "windowsConfiguration": {"provisionVMAgent": True},
    }
    profile = change.wanted.body["properties"]["virtualMachineProfile"]
    (extension,) = profile["extensionProfile"]["extensions"]
    assert extension["properties"]["type"] == "ApplicationHealthWindows"
    shape = find_shape("microsoft.compute.2026-04-01", "Microsoft.Compute/virtualMachineScaleSets")
    sent = {name: value for name, value in plain(change.wanted.body).items() if name != "resourceGroup"}
    check({**sent, "location": "westeurope"}, shape, whole=True, strict=True)


@pytest.mark.parametrize(
    ("more", "linux"),
    [
        ({}, {"disablePasswordAuthentication": False}),
        ({"ssh_key": KEY}, {"disablePasswordAuthentication": False, "keys": [KEY]}),
    ],
)
def test_linux_takes_a_password_too_beside_a_key_or_without(world, cloud, more, linux):
    plan = cloud.plan(fleet(world, {**LINUX, **more}))
    found = dict(system(of_set(plan))["linuxConfiguration"])
    keys = [key["keyData"] for key in found.pop("ssh", {}).get("publicKeys", ())]
    assert {**found, **({"keys": keys} if keys else {})} == linux
    assert not [note for note in plan.notes if "throwaway" in note.text]
    assert not cloud.apply(plan, wait="accepted").failures
    assert not cloud.plan(fleet(world, {**LINUX, **more})).changes


def test_the_plan_says_that_it_cannot_verify_the_password(world, cloud):
    plan = cloud.plan(fleet(world))
    assert [note.text for note in plan.notes if note.path == "template.admin_password.env"] == [
        "template.admin_password.env: not verifiable: Azure never gives a password back; it is sent when the group is "
        "created, and only then"
    ]


def test_the_password_is_sent_by_the_creation_alone(world, cloud, monkeypatch):
    """Neither an edit nor another value of the variable sends it again, and no edit needs it."""
    cloud.apply(cloud.plan(fleet(world)), wait="accepted")
    assert passwords_sent(world) == [1]
    world.doors.clear_requests()
    monkeypatch.delenv(NAME)
    assert not cloud.plan(fleet(world)).changes
    larger = {**TEMPLATE, "size": "Standard_D4s_v5", "user_data": "echo", "admin_password": {"env": "ANOTHER"}}
    plan = cloud.plan(fleet(world, larger))
    assert not plan.problems
    assert not cloud.apply(plan, wait="accepted").failures
    assert passwords_sent(world) == [0]
    without = {name: value for name, value in larger.items() if name != "admin_password"}
    assert not cloud.plan(fleet(world, without)).changes


def test_a_new_set_in_its_place_gets_the_password_again(world, cloud):
    cloud.apply(cloud.plan(fleet(world)), wait="accepted")
    world.doors.clear_requests()
    plan = cloud.plan(fleet(world, azure={"admin_username": "ops"}))
    assert of_set(plan).action == "replace"
    assert not cloud.apply(plan, wait="accepted", allow_replace=True).failures
    assert [count for count in passwords_sent(world) if count] == [1]


def test_a_password_where_none_was_takes_a_new_set(world, cloud):
    """Azure sets none on a set that stands."""
    cloud.apply(cloud.plan(fleet(world, {**LINUX, "admin_password": None, "ssh_key": KEY})), wait="accepted")
    assert of_set(cloud.plan(fleet(world, {**LINUX, "ssh_key": KEY}))).action == "replace"


@pytest.mark.parametrize("template", [TEMPLATE, LINUX], ids=["windows", "linux"])
def test_what_is_imported_plans_empty_and_names_a_variable(world, cloud, monkeypatch, template):
    cloud.apply(cloud.plan(fleet(world, template, health_check={"path": "/", "port": 8080})), wait="accepted")
    monkeypatch.delenv(NAME)
    found = cloud.import_group("virtualmin-web", fleet="virtualmin")
    assert found.group.template.admin_password == tt.EnvironmentVariable(env=NAME)
    assert found.group.health_check.path == "/"
    assert found.changes == ()
    assert [note.field for note in found.notes if NAME in note.reason] == ["template.admin_password.env"]
    assert not cloud.plan(tt.Fleet(name="virtualmin", groups=(found.group,))).changes


# what is wrong


def problem_of(world, cloud):
    text = FILE.format(image=f'"{WINDOWS}"', subnet=world.subnet)
    (problem,) = cloud.plan(tt.parse_fleet(text, name="fleet.yaml")).problems
    return str(problem)


def test_a_variable_that_is_not_set_is_a_problem_with_its_line(world, cloud, monkeypatch):
    monkeypatch.delenv(NAME)
    assert problem_of(world, cloud) == (
        "fleet.yaml:9: group web: template.admin_password.env: environment variable ADMIN_PASSWORD is not set; set it "
        "to the password before planning and applying"
    )


@pytest.mark.parametrize(
    ("password", "text"),
    [
        ("Ab1!", "the password has the wrong length; give it 8 to 123 characters"),
        ("aB1" * 60, "the password has the wrong length; give it 8 to 123 characters"),
        ("correcthorse", "the password is too simple; give it three of lower case, upper case, a digit and"),
        ("P@ssword123", "the password is one that Azure refuses, since everybody knows it; choose another"),
    ],
)
def test_a_password_that_azure_refuses_is_a_problem_that_does_not_quote_it(world, cloud, monkeypatch, password, text):
    monkeypatch.setenv(NAME, password)
    problem = problem_of(world, cloud)
    assert text in problem
    assert password not in problem


def test_a_variable_that_went_since_the_plan_stops_the_apply_before_anything(world, cloud, monkeypatch):
    plan = cloud.plan(fleet(world))
    world.doors.clear_requests()
    monkeypatch.delenv(NAME)
    applied = cloud.apply(plan, wait="accepted")
    assert "environment variable ADMIN_PASSWORD is not set" in applied.failures[0]
    assert not [call for call in world.doors.requests() if call.write]


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ("hunter2 it is", "a password does not stand in a fleet; write {env: NAME}"),
        ("${ADMIN_PASSWORD}", "a password does not stand in a fleet; write {env: NAME}"),
        ({"env": "${ADMIN_PASSWORD}"}, "a password does not stand in a fleet; write {env: NAME}"),
        ({"env": "hunter2 it is"}, "write the name of an environment variable, such as ADMIN_PASSWORD"),
    ],
)
def test_a_file_that_gives_the_password_itself_is_refused_without_it(given, text):
    data = {"name": "shop", "groups": {"web": {"capacity": {"min": 1, "max": 2}, "template": dict(TEMPLATE)}}}
    data["groups"]["web"]["template"]["admin_password"] = given
    with pytest.raises(ConfigError) as refused:
        tt.parse_fleet(json.dumps(data), name="fleet.yaml", env={"ADMIN_PASSWORD": "hunter2 it is"})
    assert text in str(refused.value)
    assert "hunter2" not in f"{refused.value} {refused.value!r} {refused.value.problems}"


def test_a_user_and_a_prefix_that_windows_cannot_have_are_refused(world, cloud):
    long = {"admin_username": "u" * 21, "computer_name_prefix": "w" * 10}
    problems = " ".join(map(str, cloud.plan(fleet(world, azure=long)).problems))
    assert "azure.admin_username: admin_username is" in problems
    assert "azure.computer_name_prefix: computer_name_prefix is" in problems
    short = {"admin_username": "u" * 20, "computer_name_prefix": "w" * 9}
    plan = cloud.plan(fleet(world, azure=short))
    assert not plan.problems
    assert not cloud.apply(plan, wait="accepted").failures


def test_what_windows_does_otherwise_is_said(world, cloud):
    notes = {note.path: note for note in cloud.plan(fleet(world, {**TEMPLATE, "ssh_key": KEY, "user_data": "x"})).notes}
    assert "Windows has no SSH key" in notes["template.ssh_key"].text
    assert notes["template.user_data"].approximation
    assert "CustomData.bin" in notes["template.user_data"].text


# where the password is


class Listener:
    def __init__(self):
        self.said = []

    def __call__(self, event):
        self.said += [repr(event), str(event), repr(vars(event) if hasattr(event, "__dict__") else event)]


secrets = st.text("ABCDEFGHJKLMNPQRSTUVWXYZ", min_size=10, max_size=20).map(lambda text: f"z9{text}")


@given(secret=secrets)
@settings(max_examples=examples(5), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_password_is_in_the_creations_body_and_nowhere_else(secret, emulator, monkeypatch, caplog):
    """No plan, saved plan, view, dump, event, log, outcome, error, mark and later request has it, nor its digest."""
    pytest.importorskip("rich")
    import hashlib

    from tests.providers.azure.world import AzureWorld
    from trimtab.cli.views.outcome import applied_view
    from trimtab.cli.views.plan import PlanView
    from trimtab.cli.views.screen import rendered

    emulator.doors.reset()
    world = AzureWorld(emulator)
    monkeypatch.setenv(NAME, secret)
    caplog.set_level(logging.DEBUG, logger="trimtab")
    listener, said = Listener(), []
    with world.connect(listener=listener) as cloud:
        for fields in ({}, {"azure": {"scale_in": "newest"}}):
            wanted = fleet(world, **fields)
            said += [repr(wanted), dump_fleet(wanted), wanted.model_dump_json()]
            plan = cloud.plan(wanted)
            said += [str(plan), repr(plan), json.dumps(plan.to_dict()), json.dumps(plan.to_saved())]
            said += [rendered(PlanView(plan)), repr([(change.live, change.wanted) for change in plan])]
            said += [repr(pickle.dumps([change.wanted.body for change in plan]))]
            applied = cloud.apply(plan, wait="accepted", on_event=listener)
            assert not applied.failures
            said += [repr(applied), json.dumps(applied.to_dict()), rendered(applied_view(applied))]
        found = cloud.import_group("virtualmin-web", fleet="virtualmin")
        said += [repr(found), *map(str, found.notes), json.dumps(cloud.status(wanted).to_dict())]
        refused = cloud.plan(fleet(world, {**TEMPLATE, "image": "MicrosoftWindowsServer:none:none:latest"}))
        said += [repr(refused)]
    calls = [json.dumps(call.params) for call in world.doors.requests()]
    assert sum(secret in call for call in calls) == 1
    said += [call for call in calls if secret not in call]
    everything = "\n".join([*said, *listener.said, caplog.text])
    assert secret not in everything
    assert hashlib.sha256(secret.encode()).hexdigest()[:8] not in everything


def test_what_azure_quotes_of_the_password_is_not_shown(world, cloud):
    from trimtab.plan import Password
    from trimtab.plan.resource import concealed

    body = {"adminPassword": Password(NAME, PASSWORD)}
    text = concealed(f"The password '{PASSWORD}' was refused", body)
    assert text == "The password '(environment variable ADMIN_PASSWORD, not verifiable)' was refused"


def test_a_password_by_itself_is_no_field():
    with pytest.raises(InvalidModel) as refused:
        tt.InstanceTemplate.model_validate({**TEMPLATE, "admin_password": "hunter2"})
    assert "hunter2" not in str(refused.value)


# elsewhere


@pytest.mark.parametrize(
    ("provider", "part", "text"),
    [
        ("aws", "notes", "EC2 makes a password of its own when Windows first starts"),
        ("gcp", "problems", "passwords are reset on each instance"),
    ],
)
def test_elsewhere_it_is_said_what_becomes_of_it(provider, part, text):
    group = tt.ScalingGroup.model_validate(
        {
            "name": "web",
            "capacity": {"min": 1, "max": 2},
            "template": {"image": {"os": "windows-server-2022"}, "size": {"cpus": 2}, "admin_password": {"env": NAME}},
        }
    )
    from trimtab.testing import translate

    translation = translate(tt.Fleet(name="shop", groups=(group,)), provider)
    assert [
        note.text
        for note in getattr(translation, part)
        if "template.admin_password.env" in note.text and text in note.text
    ]
