"""On each cloud: what a start script holds is in no plan, view, event, outcome and note, in no spelling."""

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest

import trimtab as tt
from tests.providers.emulated import CLOUDS, emulated, fleet_for

FIRST, SECOND = "Zfirst0secret0of0them", "Zsecond0secret0of0them"


@pytest.fixture(params=list(CLOUDS))
def world(request: pytest.FixtureRequest) -> Iterator[Any]:
    """Each cloud's emulator."""
    with emulated(request.param) as world:
        yield world


def spellings(script: str) -> set[str]:
    """A script as it is, and a part of it as base64 has it, wherever that begins."""
    encoded = {base64.b64encode(f"{' ' * shift}{script}".encode()).decode()[8:-8] for shift in range(3)}
    return {script, *encoded}


def test_no_text_of_a_plan_or_of_what_comes_of_it_has_a_script(world: Any) -> None:
    pytest.importorskip("rich")
    from trimtab.cli.views.imported import imported_dict
    from trimtab.cli.views.outcome import applied_view
    from trimtab.cli.views.plan import PlanView
    from trimtab.cli.views.progress import event_line
    from trimtab.cli.views.screen import rendered

    said: list[str] = []

    def note(event: tt.Event) -> None:
        said.extend([repr(event), event_line(event)])

    templates: tuple[dict[str, Any], ...] = (
        {"user_data": FIRST},
        {"user_data": "{{ password }}", "variables": {"password": SECOND}},
        {},
    )
    with world.connect(listener=note) as cloud:
        for template in templates:
            fleet = fleet_for(world, **template)
            plan = cloud.plan(fleet)
            assert plan.changes
            said += [repr(plan), json.dumps(plan.to_dict()), json.dumps(plan.to_saved())]
            said += [repr([(change.live, change.wanted) for change in plan])]
            said += [rendered(PlanView(plan)), repr(fleet)]
            applied = cloud.apply(plan, wait="accepted", on_event=note)
            said += [repr(applied), json.dumps(applied.to_dict()), rendered(applied_view(applied))]
            found = cloud.import_group("shop-web", fleet="shop")
            said += [repr(found), json.dumps(imported_dict(fleet, {"web": found})["notes"])]
            said += [json.dumps(cloud.status(fleet).to_dict()), repr(cloud.status(fleet))]
    everything = "\n".join(said)
    for secret in (FIRST, SECOND):
        for spelling in spellings(secret):
            assert spelling not in everything


def test_what_others_put_into_metadata_is_not_shown_when_a_plan_takes_it_away() -> None:
    """Google's instances read start scripts from several keys, and programs read whatever else."""
    from trimtab.plan import plain
    from trimtab.providers.gcp.resources import plain_properties

    items = [{"key": "user-data", "value": FIRST}, {"key": "ssh-keys", "value": "me:ssh-ed25519 AAAA"}]
    shown = json.dumps(plain(plain_properties({"metadata": {"items": items}})))
    assert FIRST not in shown + repr(plain_properties({"metadata": {"items": items}}))
    assert "ssh-ed25519 AAAA" in shown
