"""What fails today, each with the reason."""

import pytest


def fails(reason):
    """A strict expected failure of an assertion; any other error is a failure of the test."""
    return pytest.mark.xfail(strict=True, raises=AssertionError, reason=reason)


def case(*values, mends=None, id=None):  # noqa: A002, as pytest calls it
    """One row of a table of cases; `mends` is a mark of `fails`."""
    return pytest.param(*values, marks=[mends] if mends else [], id=id)
