"""
Fleets of public AWS configurations in neutral words: each is planned, made and planned to nothing on three clouds.

Overlays have names of what is there already, a cloud's own block, and what that cloud is refused by name otherwise.
"""

import copy
from pathlib import Path

import pytest

import trimtab as tt
from tests.providers.emulated import CLOUDS, SDKS

FOLDER = Path(__file__).parent / "portable"
FILES = sorted(path.stem for path in FOLDER.glob("*.yaml"))
NAMES = ("placement", "ssh_key", "role", "notify", "of", *CLOUDS)
"""What an overlay says without asking: names of networks, keys and targets, and the block of a cloud."""


@pytest.fixture(params=CLOUDS)
def cloud(request):
    pytest.importorskip(SDKS[request.param])
    emulator = request.getfixturevalue(f"{request.param}_emulator")
    emulator.reset()
    emulator.furnish()
    with CLOUDS[request.param](emulator).connect() as cloud:
        yield cloud


def load(name):
    return tt.load_fleet(FOLDER / f"{name}.yaml", env={})


def leaves(value, steps=()):
    """The things that an overlay says, each by its steps."""
    for key, item in value.items():
        if isinstance(item, dict) and item and not {"os", "custom"} & set(item):
            yield from leaves(item, (*steps, key))
        else:
            yield (*steps, key)


def without(fleet, provider, steps):
    """The fleet whose overlay does not say one thing."""
    overlays = copy.deepcopy({name: dict(overlay) for name, overlay in fleet.overlays.items()})
    inside = overlays[provider]
    for step in steps[:-1]:
        inside = inside[step]
    del inside[steps[-1]]
    return fleet.model_copy(update={"overlays": overlays})


ELSEWHERE = pytest.mark.parametrize("cloud", [name for name in CLOUDS if name != "aws"], indirect=True)
"""On the clouds that the fleets were not written for."""


def extra(fleet, provider):
    """What the overlay of a provider says beside names."""
    said = leaves(fleet.overlays[provider])
    return [steps for steps in said if not any(step in NAMES for step in steps) and "native" not in steps]


@pytest.mark.parametrize("name", FILES)
def test_a_fleet_is_made_and_planned_to_nothing(cloud, name):
    fleet = load(name)
    plan = cloud.plan(fleet)
    assert [*plan.problems, *plan.unknown] == []
    cloud.apply(plan, wait="accepted").raise_for_failures()
    again = cloud.plan(fleet)
    assert not again, again.to_dict()


@ELSEWHERE
@pytest.mark.parametrize("name", FILES)
def test_what_an_overlay_takes_away_is_refused_by_name_otherwise(cloud, name):
    """Without it the plan has a problem that names the field, or that asks for it."""
    fleet, provider = load(name), cloud.provider.name
    for steps in extra(fleet, provider):
        found = [str(problem) for problem in cloud.plan(without(fleet, provider, steps)).problems]
        path = ".".join(steps[1:] if steps[0] == "defaults" else steps)
        assert any(path in text for text in found), (path, found)


@ELSEWHERE
@pytest.mark.parametrize("name", FILES)
def test_what_only_aws_has_is_refused_or_noted_by_name_elsewhere(cloud, name):
    fleet, provider = load(name), cloud.provider.name
    own = fleet.overlays["aws"]
    for steps in extra(fleet, "aws"):
        value = own
        for step in steps:
            value = value[step]
        for step in reversed(steps):
            value = {step: value}
        laid = fleet.model_copy(update={"overlays": {**fleet.overlays, "also": value}})
        try:
            plan = cloud.plan(laid.for_provider(provider, overlays=["also"]))
        except tt.errors.ConfigError:
            continue  # half of a thing that only AWS has
        path = ".".join(steps[1:])
        assert any(path in str(said) for said in (*plan.problems, *plan.notes)), (path, plan.problems)
