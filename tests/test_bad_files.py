"""Files that are wrong, hostile or strange: one error at the line that is meant, never anything else."""

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.laws import examples
from trimtab.config import load_fleet, parse_fleet
from trimtab.errors import ConfigError

GROUP = """\
name: shop
groups:
  web:
    capacity: {min: 1, max: 4}
    template:
      image: ami-1
      size: t3.small
"""
"""Seven lines; what a test adds to the group begins on the eighth."""


def group(text: str) -> str:
    return GROUP + "".join(f"    {line}\n" for line in text.splitlines())


def script(text: str) -> str:
    lines = "".join(f"        {line}\n" for line in text.splitlines())
    return f"{GROUP}      variables: {{component: web}}\n      user_data: |\n{lines}"


def bomb(levels: int, width: int) -> str:
    lines = ["name: shop", "a0: &a0 x"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * width)}]" for n in range(1, levels)]
    return "\n".join(lines) + "\n"


BAD: dict[str, tuple[str, int, str]] = {
    "empty": ("", 1, "the file is empty"),
    "only comments": ("# nothing\n\n# here\n", 1, "the file is empty"),
    "list on top": ("- name: shop\n", 1, "write a mapping with `name` and `groups`"),
    "text on top": ("shop\n", 1, "write a mapping with `name` and `groups`"),
    "two documents": ("name: shop\n---\nname: shop\n", 2, "a second document begins here"),
    "bomb": (bomb(9, 10), 2, "aliases stand for more than 10000 values"),
    "recursive mapping": ("name: shop\ngroups: &g\n  web: *g\n", 3, "contains itself"),
    "recursive list": ("name: shop\ngroups: &g [*g]\n", 2, "contains itself"),
    "undefined alias": ("name: *shop\n", 1, "an alias, `*name`, without an anchor"),
    "deep flow": ("name: shop\ngroups: " + "[" * 5000 + "\n", 2, "nested too deeply"),
    "deep blocks": ("".join(f"{' ' * n}a:\n" for n in range(200)), 40, "nested too deeply"),
    "python tag": ("name: !!python/object/apply:os.system [ls]\n", 1, "a tag such as"),
    "own tag": ("name: !secret shop\n", 1, "a tag '!secret' has no meaning here; leave it out"),
    "local tag": ("name: ! shop\n", 1, "a tag '!' has no meaning"),
    "merge key": ("name: shop\nbase: &b {a: 1}\ngroups:\n  <<: *b\n", 4, "merge keys"),
    "number as key": (group("tags:\n  2024: x"), 9, 'a key is text; write "2024"'),
    "truth as key": (group("tags: {true: x}"), 8, 'a key is text; write "true"'),
    "null as key": (group("tags:\n  ~: x"), 9, "a key is text"),
    "list as key": (group("tags:\n  [a, b]: x"), 9, "cannot be a key"),
    "duplicate key": (group("cooldown: 5m\ntags: {}\ncooldown: 5m"), 10, "`cooldown` is given twice, first on line 8"),
    "duplicate group": (f"{GROUP}  web: {{}}\n", 8, "`web` is given twice, first on line 3"),
    "duplicate name in a list": (
        group("policies:\n  - {name: out, change: 1}\n  - {name: out, change: 2}"),
        10,
        "two policies are called 'out'",
    ),
    "tab": ("name: shop\ngroups:\n\tweb: {}\n", 3, "use spaces"),
    "second colon": ("name: shop: two\n", 1, 'a second ":"'),
    "open quote": ('name: shop\ncontroller: "tr\n', 2, "is not closed; close it"),
    "open brace": (group("tags: {a: b"), 9, "`}` is missing"),
    "reserved character": ("name: @shop\n", 1, "invalid YAML"),
    "control character": ("name: shop\ncontroller: \x07\n", 2, "the character 0x7 is not allowed"),
    "impossible escape": ('name: "\\UFFFFFFFF"\n', 1, "stands for no character"),
    "half a surrogate pair": ('name: "\\ud83d"\n', 1, "surrogate"),
    "no name": ("groups: {}\n", 1, "`name` is missing"),
    "name in capitals": ("name: Shop\ngroups: {}\n", 1, "invalid name 'Shop'"),
    "name with a line end": ('name: "shop\\n"\ngroups: {}\n', 1, "invalid name"),
    "name too long": (f"name: {'a' * 64}\ngroups: {{}}\n", 1, "invalid name"),
    "group name too long": (GROUP.replace("web", "w" * 64), 3, "invalid name"),
    "group named twice over": (group("name: api"), 8, "listed as 'web' but names itself 'api'"),
    "nothing in a group": ("name: shop\ngroups:\n  web:\n", 3, "give a mapping"),
    "unknown field": (group("colldown: 5m"), 8, "did you mean `cooldown`?"),
    "unknown top field": ("name: shop\ngroup: {}\n", 2, "did you mean `groups`?"),
    "unknown field in defaults": (f"defaults:\n  templates: {{}}\n{GROUP}", 2, "did you mean `template`?"),
    "name in defaults": (f"defaults:\n  name: web\n{GROUP}", 2, "unknown field 'name'"),
    "number in text": (group("location: 5"), 8, "give text, not 5; put it in quotes"),
    "text for a number": (GROUP.replace("min: 1", 'min: "1"'), 4, "give a whole number, not the text '1'"),
    "truth for a number": (GROUP.replace("min: 1", "min: true"), 4, "give a whole number, not true"),
    "fraction for a number": (GROUP.replace("min: 1", "min: 1.5"), 4, "give a whole number, not 1.5"),
    "no is text": (group("protect_from_scale_in: no"), 8, "give true or false, not the text 'no'"),
    "seconds that are no minutes": (group("cooldown: 90"), 8, '90 is not a duration; write "90s" or "90m"'),
    "number with its unit": (
        GROUP + "      disks: [{size_gb: 40GB}]\n",
        8,
        "write 40, without the unit",
    ),
    "truth of YAML 1.1": (group("purchase: {spot: yes}"), 8, "not the text 'yes'; write true"),
    "list of one": (group("unmanaged: capacity"), 8, "not the text 'capacity'; write [capacity]"),
    "typo left to others": (group("unmanaged: [capacty]"), 8, "did you mean `capacity`?"),
    "typo of a zone": (
        group('schedules:\n  s: {cron: "0 8 * * *", zone: Europe/Madird, min: 1}'),
        9,
        "did you mean 'Europe/Madrid'?",
    ),
    "bare seconds": (group("cooldown: 300"), 8, '300 is not a duration; write "300s" or "5m"'),
    "no such unit": (group("cooldown: 5 min"), 8, "is not a duration; write"),
    "endless duration": (group(f"cooldown: {'9' * 30}d"), 8, "too long for a duration"),
    "negative size": (GROUP.replace("min: 1", "min: -1"), 4, "give 0 or more, not -1"),
    "min above max": (GROUP.replace("min: 1", "min: 9"), 4, "`min` 9 is above `max` 4"),
    "huge size": (GROUP.replace("max: 4", "max: 99999999999"), 4, "give 1000000 or less"),
    "huge number": (GROUP.replace("max: 4", f"max: {'9' * 5000}"), 4, "too many digits"),
    "unknown metric": (
        group("alarms:\n  hot: {metric: cpuu, above: 70}"),
        9,
        "'cpuu'; did you mean cpu?",
    ),
    "metric of no sort": (
        group("alarms:\n  hot: {metric: {of: a}, above: 70}"),
        9,
        "write `{name: NEUTRAL, of: ...}`",
    ),
    "nan": (group("alarms:\n  hot: {metric: cpu, above: .nan}"), 9, "give a finite number, not nan"),
    "infinity": (group("alarms:\n  hot: {metric: cpu, above: -.inf}"), 9, "give a finite number, not -inf"),
    "infinity by exponent": (group("alarms:\n  hot: {metric: cpu, above: 1e999}"), 9, "give a finite number"),
    "two thresholds": (
        group("alarms:\n  hot:\n    metric: cpu\n    above: 1\n    below: 2"),
        12,
        "found `above` and `below`",
    ),
    "no such statistic": (
        group("alarms:\n  hot: {metric: cpu, above: 1, statistic: p200}"),
        9,
        "or such as tm90 or TM(10%:90%), not 'p200'",
    ),
    "misspelt choice": (
        group("alarms:\n  hot: {metric: cpu, above: 1, missing: ignored}"),
        9,
        "did you mean ignore?",
    ),
    "alarm without its policy": (
        group("alarms:\n  hot:\n    metric: cpu\n    above: 1\n    triggers:\n    - out"),
        13,
        "triggers an unknown policy, 'out'; the group has no policies",
    ),
    "policy that changes nothing": (group("policies:\n  out: {change: 0}"), 9, "a change of 0 does nothing"),
    "policy of no type": (
        group("policies:\n  out: {type: stepp, change: 1}"),
        9,
        "'stepp' is not supported here; did you mean step?",
    ),
    "policy without its steps": (group("policies:\n  out:\n    type: step"), 9, "`steps` is missing"),
    "cron of words": (group("schedules:\n  s: {cron: banana, zone: UTC, min: 1}"), 9, "'banana' has 1 fields"),
    "cron of six fields": (group('schedules:\n  s: {cron: "0 0 8 * * 1", zone: UTC, min: 1}'), 9, "has 6 fields"),
    "cron out of range": (group('schedules:\n  s: {cron: "0 25 * * *", zone: UTC, min: 1}'), 9, "is not cron"),
    "unknown zone": (
        group('schedules:\n  s: {cron: "0 8 * * *", zone: Mars/Base, min: 1}'),
        9,
        "not an IANA time zone",
    ),
    "zone out of its folder": (
        group('schedules:\n  s: {cron: "0 8 * * *", zone: ../../etc/passwd, min: 1}'),
        9,
        "zone",
    ),
    "no zone": (group('schedules:\n  s:\n    cron: "0 8 * * *"\n    min: 1'), 9, "`zone` is missing"),
    "year for a moment": (
        group('schedules:\n  s: {at: "2026", zone: UTC, min: 1}'),
        9,
        "write a moment as date and time",
    ),
    "schedule above the bounds": (
        group('schedules:\n  s:\n    cron: "0 8 * * *"\n    zone: UTC\n    min: 9'),
        12,
        "while this schedule holds, `min` 9 is above `max` 4",
    ),
    "own mark in a tag": (group("tags:\n  trimtab-fleet: x"), 9, "trimtab's own mark"),
    "own mark in a template's tag": (GROUP + "      tags:\n        trimtab-fleet: x\n", 9, "trimtab's own mark"),
    "tag too long": (group(f"tags:\n  a: {'x' * 300}"), 9, "longer than 256 characters"),
    "no steps": (group("policies:\n  out: {type: step, steps: []}"), 9, "give at least 1, not 0"),
    "moment of a week": (group("schedules:\n  s: {at: 2026-W01-1T00:00, zone: UTC, min: 1}"), 9, "datetime"),
    "many digits in a variable": (group("location: ${DIGITS}"), 8, "too many digits"),
    "many digits as a key": (group(f"tags: {{{'9' * 30}: x}}"), 8, "a key is text"),
    "no name in a list": ("name: shop\ngroups:\n  - [web]\n  - location: a\n", 3, "give a mapping, not a list"),
    "price in words": (group("purchase: {spot: true, max_price: cheap}"), 8, 'such as "0.05"'),
    "empty text": (group('location: ""'), 8, "this is empty"),
    "unset variable": (group("location: ${REGION}"), 8, "environment variable REGION is not set"),
    "unset variable in quotes": (group('location: "eu-${REGION}"'), 8, "environment variable REGION is not set"),
    "broken reference": (group('location: "${}"'), 8, "or `$${` for"),
    "variable of the wrong type": (
        GROUP.replace("{min: 1, max: 4}", "\n      min: ${ONE}\n      max: ${WORD}"),
        6,
        "not the text 'many'",
    ),
    "script lacks a variable": (script("echo {{ componet }}"), 8, "'componet' is undefined"),
    "script escapes the sandbox": (
        script("{{ ''.__class__.__mro__[1].__subclasses__() }}"),
        9,
        "are not for start scripts",
    ),
    "script loops": (script("{% for i in range(10**9) %}x{% endfor %}"), 9, "loops are not for start scripts"),
    "script loops in loops": (script("{% for i in 'aaaa' %}{% for j in 'aaaa' %}{% endfor %}{% endfor %}"), 9, "loops"),
    "script multiplies": (script("{{ 'x' * 9999999999 }}"), 9, "multiplication"),
    "script raises a power": (script("{{ 9 ** 999999999 }}"), 9, "powers"),
    "script formats widely": (script("{{ '%9999999999d' % 1 }}"), 9, "the `%` operator"),
    "script centres widely": (script("{{ component|center(9999999999) }}"), 9, "the filter is not for start scripts"),
    "script calls": (script("{{ lipsum() }}"), 9, "calls"),
    "script uses a global": (script("{{ lipsum }}"), 8, "'lipsum' is undefined"),
    "script includes": (script("{% include '/etc/passwd' %}"), 9, "`include`"),
    "script is no template": (script("echo\n{% if %}"), 9, "invalid Jinja2 in line 2 of the start script"),
    "script of open brackets": (script("{{ " + "(" * 2000), 9, "the start script"),
    "script adds text to a number": (script("{{ component + 1 }}"), 9, "TypeError"),
    "gate without a type": (GROUP + "    rollout: {gates: [{path: /up}]}\n", 8, "`type` is missing; add it"),
    "field of another sort": (
        group("policies: {hold: {metric: cpu}}"),
        8,
        "it goes with `type: target-tracking` or `type: predictive`",
    ),
    "sign of YAML": (
        group("cooldown: %5m"),
        8,
        "a text begins with a sign of YAML, such as `%` or `@`; put it in quotes",
    ),
    "no value": ("name: {: shop}\n", 1, "a value is missing, or a text begins with a sign"),
    "unit in words": (group("cooldown: 5 min"), 8, 'is not a duration; write "5m"'),
    "gate of another type": (GROUP + "    rollout: {gates: [{type: htp}]}\n", 8, "did you mean http?"),
    "variables without a script": (GROUP + "      variables: {a: 1}\n", 8, "`variables` fill in `user_data`"),
    "variable of a list": (script("x").replace("web}", "[1]}"), 8, "not a list"),
    "script file without a directory": (
        GROUP + "      user_data_file: setup.sh\n",
        8,
        "cannot find this; give `user_data`",
    ),
}


@pytest.mark.parametrize(("text", "line", "phrase"), BAD.values(), ids=BAD.keys())
def test_a_bad_file_is_one_problem_at_its_line(text: str, line: int, phrase: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_fleet(text, env={"WORD": "many", "ONE": "1", "DIGITS": "9" * 30})
    (problem,) = caught.value.problems
    assert problem.startswith(f"fleet.yaml:{line}: ")
    assert phrase in problem
    assert len(problem) < 600


def test_there_are_enough_bad_files() -> None:
    assert len(BAD) >= 40


BYTES: dict[str, tuple[bytes, str, str]] = {
    "utf-16": ("name: shop\n".encode("utf-16"), ":1: ", "is UTF-16"),
    "utf-16 without a mark": ("name: shop\n".encode("utf-16-le"), ":1: ", "NUL"),
    "utf-32": ("name: shop\n".encode("utf-32"), ":1: ", "UTF-32"),
    "latin-1": ("name: shop\n# año\n".encode("latin-1"), ":2: ", "byte 0xf1 is not UTF-8"),
    "NUL": (b"name: shop\ncontroller: \0\n", ":2: ", "NUL"),
    "binary": (bytes(range(256)), ":", "not UTF-8"),
    "too large": (b"# " + b"x" * 2**20, ":1: ", "larger than 1 MiB"),
}


@pytest.mark.parametrize(("data", "line", "phrase"), BYTES.values(), ids=BYTES.keys())
def test_a_file_that_is_no_text_is_refused(tmp_path: Path, data: bytes, line: str, phrase: str) -> None:
    file = tmp_path / "fleet.yaml"
    file.write_bytes(data)
    with pytest.raises(ConfigError) as caught:
        load_fleet(file)
    (problem,) = caught.value.problems
    assert problem.startswith(f"{file}{line}")
    assert phrase in problem


def test_text_that_is_too_large_is_refused() -> None:
    with pytest.raises(ConfigError, match="larger than 1 MiB"):
        parse_fleet("#" * (2**20 + 1))


def test_a_byte_order_mark_is_no_harm(tmp_path: Path) -> None:
    file = tmp_path / "fleet.yaml"
    file.write_bytes(GROUP.encode("utf-8-sig"))
    assert load_fleet(file) == parse_fleet("\ufeff" + GROUP)


@pytest.mark.parametrize(
    ("name", "phrase"),
    [
        ("none.yaml", "file not found; check the path"),
        (".", "this is a directory"),
        ("a\0b", "cannot be read"),
        ("x" * 300, "cannot be read"),
    ],
)
def test_a_path_that_is_no_file_is_refused(tmp_path: Path, name: str, phrase: str) -> None:
    with pytest.raises(ConfigError, match=phrase):
        load_fleet(tmp_path / name)


SCRIPTS = {
    "missing": ("setup.sh", "file not found; check the path"),
    "directory": (".", "this is a directory"),
    "latin-1": ("latin.sh", "not UTF-8"),
    "number": ("5", "give the path of a file"),
    "empty": ('""', "give the path of a file"),
}


@pytest.mark.parametrize(("path", "phrase"), SCRIPTS.values(), ids=SCRIPTS.keys())
def test_a_script_file_that_cannot_be_read_is_said_at_its_line(tmp_path: Path, path: str, phrase: str) -> None:
    (tmp_path / "latin.sh").write_bytes("# año".encode("latin-1"))
    file = tmp_path / "fleet.yaml"
    file.write_text(GROUP + f"      user_data_file: {path}\n")
    with pytest.raises(ConfigError, match=phrase) as caught:
        load_fleet(file)
    assert caught.value.problems[0].startswith(f"{file}:8: ")


def test_a_script_given_twice_is_refused(tmp_path: Path) -> None:
    (tmp_path / "setup.sh").write_text("x")
    with pytest.raises(ConfigError, match=r":9: .*not both"):
        parse_fleet(GROUP + "      user_data: x\n      user_data_file: setup.sh\n", directory=tmp_path)


def test_defaults_that_multiply_a_large_script_are_refused() -> None:
    groups = "".join(f"  g{n}:\n" for n in range(1000))
    text = f"name: shop\ndefaults: {{template: {{user_data: {'x' * 40_000}}}}}\ngroups:\n{groups}"
    with pytest.raises(ConfigError, match="with `defaults` copied into each group the file is over"):
        parse_fleet(text)


@pytest.mark.parametrize(
    "text", [script("echo hunter2 {{ nope }}"), script("{{ hunter2 hunter3 }}"), script("{% hunter2 %}")]
)
def test_a_start_script_is_never_shown(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_fleet(text)
    assert "hunter" not in str(caught.value)


def test_a_start_script_of_the_wrong_kind_is_not_shown_either() -> None:
    with pytest.raises(ConfigError, match="give text, not a list") as caught:
        parse_fleet(GROUP + "      user_data: [hunter2]\n")
    assert "hunter" not in str(caught.value)


JSON: dict[str, tuple[str, int, str]] = {
    "trailing comma": ('{\n"name": "shop",}', 2, "invalid JSON"),
    "yaml": ("name: shop\n", 1, "invalid JSON"),
    "comment": ('{"name": "shop"} // a', 1, "invalid JSON"),
    "duplicate": ('{"name": "shop",\n\t"name": "shop"}', 2, "given twice"),
    "deep": ("[" * 100_000, 1, "nested too deeply"),
    "deep but whole": ("[" * 60 + "]" * 60, 1, "nested too deeply"),
    "many digits": (f'{{"name": {"9" * 5000}}}', 1, "too many digits"),
    "empty": ("", 1, "the file is empty"),
    "half a surrogate pair": ('{"name": "\\ud83d"}', 1, "surrogate"),
    "nan": ('{"name": NaN, "groups": {}}', 1, "invalid name"),
}


@pytest.mark.parametrize(("text", "line", "phrase"), JSON.values(), ids=JSON.keys())
def test_bad_json_is_one_problem_at_its_line(text: str, line: int, phrase: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_fleet(text, name="fleet.json")
    (problem,) = caught.value.problems
    assert problem.startswith(f"fleet.json:{line}: ")
    assert phrase in problem


YAMLISH = st.text(alphabet="ab:-[]{}&*!|>'\"#%@`,?\n\t ~0.1e\\${}<\x85\u2028", max_size=60)


@given(st.text(max_size=40) | YAMLISH | YAMLISH.map(lambda text: f"name: shop\ngroups:\n  web: {text}"))
@settings(max_examples=examples(300), deadline=None)
def test_any_text_is_a_fleet_or_a_config_error(text: str) -> None:
    with suppress(ConfigError):
        parse_fleet(text, env={})
