"""Durations, names and what all models share."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Annotated, Any, get_args, get_origin

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, TypeAdapter, ValidationError

import trimtab as tt
from trimtab.errors import InvalidModel
from trimtab.models import Capacity
from trimtab.models.base import Duration, ItemName, Name, format_duration, parse_duration

DURATIONS = TypeAdapter(Duration)
NAMES = TypeAdapter(Name)
ITEM_NAMES: TypeAdapter[str] = TypeAdapter(ItemName)


@given(st.integers(0, 10**11).map(lambda seconds: timedelta(seconds=seconds)))
def test_a_duration_written_reads_back_the_same(duration: timedelta) -> None:
    assert parse_duration(format_duration(duration)) == duration
    assert DURATIONS.validate_python(DURATIONS.dump_python(duration)) == duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("5m", 300), ("1h30m", 5400), ("2d", 172800), ("1d1h1m1s", 90061), ("0s", 0), ("120m", 7200)],
)
def test_durations_are_written_with_their_units(text: str, seconds: int) -> None:
    assert DURATIONS.validate_python(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("value", ["", "5", "m", "5 m", "5M", "1m1h", "-5m", "1.5h", "5m\n", "٥m", 5, 5.0, None, True])
def test_other_durations_are_refused_with_the_mend(value: object) -> None:
    with pytest.raises(ValidationError, match=r"is not a duration; write"):
        DURATIONS.validate_python(value)


@pytest.mark.parametrize("value", [timedelta(seconds=-1), timedelta(milliseconds=1)])
def test_a_duration_is_whole_seconds_forward(value: timedelta) -> None:
    with pytest.raises(ValidationError, match="is not a duration of whole seconds"):
        DURATIONS.validate_python(value)


def test_a_duration_beyond_python_is_refused() -> None:
    with pytest.raises(ValidationError, match="too long for a duration"):
        DURATIONS.validate_python("9999999999999d")


@pytest.mark.parametrize("name", ["a", "web", "web-1", "a" * 63])
def test_names_that_every_cloud_accepts(name: str) -> None:
    assert NAMES.validate_python(name) == name


@pytest.mark.parametrize("name", ["", "-a", "a-", "1a", "Web", "a_b", "a" * 64, "a\n", "é", "a b", "a.b"])
def test_other_names_are_refused_with_the_rule(name: str) -> None:
    with pytest.raises(ValidationError, match=r"invalid name .*; use lower-case letters, digits and hyphens"):
        NAMES.validate_python(name)


@pytest.mark.parametrize("name", ["a", "Web", "ScaleOut", "scale_out", "CPU-High_2", "A" * 63])
def test_names_within_a_group_are_in_any_case(name: str) -> None:
    assert ITEM_NAMES.validate_python(name) == name


@pytest.mark.parametrize("name", ["", "-a", "_a", "a-", "a_", "1a", "a" * 64, "a\n", "é", "a b", "a.b", "a/b"])
def test_other_names_within_a_group_are_refused_with_the_rule(name: str) -> None:
    with pytest.raises(ValidationError, match=r"invalid name .*; use letters, digits, hyphens and `_`"):
        ITEM_NAMES.validate_python(name)


def test_models_are_frozen_and_know_their_fields() -> None:
    capacity = Capacity(min=1, max=2)
    with pytest.raises(InvalidModel, match="frozen"):
        capacity.min = 2  # type: ignore[misc]
    with pytest.raises(InvalidModel, match="most: unknown field; use desired, max, min"):
        Capacity.model_validate({"min": 1, "max": 2, "most": 3})


def models_below(model: Any, seen: set[Any]) -> Iterator[Any]:
    """Every model that one is made of, built-in settings with it."""
    if model in seen:
        return
    seen.add(model)
    yield model
    for info in model.model_fields.values():
        for part in parts_of(info.annotation):
            if isinstance(part, type) and issubclass(part, BaseModel):
                yield from models_below(part, seen)


def parts_of(annotation: Any) -> Iterator[Any]:
    yield annotation
    for part in get_args(annotation):
        yield from parts_of(part)


TEXTS = [
    (model, name)
    for model in models_below(tt.Fleet, set())
    for name, info in model.model_fields.items()
    if info.annotation == str | None
]


def test_there_are_texts_to_leave_out() -> None:
    assert len(TEXTS) > 20


@pytest.mark.parametrize(("model", "name"), TEXTS, ids=[f"{model.__name__}.{name}" for model, name in TEXTS])
def test_a_text_that_may_be_left_out_is_not_empty(model: Any, name: str) -> None:
    """Clouds take an empty text for none, or refuse it: terraform-aws-autoscaling#25."""
    info = model.model_fields[name]
    with pytest.raises(ValidationError):
        TypeAdapter(Annotated[info.annotation, *info.metadata]).validate_python("")


LISTS = [
    (model, name)
    for model in models_below(tt.Fleet, set())
    for name, info in model.model_fields.items()
    if get_origin(info.annotation) is tuple and any(part is str for part in parts_of(info.annotation))
]


def test_there_are_lists_of_texts() -> None:
    assert {"zones", "subnets", "security_groups", "notify", "network_tags"} <= {name for _, name in LISTS}


@pytest.mark.parametrize(("model", "name"), LISTS, ids=[f"{model.__name__}.{name}" for model, name in LISTS])
def test_no_text_of_a_list_is_empty(model: Any, name: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(model.model_fields[name].annotation).validate_python([""])
