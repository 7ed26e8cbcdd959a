"""Laws of the fall-back from spot: the floor, the whole, and how often it changes its mind, whatever the cloud does."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trimtab.engine.fallback import FallbackPhase, FallbackRule, FallbackState, MixSeen, decide_mix
from trimtab.engine.mix import Fraction
from trimtab.engine.reasons import ReasonCode

START = datetime(2026, 1, 5, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
RULES = st.builds(
    FallbackRule,
    base=st.integers(0, 6),
    percent=st.sampled_from([0, 10, 25, 50, 99, 100]),
    fraction=st.sampled_from(Fraction),
    after=st.sampled_from([MINUTE, 5 * MINUTE]),
    return_after=st.sampled_from([3 * MINUTE, 30 * MINUTE]),
)
MINUTES = st.tuples(
    st.integers(0, 12),  # size
    st.integers(0, 12),  # how many are there on demand
    st.integers(0, 12),  # and as spot
    st.integers(0, 12),  # of which serve
    st.booleans(),  # no spot
    st.booleans(),  # none on demand either
)


@given(RULES, st.lists(MINUTES, max_size=80))
def test_whatever_a_cloud_does(rule, minutes):
    """The floor stands, the parts are the size, and it falls back once in `return_after` at most."""
    state, falls = FallbackState(), []
    for number, (size, on_demand, spot, serving, short, none) in enumerate(minutes):
        now = START + number * MINUTE
        seen = MixSeen(size, on_demand, spot, min(serving, spot), now if short else None, none)
        mix = decide_mix(rule, state, seen, now)
        assert mix.on_demand >= rule.floor(size)
        assert mix.on_demand + mix.spot == size + mix.surge
        assert mix.surge >= 0
        assert mix.surge == 0 or mix.state.phase is FallbackPhase.RETURNING
        told = rule._replace(base=mix.base)
        assert told.floor(size) == mix.on_demand - mix.surge, "the cloud's own split comes to the same"
        assert mix.base >= rule.base
        if mix.state.phase is FallbackPhase.ON_DEMAND and state.phase is not FallbackPhase.ON_DEMAND:
            falls.append(now)
        if state.phase is FallbackPhase.ON_DEMAND and mix.state.phase is not FallbackPhase.ON_DEMAND:
            assert now - falls[-1] >= rule.return_after
        state = mix.state
    assert all(later - earlier >= rule.return_after for earlier, later in pairwise(falls))


RULE = FallbackRule(base=2)


@pytest.mark.parametrize(
    ("before", "seen", "phase", "parts", "codes"),
    [
        pytest.param(FallbackState(), MixSeen(8, 2, 6, 6), "spot", (2, 6, 0), [], id="all is there"),
        pytest.param(FallbackState(), MixSeen(8, 2, 1, 1), "spot", (2, 6, 0), [], id="missing, and not for a shortage"),
        pytest.param(
            FallbackState(), MixSeen(8, 2, 1, 1, START), "spot", (2, 6, 0), [ReasonCode.SPOT_SHORT], id="short"
        ),
        pytest.param(
            FallbackState(short_since=START - 5 * MINUTE),
            MixSeen(8, 2, 1, 1),
            "on-demand",
            (7, 1, 0),
            [ReasonCode.ON_DEMAND_INSTEAD],
            id="short for long enough",
        ),
        pytest.param(
            FallbackState(FallbackPhase.ON_DEMAND, START - 30 * MINUTE),
            MixSeen(8, 7, 1, 1),
            "returning",
            (7, 6, 5),
            [ReasonCode.SPOT_AGAIN],
            id="tried again, and what runs stays",
        ),
        pytest.param(
            FallbackState(FallbackPhase.RETURNING, START - MINUTE),
            MixSeen(8, 7, 6, 4),
            "returning",
            (4, 6, 2),
            [ReasonCode.SPOT_AGAIN],
            id="as spot serves, on demand goes",
        ),
        pytest.param(
            FallbackState(FallbackPhase.RETURNING, START - MINUTE),
            MixSeen(8, 7, 1, 1, START),
            "on-demand",
            (7, 1, 0),
            [ReasonCode.ON_DEMAND_INSTEAD],
            id="still short",
        ),
        pytest.param(
            FallbackState(FallbackPhase.ON_DEMAND, START),
            MixSeen(8, 2, 1, 1, None, True),
            "on-demand",
            (7, 1, 0),
            [ReasonCode.ON_DEMAND_INSTEAD, ReasonCode.NOTHING_TO_BE_HAD],
            id="and none on demand either",
        ),
    ],
)
def test_a_decision(before, seen, phase, parts, codes):
    mix = decide_mix(RULE, before, seen, START)
    assert mix.state.phase == phase
    assert (mix.on_demand, mix.spot, mix.surge) == parts
    assert [reason.code for reason in mix.reasons] == codes
