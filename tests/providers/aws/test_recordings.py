"""Recorded replies of AWS: every leaf of each is carried, lost with a reason, or read-only; exactly one of them."""

import os
import sys
from pathlib import Path

import pytest

from tests.providers.aws.recordings import recorded
from trimtab.providers.aws.importing import account_for
from trimtab.providers.imports import walk


def _folder(config):
    given = config.getoption("--recordings")
    if given:
        return Path(given)
    shared = os.environ.get("TRIMTAB_SHARED")
    return Path(shared) / "recordings" / "aws" if shared else None


def pytest_generate_tests(metafunc):
    if "recording" not in metafunc.fixturenames:
        return
    folder = _folder(metafunc.config)
    if folder is None:
        reason = "neither --recordings nor TRIMTAB_SHARED is given: the recorded replies are not at hand"
        metafunc.parametrize("recording", [pytest.param(None, marks=pytest.mark.skip(reason=reason), id="none")])
        return
    found = list(recorded(folder)) if folder.is_dir() else []
    if not found:
        raise pytest.UsageError(f"{folder} holds no recorded replies")
    metafunc.parametrize("recording", found, ids=[name for name, *_ in found])


def test_each_leaf_of_a_reply_is_accounted_for_once(recording):
    """The table of each is in the report: `pytest -rP`."""
    name, operation, reply = recording
    table = account_for(operation, reply)
    sys.stdout.write("".join(f"{line}\n" for line in (f"{operation}: {name}", *table.lines())))
    assert [leaf.path for leaf in table.leaves] == [path for path, _ in walk(reply)]
    assert all(leaf.text for leaf in table.leaves)
