"""The rows of what clouds refuse, held against the sources that they name."""

import importlib
import re

import pytest
from tools.constraints.__main__ import content, place
from tools.constraints.writing import is_written

from tests.constraints.readers import reader
from trimtab.declarations.limits import Bytes, Choice, Count, Inside, Length, Multiple, ProductAtMost, Range, When

CLOUDS = {"aws": "botocore", "azure": "arm", "gcp": "discovery"}
UNITS = {"KB": 1024, "TiB": 1024, "week": 604800, "hours": 3600, "minutes?": 60}
UNITS |= {"m": 60, "h": 3600, "M": 60, "H": 3600, "D": 86400}
MARKED = {"tags", "userLabels"}
"""Where marks are written that no row of a kind is about."""


def table(cloud):
    return importlib.import_module(f"trimtab.providers.{cloud}.constraints")


def kinds(cloud):
    return importlib.import_module(f"trimtab.providers.{cloud}.kinds").KINDS


@pytest.mark.parametrize("cloud", CLOUDS)
def test_stated_rows_are_what_the_models_state(cloud):
    if reader(cloud).version() != table(cloud).STATED.checked:
        pytest.skip(f"rows of {table(cloud).STATED.checked}, installed {reader(cloud).version()}: `nox -s renew`")
    assert place(cloud).read_text(encoding="utf-8") == content(cloud)


def test_no_list_of_a_model_shuts_out_what_is_newer_than_the_model():
    """The instance types of EC2 grow each month."""
    body = {"LaunchTemplateData": {"InstanceType": "z9.metal"}}
    assert not list(table("aws").CONSTRAINTS.breaches("launch-template", body))


@pytest.mark.parametrize("cloud", CLOUDS)
def test_quotes_of_models_stand_in_the_models(cloud):
    rows = [row for row in table(cloud).WRITTEN if row.source.at.startswith(f"{CLOUDS[cloud]} ")]
    missing = [row.source for row in rows if row.source.quote not in reader(cloud).text_of(row.source.at)]
    assert len(rows) > 10
    assert not missing


@pytest.mark.parametrize("cloud", CLOUDS)
def test_every_other_source_is_a_page_with_a_sentence(cloud):
    others = [row.source for row in table(cloud).WRITTEN if not row.source.at.startswith(f"{CLOUDS[cloud]} ")]
    assert not [source for source in others if not (source.at.startswith("https://") and source.quote)]


@pytest.mark.parametrize("cloud", CLOUDS)
def test_a_quote_holds_the_numbers_of_its_row(cloud):
    wrong = [
        (row.leaf, bound, row.source.quote)
        for row in table(cloud).WRITTEN
        for bound in bounds(row.rule)
        if not is_said(bound, row.source.quote)
    ]
    assert not wrong


@pytest.mark.parametrize("cloud", CLOUDS)
def test_a_row_is_about_something_that_trimtab_writes(cloud):
    rows = table(cloud).CONSTRAINTS.rows
    written = [row for row in rows if plain(row.leaf) not in MARKED]
    stray = [(row.kind, row.leaf) for row in written if not is_written(kinds(cloud)[row.kind], plain(row.leaf))]
    assert not stray


@pytest.mark.parametrize("cloud", CLOUDS)
def test_what_a_row_hangs_on_is_something_that_trimtab_writes(cloud):
    """A condition on a leaf that no body has would never hold, and its row refuse nothing."""
    stray = [
        (row.kind, when.leaf)
        for row in table(cloud).WRITTEN
        for when in (*row.when, *inside(row.rule))
        if not is_written(kinds(cloud)[row.kind], plain(when.leaf))
    ]
    assert not stray


def plain(leaf):
    return leaf.removesuffix("{key}").removesuffix("{*}")


def inside(rule):
    others = (getattr(rule, "other", None), *getattr(rule, "others", ()))
    return [when for when in others if isinstance(when, When)]


def bounds(rule):
    """The numbers of a rule that a source has to state."""
    match rule:
        case Range() | Length() | Count():
            found = [rule.least, rule.most]
        case Bytes() | ProductAtMost():
            found = [rule.most]
        case Choice():
            found = list(rule.numbers)
        case Multiple():
            found = [rule.of]
        case Inside():
            found = bounds(rule.rule)
        case _:
            found = []
    # what is nothing, one item or "above nothing" is said in words
    return [number for number in found if number is not None and number not in (0, 1, 0.000001)]


def is_said(bound, quote):
    """Whether a sentence names a number, in its unit, as the first that is too much, or in a longer unit."""
    text = quote.replace(",", "")
    numbers = {float(word) for word in re.findall(r"\d+(?:\.\d+)?", text)}
    spans = {number * size for unit, size in UNITS.items() if re.search(rf"\d\s*{unit}\b", text) for number in numbers}
    words = {"five": 5, "six": 6, "a minute": 60}
    said = {value for word, value in words.items() if word in text}
    return bool({bound, bound + 1} & (numbers | spans | said))
