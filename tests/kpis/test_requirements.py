"""Bounds of KPIs: their form, and that nothing unmeasured passes."""

import math

import pytest

import trimtab as tt
from trimtab.errors import InvalidArgument
from trimtab.kpis.card import Kpi
from trimtab.kpis.requirements import KPI_UNITS, OTHER_NAMES, Requirement


def test_the_names_and_units_are_those_of_a_simulation():
    pytest.importorskip("numpy", reason="KPIs need numpy (extra `sim`)")
    group = tt.ScalingGroup(
        name="web", capacity=tt.Capacity(min=1, max=3), template=tt.InstanceTemplate(image="ami-1", size="small")
    )
    run = tt.simulate(group, tt.Load.steps([(tt.minutes(9), 3)]), model=tt.FleetModel(capacity=2))
    assert {item.name: item.unit for item in run.kpis()} == KPI_UNITS
    assert set(OTHER_NAMES.values()) <= set(KPI_UNITS)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("served >= 99.9", "availability >= 99.9 %"),
        ("  longest-shortage<300 s ", "longest-shortage < 300 s"),
        ("jitter > -1e-1 1/min", "jitter > -0.1 1/min"),
        ("cost <= .5", "cost <= 0.5"),
    ],
)
def test_a_bound_is_read(text, written):
    assert str(Requirement.parse(text)) == written


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("sreved >= 99.9", "unknown KPI 'sreved'; did you mean 'served'?"),
        ("latency_p95 < 1", "did you mean 'latency-p95'?"),
        ("xyz < 1", "use one of time-to-scale"),
        ("served == 99", "write KPI >= NUMBER, with >=, >, <= or <"),
        ("served >= nan", "write KPI >= NUMBER"),
        ("served", "write KPI >= NUMBER"),
        ("longest-shortage < 5 m", "longest-shortage is in s, not in 'm'"),
        ("shortages < 5 %", "shortages is a number without a unit"),
        ("served >= 101", "availability is 0 to 100 %"),
        ("precision > -1", "precision is 0 to 100 %"),
        ("efficiency >= 0.8", "efficiency is in per cent; write 99.9 for 0.999"),
    ],
)
def test_another_form_says_what_to_write(text, message):
    with pytest.raises(InvalidArgument, match="requirement") as caught:
        Requirement.parse(text)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("text", "values", "holds", "value"),
    [
        ("served >= 99.9", [99.9, 100], True, 99.9),
        ("served > 99.9", [99.9, 100], False, 99.9),
        ("cost <= 2", [1, 2], True, 2),
        ("cost < 2", [2, 1], False, 2),
        ("amortization < 12", [1, math.inf], False, math.inf),
        ("cost < 2", [1, None], None, None),
    ],
)
def test_the_worst_simulation_counts_and_one_without_a_value_is_none_that_passes(text, values, holds, value):
    bound = Requirement.parse(text)
    items = [Kpi(name=bound.name, value=each, note="" if each else "give prices") for each in values]
    found = bound.judge(items)
    assert (found.holds, found.value) == (holds, value)
    if holds is None:
        assert str(found).endswith("cannot be judged: give prices")
