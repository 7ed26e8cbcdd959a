"""Start scripts: what their templates may do, and how large they may be."""

import traceback
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic_core import PydanticCustomError

from tests.laws import examples
from trimtab.config import parse_fleet
from trimtab.errors import ConfigError
from trimtab.models import InstanceTemplate
from trimtab.models.script import MAX_TOKENS, render
from trimtab.models.script_size import MAX_BYTES


@pytest.mark.parametrize(
    ("script", "text"),
    [
        ("echo {{ name }}\n", "echo web\n"),
        ("{{ name|upper|trim }}", "WEB"),
        ("{% if size > 1 and not small %}big{% elif small %}small{% else %}one{% endif %}", "big"),
        ("{{ 'a' if name == 'web' else 'b' }}", "a"),
        ("{{ name ~ '-' ~ size }}", "web-3"),
        ("{{ size + 1 - 2 }}{{ -size }}", "2-3"),
        ("{{ nothing|default('x') }}{{ nothing is defined }}", "xFalse"),
        ("{% raw %}{{ }} {% %} ${#a[@]}{% endraw %}{# a comment #}", "{{ }} {% %} ${#a[@]}"),
        ("${HOME} $(id) %d", "${HOME} $(id) %d"),
        ("<b>{{ mark }}</b>", "<b><&></b>"),
    ],
)
def test_variables_conditions_and_simple_filters(script: str, text: str) -> None:
    assert render(script, {"name": "web", "size": 3, "small": False, "mark": "<&>"}) == text


@pytest.mark.parametrize(
    "script",
    [
        "{% for i in range(10**9) %}{% endfor %}",
        "{% set a = 'x' %}",
        "{% macro a() %}{% endmacro %}",
        "{% include 'a' %}",
        "{% import 'a' as a %}",
        "{% extends 'a' %}",
        "{% block a %}{% endblock %}",
        "{% filter upper %}a{% endfilter %}",
        "{{ name.upper() }}",
        "{{ name.__class__ }}",
        "{{ name['x'] }}",
        "{{ [1, 2] }}",
        "{{ {'a': 1} }}",
        "{{ 2 * 3 }}",
        "{{ 2 ** 3 }}",
        "{{ '%99d' % 1 }}",
        "{{ 1 / 0 }}",
        "{{ 1 // 0 }}",
        "{{ name|attr('x') }}",
        "{{ name|replace('a', 'aa') }}",
        "{{ name|default('x', boolean=true) }}",
        "{% if name %}{{ self }}{{ name.x }}{% endif %}",
    ],
)
def test_all_else_is_refused_before_it_runs(script: str) -> None:
    with pytest.raises(PydanticCustomError, match=r"not for start scripts|invalid Jinja2|the filter"):
        render(script, {"name": "web"})


def test_more_variables_may_come_when_it_is_rendered() -> None:
    template = InstanceTemplate(image="ami-1", size="t3.small", user_data="{{ a }}", variables={"a": "x"})
    assert template.render_user_data(a="y") == "y"


def test_without_variables_a_script_is_text() -> None:
    template = InstanceTemplate(image="ami-1", size="t3.small", user_data="{{ a }}")
    assert template.render_user_data() == "{{ a }}"
    assert InstanceTemplate(image="ami-1", size="t3.small").render_user_data() is None


K = 1024
GROUP = "name: shop\ngroups:\n  web:\n    capacity: {min: 1, max: 1}\n    template: {image: ami-1, size: t3.small}\n"


def test_the_bound_is_the_largest_that_a_cloud_takes() -> None:
    """A metadata value of Google Cloud; Azure's custom data and AWS's user data are smaller."""
    assert max(256 * K, 64 * K, 16 * K) == MAX_BYTES
    whole = "x" * MAX_BYTES
    assert render(whole, {}) == whole
    assert render("{{ a }}{{ a }}", {"a": "x" * (MAX_BYTES // 2)}) == whole
    for script, variables in ((whole + "x", None), ("é" * (MAX_BYTES // 2) + "x", None), ("{{ a }}x", {"a": whole})):
        with pytest.raises(ValueError, match=r"larger than 256 KiB.*no cloud takes that: have it download"):
            InstanceTemplate(image="ami-1", size="t3.small", user_data=script, variables=variables)


A = "{{ a }}"
LARGE = {
    "one after the other": A * 800,
    "joined": "{{ a" + " ~ a" * 1_000 + " }}",
    "added": "{{ a" + " + a" * 100 + " }}",
    "joined and thrown away": "{{ (a" + " ~ a" * 1_000 + ")|length }}",
    "joined in a condition": "{% if (a" + " ~ a" * 1_000 + ") == '' %}{% endif %}",
    "in a branch": "{% if a %}" + A * 700 + "{% endif %}",
    "by default": "{{ none|default(a" + " ~ a" * 1_000 + ") }}",
    "larger in capitals": "{{ s|upper }}" * 400,
    "of many names": "{{a}}" * 50_000,
    "of many signs": "{{ a" + "~a" * 100_000 + " }}",
    "of many filters": "{{ a" + "|upper" * 30_000 + " }}",
    "of many comparisons": "{{ a" + "<a" * 100_000 + " }}",
    "of many branches": "{% if a %}" + "{% elif a %}" * 20_000 + "{% endif %}",
    "nested": "{% if a %}" * 9_000 + "{% endif %}" * 9_000,
    "in many brackets": "{{ " + "(" * 100_000 + "a",
    "of many comments": "{# #}" * 50_000,
    "of a list": "{{ [a" + ", a" * 1_000 + "] }}",
    "of a number": "{{ 10" + "**10" * 9 + " }}",
    "of a width": "{{ '%999999999d' % 1 }}",
    "of a loop": "{% for x in range(10**9) %}x{% endfor %}",
    "centered": "{{ a|center(10**9) }}",
}


@pytest.mark.sweep
@pytest.mark.parametrize("script", LARGE.values(), ids=LARGE)
def test_a_script_that_would_be_large_is_refused_and_takes_no_memory(script: str) -> None:
    """All of them within 48 MiB, a third of a megabyte of variables included."""
    tracemalloc.start()
    try:
        with pytest.raises(PydanticCustomError) as caught:
            render(script, {"a": "x" * 250 * K, "s": "ß" * 100 * K})
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 48 * K * K
    assert "xxx" not in "".join(traceback.format_exception(caught.value))


def test_a_template_has_a_bounded_number_of_parts() -> None:
    assert render("{{a}}" * (MAX_TOKENS // 3), {"a": "x"}) == "x" * (MAX_TOKENS // 3)
    with pytest.raises(PydanticCustomError, match=f"more than {MAX_TOKENS} names, signs and pieces of text"):
        render("{{a}}" * (MAX_TOKENS // 3 + 1), {"a": "x"})


@pytest.mark.parametrize(
    "template",
    [
        "user_data: BIG",
        'user_data: "{{ a }}{{ a }}", variables: {a: BIG}',
        'user_data: "{{ a ~ a }}", variables: {a: BIG}',
    ],
)
def test_the_error_names_file_line_field_and_limit(template: str) -> None:
    text = GROUP.replace("t3.small", "t3.small,\n      " + template).replace("BIG", '"' + "x" * 313 * K + '"', 1)
    with pytest.raises(ConfigError) as caught:
        parse_fleet(text, name="fleet.yaml")
    assert str(caught.value).startswith("fleet.yaml:6: group web, template.user_data: ")
    assert "256 KiB" in str(caught.value)
    assert len(str(caught.value)) < 200


VARIABLES = {"a": "x" * 40 * K, "b": "ŉ" * 40 * K, "n": 2.5, "t": True}
expressions = st.recursive(
    st.sampled_from([*VARIABLES, "'é'", "1"]),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["~", "+", "==", "and", "or"]), inner).map(lambda it: f"({' '.join(it)})"),
        st.tuples(inner, st.sampled_from(["upper", "title", "string", "length", "trim"])).map(lambda it: "|".join(it)),
        st.tuples(inner, inner, inner).map(lambda it: f"({it[0]} if {it[1]} else {it[2]})"),
    ),
    max_leaves=12,
)


@given(st.lists(expressions.map(lambda text: f"{{{{ {text} }}}}"), max_size=6).map("".join))
@settings(max_examples=examples(), deadline=None)
def test_whatever_a_template_does_its_text_is_bounded(script: str) -> None:
    try:
        text = render(script, VARIABLES)
    except PydanticCustomError:
        return
    assert len(text.encode()) <= MAX_BYTES


def test_what_does_not_render_does_not_show_itself() -> None:
    variables = {"a": "hunter2"}
    for script in ("hunter2 {{ a", "hunter2 {{ b }}", "{{ 'hunter2' + 1 }}", "hunter2 {{ a|nothing }}"):
        with pytest.raises(PydanticCustomError) as caught:
            render(script, variables)
        assert "hunter2" not in "".join(traceback.format_exception(caught.value))
        assert caught.value.__context__ is None
