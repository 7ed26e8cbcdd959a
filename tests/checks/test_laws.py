"""What holds of checks whatever the fleet."""

import re
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import trimtab as tt
from tests.checks.conftest import make_fleet
from tests.engine.random_groups import groups
from tests.laws import examples
from trimtab.checks import RULES
from trimtab.engine import History, Observation, ReasonCode, decide

pytestmark = pytest.mark.sweep

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
quick = settings(max_examples=examples(60), deadline=None, suppress_health_check=[HealthCheck.too_slow])
FLAPS = {ReasonCode.FLAPPING, ReasonCode.FLAPPING_ADJUSTED}


@quick
@given(fields=groups(), provider=st.sampled_from([None, "aws", "azure", "gcp", "memory"]))
def test_any_fleet_can_be_checked_and_gets_the_same_advice_again(fields, provider):
    fleet = tt.Fleet(name="shop", groups=[tt.ScalingGroup.model_validate(fields)])
    found = tt.check_fleet(fleet, provider=provider)
    assert found == tt.check_fleet(fleet, provider=provider)
    assert [finding.code for finding in found] == sorted(finding.code for finding in found)
    assert all(finding.text and finding.mend and finding.code in RULES for finding in found)


@quick
@given(fields=groups())
def test_selecting_each_code_gives_what_all_give_together(fields):
    fleet = tt.Fleet(name="shop", groups=[tt.ScalingGroup.model_validate(fields)])
    apart = [finding for code in RULES for finding in tt.check_fleet(fleet, select=[code])]
    assert tuple(apart) == tt.check_fleet(fleet)


@quick
@given(low=st.integers(1, 79), high=st.integers(20, 90), least=st.integers(1, 3), most=st.integers(4, 12))
def test_thresholds_flap_at_the_sizes_at_which_the_engine_says_so(low, high, least, most):
    """Both estimate what the metric becomes; the engine at one size and value, the check at all sizes."""
    alarms = {
        "busy": {"metric": "cpu", "at_least": high, "triggers": ["out"]},
        "idle": {"metric": "cpu", "at_most": low, "triggers": ["back"]},
    }
    fleet = make_fleet(capacity={"min": least, "max": most}, alarms=alarms)
    by_engine = [size for size in range(least + 1, most + 1) if flaps(fleet["web"], size, low)]
    assert found_sizes(tt.check_fleet(fleet, select=["TT102"])) == by_engine


def flaps(group, size, value):
    seen = Observation(desired=size, alarms={"idle": [value], "busy": [min(value, group.alarms[0].threshold - 1)]})
    return any(reason.code in FLAPS for reason in decide(group, seen, History(), NOON, "azure").reasons)


def found_sizes(findings):
    if not findings:
        return []
    words = re.search(r"but at ([\d to,and]+) instances", findings[0].text)[1]
    runs = [[int(number) for number in run.split(" to ")] for run in re.split(r", | and ", words)]
    return [size for run in runs for size in range(run[0], run[-1] + 1)]
