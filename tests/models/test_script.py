"""Start scripts: what their templates may do."""

import pytest
from pydantic_core import PydanticCustomError

from trimtab.models import InstanceTemplate
from trimtab.models.script import render


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
    with pytest.raises(PydanticCustomError, match=r"not for start scripts|is no Jinja2|the filter"):
        render(script, {"name": "web"})


def test_more_variables_may_come_when_it_is_rendered() -> None:
    template = InstanceTemplate(image="ami-1", size="t3.small", user_data="{{ a }}", variables={"a": "x"})
    assert template.render_user_data(a="y") == "y"


def test_without_variables_a_script_is_text() -> None:
    template = InstanceTemplate(image="ami-1", size="t3.small", user_data="{{ a }}")
    assert template.render_user_data() == "{{ a }}"
    assert InstanceTemplate(image="ami-1", size="t3.small").render_user_data() is None
