"""What start scripts and their variables hold is in no text that trimtab makes of them."""

import json
import traceback
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

import trimtab as tt
from tests.laws import examples
from trimtab.config import parse_fleet
from trimtab.errors import ConfigError, InvalidModel, InvalidRequest, ProviderError, UnreadableReply
from trimtab.events import Event
from trimtab.models import Fleet, InstanceTemplate, ScalingGroup
from trimtab.plan import Secret
from trimtab.plan.resource import concealed
from trimtab.providers.importing.notes import shown_at

LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
secrets = st.text(LETTERS, min_size=12, max_size=20).map(lambda text: f"Z{text}")
digits = st.integers(min_value=10**29, max_value=10**30 - 1).map(str)
PLACES: tuple[Any, ...] = (
    lambda secret: {"user_data": secret},
    lambda secret: {"user_data": f"#!/bin/sh\necho {secret}\n"},
    lambda secret: {"user_data": "{{ a }}", "variables": {"a": secret}},
    lambda secret: {"user_data": f"{secret} {{{{ a", "variables": {"a": secret}},
    lambda secret: {"user_data": f"{secret} {{% for x in a %}}{secret}{{% endfor %}}", "variables": {"a": 1}},
    lambda secret: {"user_data": f"{{{{ '{secret}' + 1 }}}}", "variables": {"a": 1}},
    lambda secret: {"user_data": f"{{{{ a + '{secret}' }}}}", "variables": {"a": 1}},
    lambda secret: {"user_data": f"{{{{ a|x('{secret}') }}}}", "variables": {"a": secret}},
    lambda secret: {"user_data": f"{{{{ b }}}} {secret}", "variables": {"a": secret}},
    lambda secret: {"user_data": [secret]},
    lambda secret: {"user_data": {secret: secret}},
    lambda secret: {"user_data": 17, "variables": {"a": secret}},
    lambda secret: {"variables": {"a": secret}},
    lambda secret: {"user_data": "x", "variables": secret},
    lambda secret: {"user_data": "x", "variables": [secret, [secret]]},
    lambda secret: {"user_data": "x", "variables": {"a": [secret]}},
    lambda secret: {"user_data": "x", "variables": {"a": {"b": secret}}},
    lambda secret: {"user_data": "x", "variables": {"a": None, "b": secret}},
    lambda secret: {"user_data": secret, "variables": {"a": float("inf")}},
    lambda secret: {"user_data": secret, "ssh_key": ""},
    lambda secret: {"user_data": secret, "disks": [{}, {}]},
    lambda secret: {"user_data": secret, "tags": {"trimtab-fleet": "x"}},
    lambda secret: {"user_data": secret, "nothing": 1},
    lambda secret: {"user_data": secret, "size": ""},
    lambda secret: {"user_data_file": secret},
    lambda secret: {"user_data_file": f"#!/bin/sh\n{secret}"},
    lambda secret: {"user_data_file": secret, "user_data": secret},
)
"""Fields of a template that hold a secret, where they may and where they may not."""
AROUND: tuple[dict[str, Any], ...] = (
    {},
    {"capacity": {"min": 3, "max": 2}},
    {"cooldown": "5"},
    {"policies": {"out": {"type": "no"}}},
    {"unmanaged": ["nothing"]},
    {"nothing": {}},
)
"""What else is right or wrong with the group."""


def group(template: dict[str, Any], more: dict[str, Any]) -> dict[str, Any]:
    return {
        "capacity": {"min": 1, "max": 2},
        "template": {"image": "ami-1", "size": "t3.small", **template},
        **more,
    }


def said_by(make: Callable[[], object]) -> str:
    """What is said of something that is made, or of why it cannot be."""
    try:
        found = make()
    except (InvalidModel, ValidationError, ConfigError) as error:
        return texts_of(error)
    return f"{found} {found!r}"


def texts_of(error: BaseException) -> str:
    """Everything that an error says of itself."""
    said = [str(error), repr(error), *traceback.format_exception(error)]
    if isinstance(error, ValidationError):
        said += [str(error.errors()), error.json()]
    if isinstance(error, InvalidModel):
        said += [str(error.details), str(error.problems), *map(str, error.args)]
    if isinstance(error, ConfigError):
        said += error.problems
    return "\n".join(said)


@given(secret=secrets, place=st.sampled_from(PLACES), more=st.sampled_from(AROUND), twice=st.booleans())
@settings(max_examples=examples(), deadline=None)
def test_no_model_says_what_it_was_given(secret: str, place: Any, more: dict[str, Any], twice: bool) -> None:
    fields = {"name": "web", **group(place(secret), more)}
    made: list[Any] = [
        lambda: InstanceTemplate(**fields["template"]),
        lambda: InstanceTemplate.model_validate({**fields["template"], "image": None}),
        lambda: ScalingGroup(**fields),
        lambda: Fleet(name="shop", groups=[fields] * (1 + twice)),
        lambda: Fleet.model_validate({"name": "No", "groups": {"web": fields}}),
        lambda: Fleet.model_validate_json(json.dumps({"name": "shop", "groups": [fields]})),
        lambda: TypeAdapter(list[ScalingGroup]).validate_python([fields]),
    ]
    for make in made:
        assert secret not in said_by(make)


@given(
    secret=secrets | digits,
    place=st.sampled_from(PLACES),
    more=st.sampled_from(AROUND),
    where=st.sampled_from(["groups", "defaults", "environment", "instead"]),
)
@settings(max_examples=examples(), deadline=None)
def test_no_error_about_a_file_says_what_it_holds(secret: str, place: Any, more: dict[str, Any], where: str) -> None:
    template = place("${IT}" if where == "environment" else secret)
    body = group(template, more)
    fleet: dict[str, Any] = {"name": "shop", "groups": {"web": body, "api": body}}
    if where == "defaults":
        fleet = {"name": "shop", "defaults": body, "groups": {"web": {}, "api": {"warm_up": 5}}}
    elif where == "instead":
        fleet["groups"]["web"]["template"] = secret
    text = json.dumps(fleet).replace("Infinity", ".inf")
    # as YAML, whose plain words may be numbers
    for written in (text, text.replace(f'"{secret}"', secret), text.replace('"${IT}"', "${IT}")):
        said = said_by(partial(parse_fleet, written, name="fleet.yaml", env={"IT": secret}))
        assert secret not in said.replace(f"template.user_data.{secret}", "")


@given(secret=secrets)
@settings(max_examples=examples(), deadline=None)
def test_no_plan_says_what_a_start_script_holds(secret: str) -> None:
    """Not as data, not as text, not when it is saved, not in what comes of it."""
    rich = pytest.importorskip("rich")
    assert rich
    from trimtab.cli.views.outcome import applied_view
    from trimtab.cli.views.plan import PlanView
    from trimtab.cli.views.progress import event_line
    from trimtab.cli.views.screen import rendered

    said: list[str] = []

    def note(event: Event) -> None:
        said.extend([repr(event), event_line(event)])

    clock = tt.ManualClock()
    from trimtab.providers.memory.store import MemoryStore

    store = MemoryStore(clock)
    with tt.connect("memory", store=store, clock=clock) as cloud:
        for fields in ({"user_data": secret}, {"user_data": "{{ a }} b", "variables": {"a": f"{secret}2"}}, {}):
            fleet = Fleet.model_validate({"name": "shop", "groups": {"web": group(fields, {})}})
            plan = cloud.plan(fleet)
            said += [str(plan), repr(plan), json.dumps(plan.to_dict()), json.dumps(plan.to_saved())]
            said.append(rendered(PlanView(plan)))
            applied = cloud.apply(plan, on_event=note)
            said += [repr(applied), json.dumps(applied.to_dict()), rendered(applied_view(applied))]
            found = cloud.import_group("shop-web", fleet="shop")
            said += [repr(found), *map(str, found.notes)]
    assert secret not in "\n".join(said)


def test_what_a_cloud_quotes_of_a_script_is_a_digest() -> None:
    script = 'echo "hunter2"\n'
    for sent in (Secret(script), Secret("ZWNobyAiaHVudGVyMiIK")):
        for quoted in (script, r"echo \"hunter2\"\n", "ZWNobyAiaHVudGVyMiIK"):
            text = concealed(f"Invalid value for field 'metadata': '{quoted}'.", {"items": [{"value": sent}]})
            assert text == f"Invalid value for field 'metadata': '{sent.digest}'."


@pytest.mark.parametrize("kind", [InvalidRequest, UnreadableReply])
def test_what_a_cloud_quotes_is_in_no_outcome(kind: type[ProviderError]) -> None:
    """Nor where nobody knows whether it went through."""
    from trimtab.providers.memory.store import MemoryStore

    clock = tt.ManualClock()
    store = MemoryStore(clock)
    store.fault = lambda name, key: kind("bad value: 'hunter2 it is'") if name.startswith("create") else None
    with tt.connect("memory", store=store, clock=clock) as cloud:
        fleet = Fleet.model_validate({"name": "shop", "groups": {"web": group({"user_data": "hunter2 it is"}, {})}})
        applied = cloud.apply(cloud.plan(fleet), wait="accepted")
    assert "bad value: 'sha256:" in applied.failures[0]
    assert "hunter2" not in "".join(applied.failures)


@pytest.mark.parametrize(
    "path",
    [
        "properties.metadata.items[user-data].value",
        "properties.metadata.items[0].value",
        "profile.extensions[0].settings.commandToExecute",
        "profile.extensions[0].protectedSettings.script",
        "osProfile.customData",
        "osProfile.adminPassword",
        "userData",
        "LaunchTemplateData.UserData",
        "notifications[0].webhooks[0].serviceUri",
    ],
)
def test_a_note_of_an_import_gives_no_script(path: str) -> None:
    assert shown_at(path, "hunter2") == str(Secret("hunter2"))
    assert "hunter2" not in shown_at(path, {"nested": ["hunter2"]})
