"""Rollouts of scale sets, on the emulator through the real SDK."""

import pytest

from tests.rollout.azure_bench import BACK, DONE, LARGE, LOOK, OTHER, SMALL, Bench
from trimtab.emulators import AzureEmulator
from trimtab.models import Rollout
from trimtab.rollout import RolloutOutcome


@pytest.fixture(name="bench", params=["uniform", "flexible"])
def _bench(request):
    with AzureEmulator() as emulator:
        bench = Bench(emulator)
        bench.flexible = request.param == "flexible"
        yield bench
        bench.close()


def test_a_changed_model_waits_and_a_rollout_brings_it(bench):
    bench.made(bench.fleet())
    new = bench.fleet(LARGE)
    plan = bench.link().plan(new)
    assert not plan.changes
    assert [field.path for change in plan.waiting for field in change.fields] == ["sku.name"]
    bench.apply(new)
    assert bench.sizes() == {SMALL: 4}
    rollouts = bench.link().rollouts(new)
    (started,) = rollouts.start(by="ana")
    assert started.outcome is RolloutOutcome.RUNNING
    assert bench.drive(rollouts, least=3).outcome is DONE
    bench.ended(new, DONE, {LARGE: 4})
