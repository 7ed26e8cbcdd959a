"""What a plan leaves to a rollout, and what of that a mark goes on to know."""

from dataclasses import replace

from tests.plan.small import key
from trimtab.plan import Field, Kind, Live, Mark, MarkPlace, Resource, Secret
from trimtab.plan.holding import hold_templates
from trimtab.plan.signing import mark_key

SCRIPT = Field(path="script", models="template.user_data", write_only=True)
SET = Kind(
    name="set",
    label="set",
    rank=1,
    mark=MarkPlace.TAGS,
    holds_instances=True,
    template=("image", "script"),
    fields=(Field(path="image", models="template.image"), SCRIPT),
)


def test_a_template_that_is_held_keeps_what_the_mark_knows_of_a_script_that_no_read_gives():
    """Else a plan made during the rollout would take the script that runs for the one of the file."""
    known = Mark("shop", "web", kept={mark_key(SCRIPT): "of the old one", "other": "word"})
    live = Resource(key=key("set", "web"), body={"image": "old"}, group="web", mark=known)
    edited = replace(known, kept={mark_key(SCRIPT): "of the new one", "other": "another"})
    wanted = replace(live, body={"image": "new", "script": Secret("new")}, mark=edited)
    (held,), _ = hold_templates({"set": SET}, [wanted], Live(resources={live.key: live}), ["web"], "shop")
    assert held.body == {"image": "old"}
    assert held.mark.kept == {mark_key(SCRIPT): "of the old one", "other": "another"}
