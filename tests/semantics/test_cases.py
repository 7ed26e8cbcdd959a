"""The vendors' tables and published cases: each row goes through the public engine."""

from tests.semantics.adapters import find_adapter
from tests.semantics.cases import Case, mismatches


def test_case(case: Case) -> None:
    """The engine answers a row as its source says."""
    answer = find_adapter(case.given)(case.given)
    assert not mismatches(answer, case.expect), case.source
