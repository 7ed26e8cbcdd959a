"""Recorded replies of AWS: every leaf of each is carried, lost with a reason, or read-only; exactly one of them."""

from collections import Counter

from tests.providers.aws.recordings import recorded
from trimtab.providers.aws.importing import account_for
from trimtab.providers.imports import Fate, walk


def pytest_generate_tests(metafunc):
    if "recording" in metafunc.fixturenames:
        found = metafunc.config.stash_of_recordings()
        metafunc.parametrize("recording", found, ids=[one[0] for one in found])


def test_each_leaf_of_a_reply_is_accounted_for_once(recording):
    name, operation, reply = recording
    table = account_for(operation, reply)
    print(f"\n{operation}: {name}", *table.lines(), sep="\n  ")
    assert [leaf.path for leaf in table.leaves] == [path for path, _ in walk(reply)]
    assert all(leaf.text for leaf in table.leaves)
