"""The name of a group in PromQL: it stands for itself in every sort of text, and gets out of none."""

import ast
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import trimtab as tt
from tests.laws import examples
from trimtab.errors import Unsupported
from trimtab.providers.promql import fill_query
from trimtab.testing import translate

NAMES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1, max_size=20) | st.text(
    "a.*\\\"'`{}[]()|^$+?\n\r-", min_size=1, max_size=12
)


@given(name=NAMES, quote=st.sampled_from(["'", '"', "`"]), is_pattern=st.booleans(), other=NAMES)
@settings(max_examples=examples(), deadline=None)
def test_a_name_is_one_text_that_means_itself(name: str, quote: str, is_pattern: bool, other: str) -> None:
    """Read back by Python, whose texts have these escapes too, and by its regular expressions."""
    operator = "=~" if is_pattern else "="
    query = f"sum(x{{group{operator}{quote}{{group}}{quote}}})"
    if quote == "`" and "`" in name:
        with pytest.raises(Unsupported, match="in double quotes"):
            fill_query(query, name)
        return
    filled = fill_query(query, name)
    head, tail = f"sum(x{{group{operator}", "})"
    assert filled.startswith(head)
    assert filled.endswith(tail)
    written = filled[len(head) : -len(tail)]
    text = written[1:-1] if quote == "`" else ast.literal_eval(written)
    if is_pattern:
        assert re.fullmatch(text, name)
        assert bool(re.fullmatch(text, other)) == (other == name)
    else:
        assert text == name


@pytest.mark.parametrize("query", ["sum({group})", "{group}", 'up{a="x"} + {group}', "up{g={group}}", "# '\n{group}"])
def test_a_name_outside_of_a_text_is_refused(query: str) -> None:
    with pytest.raises(Unsupported, match="within quotes"):
        fill_query(query, "web")


@pytest.mark.parametrize(
    "query", ['up{group="web"}', "sum by (group) (up)", "up # {group}\n", '"a\\"b"', "{group=~'a.*'}", 'x{a="{grou}"}']
)
def test_a_query_that_names_no_group_is_left_alone(query: str) -> None:
    assert fill_query(query, "web") == query


def alarm_on(query: str, cloud: str, **metric: Any) -> Any:
    image = {"aws": "ami-1", "gcp": "projects/p/global/images/x"}[cloud]
    alarm = {"metric": {"promql": query, **metric}, "above": 3, "notify": ["arn:aws:sns:us-east-1:123456789012:ops"]}
    if cloud == "gcp":
        alarm["notify"] = ["ops@example.com"]
    group = {
        "name": "web",
        "capacity": {"min": 1, "max": 3},
        "template": {"image": image, "size": "s"},
        "alarms": {"busy": alarm},
    }
    sources = {"eu": {}} if metric else {}
    return translate(tt.Fleet.model_validate({"name": "shop", "groups": [group], "sources": sources}), cloud)


@pytest.mark.parametrize("cloud", ["aws", "gcp"])
def test_an_alarm_of_the_cloud_s_own_is_about_the_group_too(cloud: str) -> None:
    found = alarm_on('sum(up{group="{group}"})', cloud)
    assert not found.problems
    assert any('(sum(up{group="shop-web"})) > 3' in str(resource.body) for resource in found.resources)


@pytest.mark.parametrize("query", ["sum({group})", 'sum({group}) + up{job="a"}', 'up{job="a"} / {group}'])
@pytest.mark.parametrize("cloud", ["aws", "gcp"])
def test_what_cannot_be_filled_in_is_a_problem_of_the_plan(cloud: str, query: str) -> None:
    found = alarm_on(query, cloud)
    assert [str(problem) for problem in found.problems] == [
        'group web: alarms.busy.metric: write {group} within quotes, such as instance_group="{group}"'
    ]


@pytest.mark.parametrize("cloud", ["aws", "gcp"])
def test_a_query_of_the_fleet_s_own_source_is_no_alarm_of_the_cloud(cloud: str) -> None:
    found = alarm_on("up", cloud, source="eu")
    assert any("external metric: only a running trimtab reads it" in str(problem) for problem in found.problems)
    assert not any("(up) > 3" in str(resource.body) for resource in found.resources)
