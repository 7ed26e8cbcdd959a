"""How fast an instance refresh goes and where it stops, for every small group."""

import pytest

from trimtab.emulators.aws.maintenance import Healthy
from trimtab.engine.rounding import ceil_ratio
from trimtab.providers.aws.pacing import pace, preferences, stop_after
from trimtab.providers.rolling import Limits


def test_a_checkpoint_is_met_to_the_instance_in_groups_of_up_to_a_hundred():
    for left in range(2, 101):
        for number in range(1, left):
            stop = stop_after(number, left)
            assert 1 <= stop <= 99
            # the fewest whose share is no less than the checkpoint
            assert ceil_ratio(left, stop, 100) == number


@pytest.mark.parametrize("left", [101, 150, 333, 1000])
def test_in_larger_groups_it_is_the_first_that_is_enough(left):
    for number in range(1, left - left // 50):
        stop = stop_after(number, left)
        assert ceil_ratio(left, stop, 100) >= number
        assert stop == 1 or ceil_ratio(left, stop - 1, 100) < number


def test_as_many_may_be_missing_or_above_as_the_limits_say():
    for size in range(1, 101):
        for unavailable in range(min(size, 12) + 1):
            for surge in range(min(size, 12) + 1):
                shares = pace(size, Limits(unavailable=unavailable, surge=surge))
                if not unavailable and not surge:
                    assert shares is None
                    continue
                low, high = shares["MinHealthyPercentage"], shares["MaxHealthyPercentage"]
                missing, beyond = Healthy(low, high, is_bounded=True).room(size)
                assert missing == unavailable
                assert beyond == surge or high - low == 100
                # what has to be healthy is rounded up
                assert size - ceil_ratio(size, low, 100) == unavailable


def test_in_larger_groups_fewer_are_missing_rather_than_more():
    for size in (101, 199, 250, 1000):
        for unavailable in range(1, 60):
            low = pace(size, Limits(unavailable=unavailable))["MinHealthyPercentage"]
            assert size - ceil_ratio(size, low, 100) <= unavailable


def test_what_is_to_stay_healthy_takes_off_what_may_be_missing():
    assert pace(10, Limits(unavailable=5, healthy=8)) == {"MinHealthyPercentage": 80, "MaxHealthyPercentage": 100}
    assert pace(10, Limits(unavailable=1, healthy=10)) is None
    assert pace(10, Limits(unavailable=1, healthy=10, surge=1)) == {
        "MinHealthyPercentage": 100,
        "MaxHealthyPercentage": 110,
    }


def test_the_way_back_reaches_whatever_has_the_new_template():
    limits = Limits()
    there, back = (preferences(4, limits, stop=None, back=back) for back in (False, True))
    assert (there["ScaleInProtectedInstances"], there["StandbyInstances"]) == ("Ignore", "Ignore")
    assert (back["ScaleInProtectedInstances"], back["StandbyInstances"]) == ("Refresh", "Terminate")
