"""The vendors' tables and published cases: each row goes through the public engine."""

from collections.abc import Mapping

import pytest

from tests.semantics.adapters import find_adapter
from tests.semantics.cases import Case, mismatches

DISPUTED: Mapping[str, str] = {}
"""Rows held to be wrong, by id, with the reason."""


def test_case(case: Case) -> None:
    """The engine answers a row as its source says."""
    if case.id in DISPUTED:
        pytest.xfail(DISPUTED[case.id])
    answer = find_adapter(case.given)(case.given)
    assert not mismatches(answer, case.expect), case.source
