"""Comments of a fleet file that leave findings out, and what is found in the comments themselves."""

import pytest
import yaml
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import trimtab as tt
from tests.engine.random_groups import groups
from tests.laws import examples
from trimtab.checks.comments import read_ignore
from trimtab.models.fleet import Comment, Position

HEAD = """\
name: shop
groups:
  web:
    capacity: {min: 2, max: 6}
    template: {image: ami-1, size: t3.medium}
    policies:
      out: {change: 1, cooldown: 5m}
      more: {change: 1, cooldown: 5m}
    alarms:
      busy: {metric: cpu, above: 70, triggers: [more]}
"""


def checked(text, **options):
    return tt.check_fleet(tt.parse_fleet(text), **options)


def codes(text, **options):
    return [finding.code for finding in checked(text, **options)]


def commented(line, comment):
    """The file with a comment at the end of the line that begins with these words."""
    lines = HEAD.splitlines()
    (place,) = [place for place, text in enumerate(lines) if text.strip().startswith(line)]
    lines[place] += f"  # trimtab: {comment}"
    return "\n".join(lines)


# what a comment leaves out


@pytest.mark.parametrize("line", ["out:", "policies:", "web:"])
def test_a_comment_is_about_its_line_and_what_is_inside(line):
    assert codes(HEAD) == ["TT108", "TT110"]
    assert codes(commented(line, "ignore[TT108] by hand")) == ["TT110"]


@pytest.mark.parametrize("line", ["name:", "groups:", "capacity:", "template:"])
def test_a_comment_elsewhere_leaves_nothing_out(line):
    """Not at the top of the file either: what is for all groups stands in settings."""
    assert codes(commented(line, "ignore[TT108] by hand")) == ["TT108", "TT110", "TT701"]


@pytest.mark.parametrize(
    "above",
    [
        "      # trimtab: ignore[TT108] by hand\n",
        "# trimtab: ignore[TT108] by hand\n",
        "      # trimtab: ignore[TT108] by hand\n      # executed at the end of a quarter\n",
        "      # executed by hand # trimtab: ignore[TT108] by hand\n",
    ],
)
def test_a_comment_on_a_line_of_its_own_is_about_the_next_line(above):
    assert codes(HEAD.replace("      out:", f"{above}      out:")) == ["TT110"]


def test_a_blank_line_ends_what_a_comment_is_about():
    text = HEAD.replace("      out:", "      # trimtab: ignore[TT108] by hand\n\n      out:")
    assert "TT701" in codes(text)


@pytest.mark.parametrize("inside", ["TT108, TT110", "TT108,TT110", " TT110 TT108 ", "TT108,\tTT110,"])
def test_a_comment_names_several_codes(inside):
    assert codes(commented("policies:", f"ignore[{inside}] by hand")) == []


def test_comments_on_several_lines_each_leave_out_theirs():
    text = commented("out:", "ignore[TT108] by hand").replace("policies:", "policies: # trimtab: ignore[TT110] grows")
    assert codes(text) == []


def test_one_comment_may_follow_another():
    text = commented("policies:", "ignore[TT108] by hand # trimtab: ignore[TT110] grows")
    assert codes(text) == []
    reasons = {finding.code: finding.reason for finding in checked(text, show_ignored=True)}
    assert reasons == {"TT108": "by hand", "TT110": "grows"}


def test_a_comment_in_defaults_is_about_every_group_that_has_the_value():
    text = """\
name: shop
defaults:
  template: {image: ami-1, size: t3.medium}
  policies:
    out: {change: 1, cooldown: 5m}  # trimtab: ignore[TT108] by hand
groups:
  web: {capacity: {min: 2, max: 6}}
  api: {capacity: {min: 2, max: 6}}
"""
    assert codes(text, select=["TT108", "TT7"]) == []
    assert len(checked(text, select=["TT108"], show_ignored=True)) == 2


def test_ignored_findings_can_be_shown_and_say_why():
    text = commented("out:", "ignore[TT108]: by hand")
    (loose,) = checked(text, select=["TT108"], show_ignored=True)
    assert (loose.is_ignored, loose.reason) == (True, "by hand")
    assert (loose.to_dict()["ignored"], loose.to_dict()["reason"]) == (True, "by hand")
    (other,) = checked(text, select=["TT110"], show_ignored=True)
    assert not other.is_ignored
    assert "ignored" not in other.to_dict()


def test_a_plan_leaves_out_what_the_file_ignores_and_says_nothing_of_comments():
    def noted(text):
        with tt.connect("memory") as cloud:
            return {note.code for note in cloud.plan(tt.parse_fleet(text)).notes if note.code}

    assert noted(HEAD) == {"TT108", "TT110"}
    assert noted(commented("out:", "ignore[TT108, TT999]")) == {"TT110"}


def test_a_plan_leaves_out_what_only_plans_know():
    text = """\
name: shop
groups:
  web:
    capacity: {min: 2, max: 6}
    template:
      image: {newest: "shop-*", owner: shop}
      size: t3.medium
"""
    quiet = text.replace("template:", "template:  # trimtab: ignore[TT601, TT602] replaced every Sunday")

    def noted(declared):
        return {note.code for note in cloud.plan(tt.parse_fleet(declared)).notes if note.code}

    with tt.connect("memory", clock=tt.ManualClock()) as cloud:
        cloud.provider.connection.images["shop-*"] = ["shop-1"]
        cloud.apply(cloud.plan(tt.parse_fleet(text))).raise_for_failures()
        cloud.provider.connection.images["shop-*"].append("shop-2")
        larger, quiet = (one.replace("t3.medium", "t3.large") for one in (text, quiet))
        cloud.apply(cloud.plan(tt.parse_fleet(larger))).raise_for_failures()
        assert (noted(larger), noted(quiet)) == ({"TT601", "TT602"}, set())


def test_a_comment_changes_no_fleet():
    assert tt.parse_fleet(commented("out:", "ignore[TT108] by hand")) == tt.parse_fleet(HEAD)


@settings(max_examples=examples(60), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(fields=groups())
def test_a_comment_on_a_group_that_names_what_is_found_leaves_nothing(fields):
    text = tt.dump_fleet(tt.Fleet(name="shop", groups=[tt.ScalingGroup.model_validate(fields)]))
    fleet = tt.parse_fleet(text)
    found = tt.check_fleet(fleet)
    assume(found)
    lines = text.splitlines()
    names = ", ".join(sorted({finding.code for finding in found}))
    lines.insert(fleet.position(fleet.groups[0].name).line - 1, f"  # trimtab: ignore[{names}] as drawn")
    assert checked("\n".join(lines)) == ()
    again = checked("\n".join(lines), show_ignored=True)
    assert [(one.code, one.path, one.text) for one in again] == [(one.code, one.path, one.text) for one in found]
    assert all(one.is_ignored for one in again)


# what is a comment


BASE = """\
name: shop
"quoted # key": 'it''s'
plain: a b#c
block: |
  text

  more
folded: >-
  text
  more
double: "one
  two"
list:
- a: b
  c: [d, 'e # f', "g"]
- |-
  kept

map: {k: v, "l": m}
empty:
anchored: &a x
alias: *a
long:
  one
  two
last: end
""".splitlines()


@settings(max_examples=examples(), deadline=None)
@given(st.integers(0, len(BASE) - 1), st.sampled_from([" ", "  ", "\t", ""]), st.booleans(), st.integers(0, 4))
def test_what_changes_no_value_is_a_comment(place, gap, alone, indent):
    """PyYAML says what a comment is: text that is in no value."""
    said = "# trimtab: ignore[TT108] here"
    lines = list(BASE)
    if alone:
        lines.insert(place, " " * indent + said)
    else:
        lines[place] += gap + said
    text = "\n".join(lines)
    try:
        is_comment = yaml.load(text, yaml.BaseLoader) == yaml.load("\n".join(BASE), yaml.BaseLoader)
    except yaml.YAMLError:
        assume(False)
    assert [comment.text for comment in comments_of(text)] == (["ignore[TT108] here"] if is_comment else [])


def comments_of(text):
    from trimtab.config.comments import find_comments
    from trimtab.config.source import SourceText

    return find_comments(SourceText("fleet.yaml", text), yaml.compose(text))


def test_where_a_comment_is_and_what_it_is_about():
    text = "# trimtab: a\n#\na: |  # trimtab: b\n  # trimtab: no\n\n# trimtab: c"
    found = [
        (comment.text, comment.position.line, comment.position.column, comment.line) for comment in comments_of(text)
    ]
    assert found == [("a", 1, 1, 3), ("b", 3, 7, 3), ("c", 6, 1, 6)]


def test_many_comments_are_read_in_little_time():
    """A file may be large; what looks like a comment is looked up, not searched for."""
    many = "".join(f"k{number}: v\n# trimtab: x\n" for number in range(3000))
    assert len(comments_of(many)) == 3000
    assert {comment.line for comment in comments_of("# trimtab: x\n" * 3000 + "a: b")} == {3001}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("ignore[TT101] reason", (("TT101",), "reason")),
        ("ignore [TT101] - reason", (("TT101",), "reason")),
        ("ignore[TT101]", (("TT101",), "")),
        ("ignore[TT101, TT101]reason", (("TT101",), "reason")),
        ("ignore[]", None),
        ("ignore[ , ]", None),
        ("ignore", None),
        ("ignore TT101", None),
        ("ignore[TT101", None),
        ("ignroe[TT101] reason", None),
        ("", None),
    ],
)
def test_what_a_comment_says(text, said):
    ignore = read_ignore(Comment(text, Position("fleet.yaml", 1, 1), 1))
    assert (ignore and (ignore.codes, ignore.reason)) == said


def test_json_has_no_comments():
    text = '{"name": "shop # trimtab: ignore", "groups": {}}'
    with pytest.raises(tt.errors.ConfigError):
        tt.parse_fleet(text.replace("}}", "}} # trimtab: ignore[TT108] x"), name="fleet.json")


# TT701


def about(code, text, **options):
    return [finding for finding in checked(text, select=["TT108", "TT601", "TT7"], **options) if finding.code == code]


def test_tt701_finds_a_comment_where_nothing_is_found():
    (finding,) = about("TT701", commented("capacity:", "ignore[TT108] by hand"))
    assert (finding.group, finding.path, finding.position.line, finding.position.column) == ("web", "capacity", 4, 33)
    assert "TT108 finds nothing on line 4" in finding.text
    assert finding.mend == "move it to line 7, where TT108 is found, or remove it"


def test_tt701_finds_a_comment_on_comments():
    (finding,) = about("TT701", commented("out:", "ignore[TT108, TT703]"))
    assert "TT703 is about comments themselves" in finding.text
    assert 'ignore = ["TT703"]' in finding.mend


def test_tt701_lets_a_comment_be_that_is_about_another_cloud():
    text = HEAD.replace("    policies:", "    tags: {Tier: web}  # trimtab: ignore[TT502] renamed\n    policies:")
    assert "TT502" in codes(text.replace("ignore[TT502]", "ignore[TT501]"))
    assert "TT701" not in codes(text)
    assert "TT701" not in codes(text, provider="aws")


def test_tt701_lets_checks_be_that_were_not_asked_or_that_only_plans_know():
    assert about("TT701", commented("capacity:", "ignore[TT110] grows")) == []
    assert about("TT701", commented("template:", "ignore[TT601] pinned on purpose")) == []


# TT702


@pytest.mark.parametrize(
    ("code", "mend"),
    [
        ("TT10B", "did you mean TT1"),
        ("tt108", "did you mean TT108?"),
        ("TT1", "name each check: TT101, TT102, TT103 and"),
        ("flapping", "remove it"),
    ],
)
def test_tt702_finds_codes_that_no_check_has(code, mend):
    (finding,) = about("TT702", commented("out:", f"ignore[TT108, {code}] by hand"))
    assert repr(code) in finding.text
    assert finding.mend.startswith(mend)


def test_tt702_lets_every_code_be():
    assert about("TT702", commented("out:", "ignore[TT101, TT602, TT703] by hand")) == []


# TT703


@pytest.mark.parametrize("end", ["", "   ", ":", " - "])
def test_tt703_finds_a_comment_that_gives_no_reason(end):
    """It holds all the same: a reason is asked for."""
    text = commented("out:", f"ignore[TT108]{end}")
    assert [finding.code for finding in checked(text, select=["TT108", "TT7"])] == ["TT703"]


def test_tt703_lets_reasons_be():
    assert about("TT703", commented("out:", "ignore[TT108] by hand")) == []


# TT704


@pytest.mark.parametrize("said", ["ignore", "ignore[]", "ignore TT108", "ignroe[TT108] by hand", "skip[TT108]", ""])
def test_tt704_finds_what_cannot_be_read(said):
    text = commented("out:", said)
    assert [finding.code for finding in checked(text, select=["TT108", "TT7"])] == ["TT108", "TT704"]


def test_tt704_lets_other_comments_be():
    text = HEAD.replace("web:", "web:  # trimtab ignores nothing here; see trimtab: the docs\n    # trimtabs: x")
    assert about("TT704", text) == []


def test_a_comment_outside_of_groups_is_in_none():
    (finding,) = about("TT704", f"# trimtab: hello\n{HEAD}")
    assert (finding.group, finding.path, finding.place) == ("", "", "")
    assert str(finding).startswith("TT704 the comment")
