"""`trimtab rollout` and `apply --rollout`, on the cloud in memory."""

import io
import json
from contextlib import closing
from pathlib import Path

import pytest

import trimtab as tt
from tests.rollout.world import World
from trimtab.cli.main import run

SCHEMAS = Path(__file__).parents[2] / "schemas"
FLEET = """
name: shop
groups:
  web:
    capacity: {min: 1, max: 10, desired: 4}
    template: {image: IMAGE, size: small}
    rollout: ROLLOUT
"""


class Terminal:
    def __init__(self, folder):
        self.world, self.folder = World(), folder

    def write(self, image, rollout="{checkpoints: [{percent: 25, bake: 5m}], bake: 2m}"):
        (self.folder / "fleet.yaml").write_text(FLEET.replace("IMAGE", image).replace("ROLLOUT", rollout))

    def __call__(self, *words):
        out, err = io.StringIO(), io.StringIO()
        known = {"store": self.world.store, "clock": self.world.clock}

        def connect(provider, **settings):
            import trimtab as tt

            return tt.connect(provider, **known, **settings)

        verb, *rest = words
        file = str(self.folder / "fleet.yaml")
        arguments = [verb, rest[0], file, *rest[1:]] if verb == "rollout" else [verb, file, *rest]
        code = run([*arguments, "--provider", "memory"], connect=connect, out=out, err=err)
        return code, out.getvalue(), err.getvalue()


@pytest.fixture(name="trimtab")
def _trimtab(tmp_path):
    terminal = Terminal(tmp_path)
    terminal.write("one")
    code, _, err = terminal("apply", "--yes")
    assert code == 0, err
    terminal.write("two")
    return terminal


def test_a_plan_says_what_waits(trimtab):
    code, out, _ = trimtab("plan")
    assert code == 2
    assert "Waits for a rollout" in out
    assert "No changes to apply. 1 group waits for a rollout." in out
    code, out, _ = trimtab("plan", "--format", "json")
    assert [change["kind"] for change in json.loads(out)["waiting"]] == ["template", "group"]


def test_apply_leaves_it_and_rollout_brings_it(trimtab):
    assert trimtab("apply", "--yes")[0] == 0
    assert trimtab.world.versions() == [1, 1, 1, 1]
    assert trimtab("rollout", "status")[0] == 2
    code, out, err = trimtab("apply", "--yes", "--rollout")
    assert (code, trimtab.world.versions()) == (0, [2, 2, 2, 2])
    assert "web: done" in out
    assert "baking" in err or "running" in err
    assert trimtab("plan")[0] == 0


def test_the_documents_are_as_their_schemas_say(trimtab):
    jsonschema = pytest.importorskip("jsonschema")

    def check(name, *words):
        schema = json.loads((SCHEMAS / f"{name}.schema.json").read_text(encoding="utf-8"))
        document = json.loads(trimtab(*words, "--format", "json")[1])
        jsonschema.Draft202012Validator(schema).validate(document)
        return document

    check("plan", "plan")
    check("rollout", "rollout", "status")
    check("rollout", "rollout", "start", "web", "--no-wait")
    check("status", "status")
    check("rollout", "rollout", "status")
    done = check("rollout", "rollout", "start", "web")
    assert [each["outcome"] for each in done["rollouts"]] == ["done"]
    trimtab.write("three")
    applied = check("apply", "apply", "--yes", "--rollout")
    assert applied["plan"]["waiting"]
    assert [each["outcome"] for each in applied["rollouts"]] == ["done"]


def test_a_group_without_a_rollout_is_not_started(trimtab):
    file = trimtab.folder / "fleet.yaml"
    file.write_text(FLEET.replace("IMAGE", "two").replace("    rollout: ROLLOUT\n", ""))
    for words, text in ((["web"], "group 'web' has no `rollout`"), ([], "has a `rollout`")):
        code, _, err = trimtab("rollout", "start", *words)
        assert (code, f"{text}; add one, or use `trimtab apply`" in err) == (1, True), err
    assert trimtab("apply", "--yes", "--rollout")[0] == 0


def test_pause_resume_abort_undo(trimtab):
    code, out, _ = trimtab("rollout", "start", "web", "--no-wait", "--by", "ana")
    assert code == 0
    assert "0 of 4 instances" in out
    code, out, _ = trimtab("rollout", "pause", "--why", "looking")
    assert code == 0
    code, out, _ = trimtab("rollout", "start", "web")
    assert code == 3
    code, out, _ = trimtab("rollout", "status")
    assert code == 3
    assert "paused" in out
    assert "looking" in out
    code, out, _ = trimtab("status")
    assert code == 3
    assert "is paused: looking" in out
    code, out, _ = trimtab("plan")
    assert "is paused: looking; the plan leaves its template alone" in out
    assert trimtab("rollout", "resume", "web")[0] == 0
    assert trimtab.world.versions() == [2, 2, 2, 2]
    assert trimtab("rollout", "undo", "web")[0] == 0
    assert trimtab.world.versions() == [1, 1, 1, 1]
    assert trimtab("rollout", "start", "web", "--no-wait", "--again")[0] == 0
    assert (
        "aborted by bea: errors doubled"
        in trimtab("rollout", "abort", "web", "--by", "bea", "--why", "errors doubled")[1]
    )
    code, out, err = trimtab("rollout", "abort", "web")
    assert code == 1
    assert "no rollout of 'web' is on" in err
    code, out, err = trimtab("rollout", "pause")
    assert code == 1
    assert "no rollout of this fleet is on" in err


def test_what_was_asked_for_is_no_failure(trimtab):
    assert trimtab("rollout", "start", "--no-wait")[0] == 0
    assert trimtab("rollout", "abort")[0] == 0
    assert trimtab.world.versions() == [1, 1, 1, 1]


def test_apply_goes_on_with_a_rollout_whose_process_has_ended(trimtab):
    trimtab.write("two", "{strategy: blue-green, bake: 1m, end_after: 0s}")
    assert trimtab("rollout", "start", "--no-wait")[0] == 0
    code, out, _ = trimtab("plan")
    assert "`trimtab rollout start` goes on" in out
    code, out, _ = trimtab("apply", "--yes", "--rollout")
    assert (code, trimtab.world.versions()) == (0, [1, 1, 1, 1])
    assert next(iter(trimtab.world.store.sizes)).name.startswith("shop-web-")
    assert trimtab("plan")[0] == 0


def test_a_command_needs_consent_to_go_on_too(trimtab):
    trimtab.write("two", "{gates: [{type: command, run: ['false']}]}")
    code, out, err = trimtab("rollout", "start")
    assert (code, "not started: a `command` gate runs false" in out) == (1, True)
    assert "nothing to roll out" not in out + err, "something waits"
    assert trimtab("rollout", "start", "--no-wait", "--allow-commands")[0] == 0
    assert trimtab("rollout", "pause")[0] == 0
    code, _, err = trimtab("rollout", "resume")
    assert code == 1
    assert "not resumed: a `command` gate runs false" in err
    code, _, _ = trimtab("rollout", "abort")
    assert code == 0
    assert trimtab.world.versions() == [1, 1, 1, 1]


def test_what_went_back_is_kept_told_and_tried_again_when_asked(trimtab, tmp_path):
    pytest.importorskip("sqlalchemy", reason="the store needs its extra")
    store = ("--store", f"sqlite:///{tmp_path}/store.db")
    assert "its template waits for a rollout" in trimtab("status")[1]
    assert json.loads(trimtab("status", "--format", "json")[1])["groups"][0]["waits_for_rollout"] is True
    assert trimtab("rollout", "start", "--no-wait", "--by", "ana", *store)[0] == 0
    assert json.loads(trimtab("rollout", "status", "--format", "json")[1])["rollouts"][0]["run"]["step"] == 1
    assert trimtab("rollout", "abort", "--by", "bob", *store)[0] == 0
    code, out, _ = trimtab("rollout", "start")
    assert code == 1
    assert "not started: this template was rolled back on" in out
    assert "aborted by bob" in trimtab("rollout", "status")[1]
    assert "trimtab rollout start --again" in trimtab("plan")[1]
    assert trimtab("apply", "--yes", "--rollout")[0] == 1
    assert trimtab("rollout", "start", "--again", *store)[0] == 0
    assert json.loads(trimtab("status", "--format", "json")[1])["groups"][0]["waits_for_rollout"] is False
    with closing(tt.open_store(store[1])) as kept:
        outcomes = [each.outcome for each in kept.rollouts(fleet="shop")]
    assert outcomes == ["running", "running", "rolled back", *outcomes[3:]]
    assert outcomes[-1] == "done"
    document = json.loads(trimtab("history", *store, "--since", "3650d", "--format", "json")[1])
    assert len(document["rollouts"]) == len(outcomes)
    assert "aborted by bob" in trimtab("history", *store, "--since", "3650d")[1]
