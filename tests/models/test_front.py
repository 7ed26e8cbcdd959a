"""Models as people meet them: described, typed, changed, compared, hashed, refused."""

import pickle
import pydoc
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from tools import fields, shape, signatures

import trimtab as tt
from tests.laws import examples
from tests.providers.aws.random_groups import groups as aws_groups
from tests.providers.gcp.random_groups import groups as gcp_groups
from trimtab import errors
from trimtab.errors import FieldProblem, InvalidModel, TrimtabError
from trimtab.models.metric import NEUTRAL

WEB = tt.ScalingGroup(
    name="web",
    capacity=tt.Capacity(min=1, max=4),
    template=tt.InstanceTemplate(image="ami-1", size="t3.small", tags={"team": "web"}),
    policies=[tt.SimplePolicy(name="out", change=1, cooldown="5m")],
    alarms=[tt.Alarm(name="hot", metric="cpu", above=70, missing="breaching", triggers=["out"])],
)
MODELS = list(dict.fromkeys(signatures._below(tt.Fleet)))
FIELDS = [(model, name) for model in MODELS for name in model.model_fields]


class TestDescribed:
    def test_the_file_of_descriptions_is_that_of_the_source(self):
        assert Path(fields.TARGET).read_text(encoding="utf-8") == fields.text(), "run: nox -s renew"

    def test_files_are_held_against_the_schema_of_the_models(self):
        assert shape.TARGET.read_text(encoding="utf-8") == shape.text(), "run: nox -s renew"

    @pytest.mark.parametrize(("model", "name"), FIELDS, ids=[f"{model.__name__}.{name}" for model, name in FIELDS])
    def test_every_field_is_described_wherever_one_looks(self, model: Any, name: str):
        assert f"    {name}: " in pydoc.getdoc(model)
        schema = model.model_json_schema()
        schema = schema.get("$defs", {}).get(model.__name__, schema)
        if model is not tt.Metric:  # whose schema is that of the file
            properties = schema.get("properties") or schema["anyOf"][1].get("properties")
            assert properties is None or properties[name]["description"]

    def test_defaults_are_written_as_in_a_file(self):
        schema = tt.json_schema()["$defs"]
        assert schema["Alarm"]["properties"]["period"]["default"] == "1m"
        assert tt.Alarm.model_json_schema()["properties"]["period"]["default"] == "1m"

    def test_a_model_is_described_in_its_own_words(self):
        assert tt.json_schema()["$defs"]["Alarm"]["description"].startswith("Fires when enough datapoints")
        assert "Attributes" not in str(tt.json_schema())


class TestTyped:
    @pytest.mark.parametrize("model", signatures.models(), ids=lambda model: model.__name__)
    def test_what_it_takes_is_what_type_checkers_are_told(self, model: Any):
        assert signatures.written(model) == signatures.expected(model), "run: nox -s renew"

    def test_the_neutral_metrics_are_those_that_type_checkers_complete(self):
        from typing import get_args

        from trimtab.models.metric import NeutralName

        assert get_args(NeutralName) == tuple(NEUTRAL)


class TestReplaced:
    def test_one_field(self):
        assert WEB.replace(cooldown="2m").cooldown == timedelta(minutes=2)
        assert WEB.replace(cooldown="2m").replace(cooldown=None) == WEB
        assert WEB.replace() == WEB

    def test_the_result_is_checked(self):
        with pytest.raises(InvalidModel, match=r"invalid ScalingGroup: alarms\.0\.triggers\.0: alarm 'hot' triggers"):
            WEB.replace(policies=[])
        with pytest.raises(InvalidModel, match="colour: unknown field"):
            WEB.replace(colour="red")

    def test_what_was_left_out_stays_left_out(self):
        assert WEB.replace(cooldown="2m").model_fields_set == {*WEB.model_fields_set, "cooldown"}

    def test_a_fleet_keeps_the_lines_of_its_file(self):
        lines = [
            "name: shop",
            "groups:",
            "  web:",
            "    capacity: {min: 1, max: 2}",
            "    template: {image: a, size: b}",
        ]
        fleet = tt.parse_fleet("\n".join(lines))
        assert str(fleet.replace(name="other").position("web", "template.size")) == "fleet.yaml:5"


class TestRefused:
    def test_it_is_an_error_of_trimtab_and_a_value_error(self):
        with pytest.raises(InvalidModel) as caught:
            tt.Capacity(min=3, max=1)
        assert isinstance(caught.value, TrimtabError)
        assert isinstance(caught.value, ValueError)
        assert caught.value.problems == (FieldProblem("min", "`min` 3 is above `max` 1; lower `min`, or raise `max`"),)
        assert str(caught.value) == "invalid Capacity: min: `min` 3 is above `max` 1; lower `min`, or raise `max`"

    @pytest.mark.parametrize(
        "make",
        [
            lambda: tt.Capacity.model_validate({"min": 3, "max": 1}),
            lambda: tt.Capacity.model_validate_json('{"min": 3, "max": 1}'),
            lambda: tt.Capacity.model_validate_strings({"min": "3", "max": "1"}),
        ],
    )
    def test_so_do_the_other_ways_to_make_one(self, make):
        with pytest.raises(InvalidModel, match="`min` 3 is above `max` 1"):
            make()

    def test_nothing_is_changed_in_place(self):
        with pytest.raises(InvalidModel, match="frozen"):
            WEB.name = "api"  # type: ignore[misc]
        with pytest.raises(InvalidModel, match="frozen"):
            del WEB.name

    @pytest.mark.parametrize(
        ("given", "words"),
        [
            ({"capacty": 1}, "capacty: unknown field; did you mean `capacity`?"),
            ({"capacity": {"min": 1, "mxa": 2}}, "capacity.mxa: unknown field; did you mean `max`?"),
            ({"alarms": {"hot": {"metric": "cpus", "above": 1}}}, "unknown metric 'cpus'; did you mean cpu?"),
        ],
    )
    def test_what_was_meant_is_guessed(self, given, words):
        with pytest.raises(InvalidModel) as caught:
            tt.ScalingGroup.model_validate({**WEB.model_dump(mode="json"), **given})
        assert words in str(caught.value)

    def test_a_word_is_guessed(self):
        words = "missing: 'breeching' is not supported here; did you mean breaching?"
        with pytest.raises(InvalidModel, match=re.escape(words)):
            tt.Alarm(name="hot", metric="cpu", above=1, missing="breeching")  # type: ignore[arg-type]

    @pytest.mark.parametrize(
        "error",
        [
            InvalidModel("Capacity", [FieldProblem("min", "`min` 3 is above `max` 1")]),
            errors.ConfigError(["one", "two"]),
            errors.ApplyFailed(["one"]),
            errors.MissingExtra("AWS", "aws"),
            errors.Throttled("slowly", provider="aws", operation="DescribeAlarms", code="Throttling"),
        ],
        ids=lambda error: type(error).__name__,
    )
    def test_an_error_can_be_carried_to_another_process(self, error):
        again = pickle.loads(pickle.dumps(error))
        assert (type(again), str(again), vars(again)) == (type(error), str(error), vars(error))


class TestLaws:
    @settings(max_examples=examples(30), deadline=None)
    @given(aws_groups())
    def test_json_there_and_back(self, group):
        self._there_and_back(group)

    @settings(max_examples=examples(30), deadline=None)
    @given(gcp_groups())
    def test_json_there_and_back_on_google(self, group):
        self._there_and_back(group)

    def _there_and_back(self, group):
        fleet = tt.Fleet(name="shop", groups=[group])
        again = tt.Fleet.model_validate(fleet.model_dump(mode="json"))
        assert again == fleet
        assert hash(again) == hash(fleet)
        assert tt.Fleet.model_validate_json(fleet.model_dump_json()) == fleet

    def test_equal_values_are_one_key(self):
        assert len({WEB, WEB.replace(), tt.ScalingGroup.model_validate(WEB.model_dump(mode="json"))}) == 1
        assert len({WEB, WEB.replace(tags={"a": "b"})}) == 2
