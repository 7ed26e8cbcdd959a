"""What the pages of the checks show is so."""

import pytest

import trimtab as tt
from tests.checks.pages import DOCS, LIVE, OFFLINE, snippets


def codes(text):
    return {finding.code for finding in tt.check_fleet(tt.parse_fleet(text))}


@pytest.mark.parametrize("code", OFFLINE)
def test_the_example_of_a_page_shows_its_code_and_no_other(code):
    assert codes(snippets(code, "yaml")[0]) == {code}


@pytest.mark.parametrize("code", OFFLINE)
def test_the_mend_of_a_page_leaves_nothing_to_find(code):
    assert codes(snippets(code, "yaml")[1]) == set()


@pytest.mark.parametrize("code", LIVE)
def test_a_plan_shows_the_code_before_the_mend_and_not_after(code, capsys):
    """The blocks of a page run one after the other, and each leaves its plan behind."""
    names = {}
    before, after = snippets(code, "python")
    exec(before, names)
    assert {note.code for note in names["plan"].notes} >= {code}
    exec(after, names)
    assert code not in {note.code for note in names["plan"].notes}


def test_the_index_lists_every_code():
    page = (DOCS / "checks.md").read_text(encoding="utf-8")
    assert "_generated/checks.md" in page
