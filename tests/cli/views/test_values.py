"""Text as it is laid out: words stay whole, whatever the width."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("rich")

from rich.cells import cell_len
from rich.text import Text

from tests.laws import examples
from trimtab.cli.views.screen import rendered
from trimtab.cli.views.values import Indented, Prose

WORDS = st.lists(st.text(st.sampled_from("abc/:.世"), min_size=1, max_size=30), min_size=1, max_size=20)


@settings(max_examples=examples())
@given(words=WORDS, width=st.integers(1, 40), by=st.integers(0, 6))
def test_lines_are_broken_between_words_only(words, width, by):
    """No word is lost or cut; no line is too wide unless it is one word; none has room for the next word."""
    lines = rendered(Indented(Prose(" ".join(words)), by), width=width).splitlines()
    assert [word for line in lines for word in line.split()] == words
    assert all(line.startswith(" " * by) for line in lines)
    room = max(1, width - by)
    laid_out = [line[by:] for line in lines]
    assert all(cell_len(line) <= room or " " not in line for line in laid_out)
    for line, following in pairwise(laid_out):
        assert cell_len(f"{line} {following.split()[0]}") > room


def test_paragraphs_and_styles_stay():
    prose = Prose.assemble(("note: ", "bold"), "one\ntwo three")
    assert isinstance(prose, Text)
    assert rendered(prose, width=10) == "note: one\ntwo three\n"
    assert rendered(prose, width=5) == "note:\none\ntwo\nthree\n"
