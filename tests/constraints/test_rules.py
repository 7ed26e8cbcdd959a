"""Each kind of limit on values just inside and just outside, and where in a body it looks."""

import base64
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import make_fleet, make_group
from tests.laws import examples
from trimtab.declarations.constraint import Citation, Constraints, Row
from trimtab.declarations.limits import (
    AllOrNone,
    AtMostTimes,
    Bytes,
    Choice,
    Count,
    Distinct,
    Excludes,
    Inside,
    Length,
    Multiple,
    Needs,
    OneOf,
    Pattern,
    ProductAtMost,
    Range,
    When,
    number_of,
)
from trimtab.testing import translate

SOURCE = Citation("https://example.org", "said")


def breaches(row, body, keys=None):
    return [
        (found.path, found.text) for found in Constraints([row], name="X", checked={}).breaches("thing", body, keys)
    ]


def row(leaf, rule, **more):
    return Row(kind="thing", leaf=leaf, rule=rule, source=SOURCE, **more)


@pytest.mark.parametrize(
    ("rule", "good", "bad"),
    [
        (Range(1, 64), (1, 64, "64", 1.0), (0, 65, "0", -1)),
        (Range(60, 604800, unit="s"), ("PT1M", "P7D", "P1W", "PT1H", "60s"), ("PT59S", "P8D", "59s")),
        (Range(0.001), ("0.001",), ("0.0009",)),
        (Multiple(60), ("0s", "120s", 60), ("90s", 61)),
        (Choice((10, 20, 30, 60), multiples=True), (10, 30, 60, 120), (0, 15, 45, 90)),
        (Choice((60, 300)), ("PT1M", "PT5M"), ("PT2M", "PT10M")),
        (Length(1, 3), ("a", "äöü"), ("", "abcd")),
        (Bytes(3), ("abc",), ("abcd", "äö")),
        (Bytes(3, decoded=True), (base64.b64encode(b"abc").decode(),), (base64.b64encode(b"abcd").decode(),)),
        (Count(1, 2), ([1], [1, 2], {"a": 1}), ([], [1, 2, 3], {"a": 1, "b": 2, "c": 3})),
        (Distinct(), (["a", "b"], []), (["a", "b", "a"],)),
        (Distinct(by="n"), ([{"n": 1}, {"n": 2}],), ([{"n": 1}, {"n": 1}],)),
        (AllOrNone("w"), ([{"w": 1}, {"w": 2}], [{}, {}]), ([{"w": 1}, {}],)),
        (Pattern("[a-z]+"), ("web",), ("Web", "", "web1", "web\n")),
        (Inside(r"c-(?P<number>\d+)-.*", Multiple(2), "it"), ("c-2-1", "c-x-1", "d-3-1"), ("c-3-1",)),
        (Inside(r"c-(?P<per>\d+)-(?P<number>\d+)", Range(2, 4), "it"), ("c-2-4", "c-2-8"), ("c-2-3", "c-2-9")),
        (OneOf(("Spot", "Regular")), ("Spot",), ("spot", "")),
        (OneOf(("Spot",), ignore_case=True), ("SPOT",), ("other",)),
    ],
)
def test_what_a_rule_lets_through_and_what_not(rule, good, bad):
    assert [breaches(row("leaf", rule), {"leaf": value}) for value in good] == [[] for _ in good]
    assert all(breaches(row("leaf", rule), {"leaf": value}) for value in bad)
    assert rule.words


@pytest.mark.parametrize(
    "rule", [Range(5, 6), Multiple(7), Choice((3,)), Length(9, 9), Bytes(0), Pattern("x"), OneOf(("x",)), Count(9)]
)
def test_what_is_known_only_later_says_nothing(rule):
    assert breaches(row("leaf", rule), {"leaf": object()}) == []


def test_a_number_beside_another_of_the_same_item():
    rule = row("disks[*].iops", AtMostTimes("disks[*].size", 500))
    body = {
        "disks": [{"size": 10, "iops": 5000}, {"size": 10, "iops": 5001}, {"size": 1000, "iops": 5001}, {"iops": 9}]
    }
    assert breaches(rule, body) == [
        ("disks[1].iops", "is 5001; it can be at most 5000, 500 times size (10)"),
    ]


def test_a_product():
    rule = row("periods", ProductAtMost("period", 86400, unit="s"), when=(When("period", below=3600),))
    assert breaches(rule, {"period": 300, "periods": 288}) == []
    assert breaches(rule, {"period": 300, "periods": 289}) == [
        ("periods", "times period (300) is 1445m; at most 1d is allowed")
    ]
    assert breaches(rule, {"period": 3600, "periods": 289}) == []


def test_what_takes_something_else_and_what_goes_with_nothing_else():
    needs = row("repairs", Needs((When("health"), When("cards[*].probe")), "takes health"), fix="add one")
    assert breaches(needs, {"repairs": True}) == [("repairs", "takes health; add one")]
    assert breaches(needs, {"repairs": False}) == []
    assert breaches(needs, {"repairs": True, "cards": [{}, {"probe": "x"}]}) == []
    excludes = row("pool", Excludes(When("spot", among=("yes",)), "goes without spot"))
    assert breaches(excludes, {"pool": {"min": 0}, "spot": "YES"}) == [("pool", "goes without spot")]
    assert breaches(excludes, {"pool": {"min": 0}, "spot": "no"}) == []


@pytest.mark.parametrize(
    ("when", "holds"),
    [
        (When("a"), {"a": 0}),
        (When("a", absent=True), {"b": 1}),
        (When("a", among=("x", "y")), {"a": "Y"}),
        (When("a", fits="pd-"), {"a": "PD-ssd"}),
        (When("a", below=3), {"a": 2.9}),
        (When("a", above=3), {"a": "4"}),
        (When("a", items=2), {"a": ["x", "y"]}),
    ],
)
def test_conditions(when, holds):
    other = {"a": [None, "z", 3, ["x"], ""], "b": 1}
    rule = row("leaf", Range(1, 1), when=(when,))
    if when != When("a"):
        assert breaches(rule, {"leaf": 2, **holds})
    for value in other["a"]:
        if not (when.absent or when == When("a")):
            assert not breaches(rule, {"leaf": 2, "a": value}), value
    assert when.words


def test_zero_and_false_are_as_if_they_were_not_there():
    rule = row("leaf", Range(1, 1), when=(When("a"),))
    assert breaches(rule, {"leaf": 2, "a": 1})
    assert not breaches(rule, {"leaf": 2, "a": 0})
    assert not breaches(rule, {"leaf": 2, "a": False})


def test_names_and_values_of_a_mapping():
    names, values = row("tags{key}", Pattern("[a-z]+")), row("tags{*}", Length(most=3))
    assert [path for path, _ in breaches(names, {"tags": {"ok": "1", "No": "2"}})] == ["tags.No"]
    assert [path for path, _ in breaches(values, {"tags": {"ok": "1", "long": "1234"}})] == ["tags.long"]


def test_items_are_named_by_their_key():
    rule = row("tags[*].Value", Length(most=3))
    body = {"tags": [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "1234"}]}
    assert [path for path, _ in breaches(rule, body, {"tags": "Key"})] == ["tags[b].Value"]


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(value=VALUES)
@settings(max_examples=examples(), deadline=None)
def test_no_rule_breaks_on_a_body_of_another_shape(value):
    rules = [
        *(Range(1, 2), Multiple(3), Choice((1, 2)), AtMostTimes("a", 1), ProductAtMost("a[*].b", 1), Length(1, 2)),
        *(Bytes(1, decoded=True), Count(1, 2), Distinct("a"), AllOrNone("a"), Pattern("a"), OneOf(("a",))),
        *(Needs((When("a", items=2),), "x"), Excludes(When("a[*]", fits="a"), "x")),
    ]
    rows = [row(leaf, rule) for rule in rules for leaf in ("leaf", "leaf[*]", "leaf.a", "leaf{key}", "leaf{*}")]
    found = Constraints(rows, name="X", checked={}).breaches("thing", {"leaf": value, "a": value})
    assert all(re.search(r"\w", breach.text) for breach in found)


@given(number=st.integers(0, 10**9))
@settings(max_examples=examples(), deadline=None)
def test_a_span_is_as_many_seconds_however_it_is_written(number):
    days, rest = divmod(number, 86400)
    hours, rest = divmod(rest, 3600)
    minutes, seconds = divmod(rest, 60)
    written = f"P{days}DT{hours}H{minutes}M{seconds}S"
    assert number_of(number) == number_of(str(number)) == number_of(f"{number}s") == number_of(written) == number


@pytest.mark.parametrize("text", ["", "P", "PT", "1,5", "٣", "1e9", "P1Y", "x", "9" * 60, "-", True, None, [], {}])
def test_what_is_no_number_is_none(text):
    assert number_of(text) is None


def test_a_limit_is_told_in_the_words_of_the_file_where_the_value_is_the_file_s():
    """Google's `timeoutSec` cannot be more than its `checkIntervalSec`."""
    template = {"image": "debian-cloud/debian-12", "size": "e2-small"}
    group = make_group("web", template=template, alarms={}, policies={}, schedules={})
    group = group.replace(health_check={"path": "/up", "port": 80, "interval": "5s", "timeout": "9s"})
    texts = [note.text for note in translate(make_fleet(group), "gcp").problems]
    (text,) = [text for text in texts if text.startswith("health_check.timeout")]
    assert text.startswith("health_check.timeout: timeout is ")
    assert "Sec" not in text
