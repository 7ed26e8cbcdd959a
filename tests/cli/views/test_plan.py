"""Plans made by hand, and the text that a reviewer gets."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

pytest.importorskip("rich")

from rich.console import Console

from trimtab.cli.views.plan import PlanView
from trimtab.cli.views.screen import rendered
from trimtab.models import Position
from trimtab.plan import (
    Action,
    Change,
    Field,
    FieldChange,
    Key,
    Kind,
    MarkPlace,
    Note,
    Plan,
    Reason,
    Ref,
    Secret,
    Text,
    Unknown,
)

GROUP = Kind(name="group", label="Auto Scaling group", rank=1, mark=MarkPlace.TAGS, holds_instances=True)
POLICY = Kind(
    name="policy",
    label="scaling policy",
    rank=2,
    mark=MarkPlace.PARENT,
    fields=(Field(path="PolicyType", immutable=True), Field(path="Cooldown")),
)
KINDS = {"group": GROUP, "policy": POLICY}
HERE = "us-east-1"


def key(kind="group", name="shop-web"):
    return Key(HERE, kind, name)


def change(action, reason=Reason.EDITED, *fields, name="shop-web", kind="group", **more):
    items = tuple(FieldChange(path=path, old=old, new=new, source=place(line)) for path, old, new, line in fields)
    return Change(action=action, reason=reason, key=key(kind, name), group="web", fields=items, **more)


def place(line):
    return Position("infra/fleet.yaml", line, 1) if line else None


def plan(*changes, **more):
    return Plan(
        provider="aws",
        fleet="shop",
        made_at=datetime(2026, 1, 5, 9, 0, tzinfo=UTC),
        changes=tuple(changes),
        kinds=KINDS,
        **more,
    )


def text(made, **more):
    return rendered(PlanView(made, **more))


def test_creation_is_compact():
    """Fields stand side by side; list elements together; references say what they wait for."""
    made = change(
        Action.CREATE,
        Reason.NEW,
        ("LaunchTemplate.Version", None, Ref(key("template", "shop-web"), "version"), 12),
        ("MaxSize", None, 4, 9),
        ("Tags[Name].PropagateAtLaunch", None, True, 20),
        ("Tags[Name].Value", None, "shop web", 20),
        ("Labels[a].Value", None, "x", 21),
        ("Labels[b].Value", None, "y", 22),
        ("UserData", None, Secret("#!/bin/sh\nsecret"), 14),
        ("Zones", None, frozenset({"b", "a"}), None),
    )
    assert text(plan(made)) == (
        "web  us-east-1\n"
        "  + Auto Scaling group  shop-web  [new]  fleet.yaml:9\n"
        "      LaunchTemplate.Version: version of shop-web (known after apply) · MaxSize: 4\n"
        '      Tags[Name]: PropagateAtLaunch=true Value="shop web" · Labels[].Value: a=x b=y\n'
        f"      UserData: {Secret(chr(35) + '!/bin/sh' + chr(10) + 'secret').digest} · Zones: a, b\n"
        "\n"
        "Plan: 1 to create, 0 to update, 0 to delete.\n"
    )


def test_a_step_that_all_fields_share_is_left_out():
    made = change(
        Action.CREATE, Reason.NEW, ("Data.Size", None, "t3", 1), ("Data.Tags[a]", None, True, 2), name="shop-x"
    )
    assert "      Size: t3 · Tags[a]: true\n" in text(plan(made))


def test_update_is_field_by_field():
    """Old and new aligned, with the line of the file; sets by what joins and leaves."""
    made = change(
        Action.UPDATE,
        Reason.DRIFTED,
        ("Cooldown", 300, 600, 23),
        ("Description", "5", 5, 24),
        ("Enabled", False, True, None),
        ("Factor", 70.0, 72.5, 25),
        ("Groups", frozenset({"a", "b"}), frozenset({"b", "c"}), 26),
        ("Note", None, "", 27),
        ("Old", "gone", None, 28),
        ("Script", Secret("a"), Secret("b"), 29),
        ("Words", "one\ntwo", "one", 30),
        kind="policy",
        name="scale-out",
    )
    shown = text(plan(made))
    assert squeezed(shown) == squeezed(EXPECTED_UPDATE)
    lines = shown.splitlines()
    assert len({line.index("fleet.yaml") for line in lines if "fleet.yaml" in line}) == 1
    assert lines[2].index("300") == lines[3].index('"5"')


EXPECTED_UPDATE = f"""
web us-east-1
~ scaling policy scale-out [drifted]
~ Cooldown: 300 → 600 fleet.yaml:23
~ Description: "5" → 5 fleet.yaml:24
~ Enabled: false → true
~ Factor: 70 → 72.5 fleet.yaml:25
~ Groups: +c -a fleet.yaml:26
+ Note: "" fleet.yaml:27
- Old: gone fleet.yaml:28
~ Script: {Secret("a").digest} → {Secret("b").digest} fleet.yaml:29
~ Words: (2 lines, {Secret(chr(10).join(["one", "two"])).digest}) → one fleet.yaml:30
Plan: 0 to create, 1 to update, 0 to delete.
"""


def squeezed(text):
    return [" ".join(line.split()) for line in text.splitlines() if line.strip()]


def test_replacement_says_what_forces_it():
    made = change(
        Action.REPLACE,
        Reason.EDITED,
        ("Cooldown", 300, 600, 3),
        ("PolicyType", "SimpleScaling", "StepScaling", 4),
        kind="policy",
        name="scale-out",
    )
    lines = squeezed(text(plan(made)))
    assert lines[1:4] == [
        "-/+ scaling policy scale-out [edited]",
        "~ Cooldown: 300 → 600 fleet.yaml:3",
        "~ PolicyType: SimpleScaling → StepScaling forces the replacement fleet.yaml:4",
    ]
    assert lines[-1] == "Plan: 0 to create, 0 to update, 1 to replace, 0 to delete."


def test_a_field_that_drifted_beside_an_edit_says_so():
    made = change(Action.UPDATE, Reason.EDITED, ("Cooldown", 300, 600, 3), ("MaxSize", 9, 4, 4))
    why = (Reason.EDITED, Reason.DRIFTED)
    fields = tuple(replace(field, reason=reason) for field, reason in zip(made.fields, why, strict=True))
    assert squeezed(text(plan(replace(made, fields=fields))))[2:4] == [
        "~ Cooldown: 300 → 600 fleet.yaml:3",
        "~ MaxSize: 9 → 4 drifted fleet.yaml:4",
    ]


def test_deletions_are_one_line_each():
    """With what ends and which consent it takes; parts go with their group."""
    made = plan(
        change(Action.DELETE, Reason.LEFT_FLEET, ("Cooldown", 1, None, None), kind="policy", name="p", implied=True),
        change(Action.DELETE, Reason.LEFT_FLEET, ("MaxSize", 4, None, None), instances=2),
    )
    assert text(made) == (
        "web  us-east-1\n"
        "  - scaling policy  p  [removed from fleet]  goes with its group\n"
        "  - Auto Scaling group  shop-web  [removed from fleet]  ends 2 instances\n"
        "\n"
        "consent: shop-web ends 2 instances: apply takes --allow-delete\n"
        "\n"
        "Plan: 0 to create, 0 to update, 2 to delete.\n"
    )
    assert "consent:" not in text(made, agreed={Action.DELETE})


def test_replacing_a_group_takes_consent():
    made = change(Action.REPLACE, Reason.EDITED, ("Zones", frozenset("a"), frozenset("b"), 3), instances=1)
    assert "shop-web is replaced and ends 1 instance: apply takes --allow-replace" in text(plan(made))


def test_adoption_and_marks():
    made = plan(
        change(Action.ADOPT, Reason.ADOPTED),
        change(Action.UPDATE, Reason.EDITED, name="shop-api", notes=("renews the mark",)),
        change(Action.CREATE, Reason.NEW, ("A", None, 1, 1), name="shop-x", notes=("waits until it is gone",)),
    )
    assert text(made) == (
        "web  us-east-1\n"
        "  * Auto Scaling group  shop-web  [adopted]  gets the fleet's mark, nothing else\n"
        "  ~ Auto Scaling group  shop-api  renews its mark\n"
        "  + Auto Scaling group  shop-x  [new]  fleet.yaml:1\n"
        "      A: 1\n"
        "      note: waits until it is gone\n"
        "\n"
        "Plan: 1 to create, 1 to update, 1 to adopt, 0 to delete.\n"
    )


def test_problems_notes_and_what_is_unknown():
    made = plan(
        notes=(Note("a newer image matches", "web"),),
        problems=(Note("'shop-web' is not managed by trimtab", "web"),),
        unknown=(Unknown(HERE, "metric-alarm", "AccessDenied"),),
    )
    assert text(made) == (
        "note: group web: a newer image matches\n"
        "unknown: metric-alarm in us-east-1 could not be read: AccessDenied; nothing is created or deleted there\n"
        "error: group web: 'shop-web' is not managed by trimtab\n"
        "\n"
        "This plan cannot be applied: 1 problem.\n"
    )
    assert text(plan(unknown=made.unknown)).endswith("Nothing is planned: not all of the cloud could be read.\n")


def test_an_empty_plan_says_so():
    assert text(plan()) == "No changes: the cloud is as the fleet file says.\n"
    assert text(plan(), empty="Nothing there.") == "Nothing there.\n"


def test_what_others_wrote_cannot_steer_the_terminal():
    """Escapes in tags, names and reasons are written out; rich's own markup means nothing."""
    made = plan(
        change(Action.UPDATE, Reason.DRIFTED, ("Tags[\x1b[2J]", "[red]a[/red]\x1b]0;x\x07", "b", 1)),
        notes=(Note("evil \x1b[31m note"),),
    )
    shown = text(made)
    assert "\x1b" not in shown
    assert "\x07" not in shown
    assert "[red]a[/red]\\u001b]0;x\\u0007 → b" in shown


def test_text_with_references_inside():
    made = change(Action.UPDATE, Reason.EDITED, ("Arn", "x", Text(("a/", Ref(key("policy", "p"), "id"))), 1))
    assert "x → a/id of p (known after apply)" in text(plan(made))


def test_a_narrow_terminal_loses_nothing():
    """Long values are folded inside their column."""
    made = change(Action.UPDATE, Reason.EDITED, ("Arn", "old-" * 30, "new-" * 30, 7))
    console = Console(width=60, record=True, file=None, force_terminal=True, color_system=None, legacy_windows=False)
    with console.capture() as captured:
        console.print(PlanView(plan(made)))
    shown = captured.get()
    assert all(len(line) <= 60 for line in shown.splitlines())
    assert shown.count("old-") + shown.count("new-") >= 50
    assert "fleet.yaml:7" in shown


class TestText:
    """The same as text, as Markdown and as HTML, which a plan gives of itself."""

    MADE = change(Action.UPDATE, Reason.EDITED, ("MaxSize", 4, 6, 8), ("Tags[team].Value", "a|b", "`c`", 9))

    def test_it_is_what_the_screen_shows(self):
        made = plan(self.MADE, change(Action.DELETE, instances=2, name="shop-old"), notes=(Note("look", "web"),))
        assert made.to_text() == text(made)

    @pytest.mark.parametrize("width", [40, 60, 80])
    def test_no_line_is_wider_than_asked(self, width):
        made = plan(change(Action.UPDATE, Reason.EDITED, ("Arn", "old-" * 30, "new-" * 30, 7)))
        shown = made.to_text(width=width)
        body = shown.splitlines()[:-1]
        assert all(len(each) <= width for each in body)
        assert "".join("".join(each.split()) for each in body).count("-") >= 60

    def test_a_sentence(self):
        assert str(plan(self.MADE)) == "plan of fleet shop on aws: 0 to create, 1 to update, 0 to delete"
        assert str(plan()) == "plan of fleet shop on aws: no changes"

    def test_markdown_is_a_table_whose_cells_stay_cells(self):
        shown = plan(self.MADE).to_markdown()
        assert "**Plan: 0 to create, 1 to update, 0 to delete.**" in shown
        assert "  | `MaxSize` | `4 → 6` | fleet.yaml:8 |" in shown
        (row,) = [each for each in shown.splitlines() if "Tags" in each]
        assert row.replace("\\|", "").count("|") == 4
        assert "`` a\\|b → `c` ``" in row

    def test_a_location_cannot_steer_a_terminal(self):
        made = plan(Change(action=Action.DELETE, reason=Reason.NEW, key=Key("here\x1b[2J", "policy", "p"), group="web"))
        assert "\x1b" not in made.to_text() + made.to_markdown() + made._repr_html_()

    def test_markup_of_a_name_is_text(self):
        made = plan(change(Action.CREATE, Reason.NEW, ("Name", None, "<b>x</b>", 1), name="<script>*a*"))
        assert "\\<script\\>\\*a\\*" in made.to_markdown()
        page = made._repr_html_()
        assert "<script>" not in page
        assert "&lt;script&gt;" in page
        assert page.startswith("<pre")
        assert "color:#1a7f37" in page
