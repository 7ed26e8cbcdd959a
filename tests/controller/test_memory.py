"""What a controller remembers of a group, held against what is read of it."""

from datetime import UTC, datetime, timedelta

from trimtab.controller.memory import STALE, GroupMemory, Written, believed_size
from trimtab.engine.values import History, Sized

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)


def test_a_late_write_of_who_lost_the_lease_is_not_believed_for_an_hour():
    late = Sized(NOW, 9)
    memory = GroupMemory(written=Written(4, NOW), stale=(late,))
    believed = believed_size(memory, 9, NOW + STALE)
    assert (believed.size, believed.used) == (4, late)
    assert believed_size(memory, 9, NOW + STALE + timedelta(seconds=1)).size == 9


def test_nothing_that_is_remembered_lies_in_the_future():
    """Where a clock was set back, or another's is ahead."""
    later = NOW + timedelta(hours=3)
    memory = GroupMemory(history=History(at=later), instances={"i-1": later}, settled=later, written=Written(4, later))
    told = memory.not_after(NOW)
    assert (told.settled, told.instances["i-1"], told.written.at) == (NOW, NOW, NOW)
