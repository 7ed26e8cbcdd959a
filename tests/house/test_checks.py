"""Every check has its page, and tests that it finds what it is for and lets the rest be."""

import re
from pathlib import Path

import pytest

from trimtab.checks import RULES

ROOT = Path(__file__).parents[2]
PAGES = ROOT / "docs" / "checks"
TESTS = "\n".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "tests" / "checks").glob("test_*.py")))


@pytest.mark.parametrize("code", RULES)
def test_codes_have_a_page_with_their_title(code):
    page = (PAGES / f"{code}.md").read_text(encoding="utf-8")
    assert page.startswith(f"# {code}: {RULES[code].title}\n")


def test_no_page_is_of_a_code_that_there_is_not():
    assert {path.stem for path in PAGES.glob("*.md")} == set(RULES)


@pytest.mark.parametrize("code", RULES)
def test_codes_have_a_test_that_finds_and_one_that_does_not(code):
    for what in ("finds", "lets"):
        name = f"test_{code.lower()}_{what}"
        assert re.search(rf"^def {name}_\w+\(", TESTS, re.MULTILINE), name


def test_codes_are_in_order_and_well_formed():
    assert list(RULES) == sorted(RULES)
    assert all(re.fullmatch(r"TT[1-8]\d\d", code) for code in RULES)
