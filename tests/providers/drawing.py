"""What the random groups of every cloud are drawn with."""

from hypothesis import strategies as st


def maybe(strategy):
    return st.none() | strategy


def given(**fields):
    """A dictionary in which what is `None` is left out."""
    return st.fixed_dictionaries(fields).map(without_nothing)


def without_nothing(found):
    return {name: value for name, value in found.items() if value is not None}
