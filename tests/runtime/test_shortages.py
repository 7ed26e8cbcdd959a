"""What a cloud has none of is named where people look: by the plan, by status and by explain, on three clouds."""

from io import StringIO

import pytest
from rich.console import Console

import trimtab as tt
from tests.providers.placing import TEMPLATES, placement
from trimtab.cli.views.status import status_view
from trimtab.testing.clouds import TEST_CLOUDS

SHORT = {
    "aws": "on-demand t3.small in us-east-1a",
    "azure": "on-demand Standard_D2s_v5",
    "gcp": "on-demand e2-small in europe-west1-",
}


def fleet_of(provider, place, **fields):
    group = {
        "capacity": {"min": 1, "max": 10},
        "template": TEMPLATES[provider],
        "placement": place,
        **({"purchase": {"sizes": [{"size": "t3.small"}]}} if provider == "aws" else {}),
        **fields,
    }
    return tt.Fleet(name="shop", groups={"web": group})


@pytest.mark.parametrize("provider", ["aws", "azure", "gcp"])
def test_a_shortage_is_named(provider):
    with TEST_CLOUDS[provider].started() as test_cloud, test_cloud.connect() as cloud:
        place = placement(provider, test_cloud)
        fleet = fleet_of(provider, place)
        cloud.apply(cloud.plan(fleet)).raise_for_failures()
        test_cloud.emulator.doors.run_short()
        cloud.group("shop-web").scale(to=3)
        test_cloud.clock.advance(tt.minutes(3))
        status = cloud.status(fleet)
        (group,) = status.groups
        assert any(str(each).startswith(SHORT[provider]) for each in group.short), group.short
        shown = Console(file=StringIO(), width=200)
        shown.print(status_view(status, fleet))
        assert f"web: the cloud has no {SHORT[provider]}" in shown.file.getvalue()
        assert SHORT[provider] in str(cloud.explain(fleet, "web", diagnose=True).diagnoses)
        plan = cloud.plan(fleet_of(provider, place, tags={"team": "shop"}))
        assert any(SHORT[provider] in note.text for note in plan.notes), [str(note) for note in plan.notes]


SIZES = {
    "aws": ("t3.small", "t3.medium"),
    "azure": ("Standard_D2s_v5", "Standard_D2as_v5"),
    "gcp": ("e2-small", "e2-medium"),
}


@pytest.mark.parametrize("provider", SIZES)
def test_a_cloud_goes_on_to_the_next_size_by_itself_and_back(provider):
    first, second = SIZES[provider]
    purchase = {"sizes": [{"size": first}, {"size": second}], "strategy": "prioritized", "spot": True}
    with TEST_CLOUDS[provider].started() as test_cloud, test_cloud.connect() as cloud:
        place = placement(provider, test_cloud)
        fleet = fleet_of(provider, place, purchase=purchase, azure={"orchestration": "flexible"})
        plan = cloud.plan(fleet)
        assert not plan.problems, [str(problem) for problem in plan.problems]
        cloud.apply(plan).raise_for_failures()
        live, doors = cloud.group("shop-web"), test_cloud.emulator.doors
        counts = []
        for size in (2, 3):
            doors.run_short(instance_type=first) if size == 2 else doors.end_shortages()
            live.scale(to=size)
            test_cloud.clock.advance(tt.minutes(3))
            sizes = [each.size for each in live.instances()]
            counts.append((sizes.count(first), sizes.count(second)))
        assert counts == [(1, 1), (2, 1)]
