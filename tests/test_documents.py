"""The documents of `--format json` against the schemas in the repository."""

import io
import json
from pathlib import Path

import pytest

import trimtab as tt

pytest.importorskip("typer", reason="the commands need their extra")
jsonschema = pytest.importorskip("jsonschema")

SCHEMAS = Path(__file__).parents[1] / "schemas"
FLEET = """
name: shop
groups:
  web:
    capacity: {min: 1, max: 3}
    template: {image: IMAGE, size: t3.small}
    policies: {out: {change: 1}}
    alarms: {hot: {metric: cpu, above: 70, triggers: [out]}}
"""


@pytest.fixture
def said(tmp_path):
    from trimtab.cli import run
    from trimtab.providers.memory.store import MemoryStore

    clock = tt.ManualClock()
    store = MemoryStore(clock)
    file = tmp_path / "fleet.yaml"

    def one(command, *more, image="ami-1", text=FLEET):
        file.write_text(text.replace("IMAGE", image))
        out = io.StringIO()
        connect = lambda provider, **given: tt.connect("memory", store=store, clock=clock)  # noqa: E731
        run([command, str(file), *more, "--format", "json"], connect=connect, out=out, err=io.StringIO())
        return json.loads(out.getvalue())

    return one


def check(name, document):
    schema = json.loads((SCHEMAS / f"{name}.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(document)


def test_plans(said):
    memory = ("--provider", "memory")
    check("plan", said("plan", *memory))
    check("apply", said("apply", *memory, "--yes"))
    edited = said("plan", *memory, image="ami-2")
    check("plan", edited)
    assert edited["summary"]["update"] >= 1
    check("apply", said("apply", *memory, "--yes", image="ami-2"))
    check("status", said("status", *memory))
    check("apply", said("destroy", *memory, "--yes"))


def test_explanations(said):
    memory = ("--provider", "memory")
    said("apply", *memory, "--yes")
    check("explain", said("explain", *memory, "--since", "10m"))
    found = said("explain", "web", *memory, "--diagnose")
    check("explain", found)
    assert found["groups"][0]["minute"]["codes"] == ["no-data"]


def test_drills(said):
    document = said("drill", "--provider", "memory", "--only", "throttled", "--only", "zone-lost")
    check("drill", document)
    assert document["counts"] == {"held": 1, "not held": 0, "not tried": 1}


def test_load_tests(said, tmp_path):
    pytest.importorskip("numpy", reason="load tests need their extra")
    results = tmp_path / "results.jtl"
    rows = [f"{1767571200000 + 1000 * number},100,home,200,true" for number in range(180)]
    results.write_text("\n".join(["timeStamp,elapsed,label,responseCode,success", *rows]))
    document = said("loadtest", "--results", str(results), "--provider", "memory", "--require", "cost < 1")
    check("loadtest", document)
    assert (document["requests"], document["percentiles"]["p95"], document["holds"]) == (180, 0.1, False)
    results.write_text("Percentage served,Time in ms\n50,20\n")
    document = said("loadtest", "--results", str(results), "--provider", "memory")
    check("loadtest", document)
    assert (document["requests"], document["percentiles"]) == (None, {"p50": 0.02, "p95": None, "p99": None})


def test_a_problem_of_a_plan_has_its_place(said):
    document = said("plan", "--provider", "memory", image="{newest: none-*}")
    check("plan", document)
    (problem,) = document["problems"]
    assert (problem["group"], problem["path"], problem["line"]) == ("web", "template.image", 6)
    assert problem["message"] == "template.image: no image matches 'none-*'; write another name or make it first"


def test_errors(said):
    document = said("plan", "--provider", "memory", text=FLEET.replace("min: 1", "min: 9"))
    check("error", document)
    (problem,) = document["error"]["problems"]
    assert problem["line"] == 5
    assert "`min` 9 is above `max` 3" in problem["message"]
    check("error", said("plan", "--provider", "nowhere"))


def test_the_schema_of_fleets_is_the_one_that_the_library_gives():
    stored = json.loads((SCHEMAS / "fleet.schema.json").read_text(encoding="utf-8"))
    assert stored == json.loads(json.dumps(tt.json_schema())), "run: trimtab schema --out schemas/fleet.schema.json"
