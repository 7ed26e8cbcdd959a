"""Sources that a fleet declares: in a file, in Python, with secrets that stand in neither."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

import trimtab as tt
from tests.laws import examples
from tests.sources.conftest import MINUTE, NOW, matrix, promql
from tests.sources.servers import Told
from trimtab import ManualClock, metrics
from trimtab.config import dump_fleet, load_fleet, parse_fleet
from trimtab.errors import ConfigError, InvalidModel
from trimtab.providers.datapoints import Datapoints, MetricQuery
from trimtab.sources import File, Function, HttpJson, Prometheus, make_sources

GROUP: dict[str, Any] = {
    "capacity": {"min": 0, "max": 4},
    "template": {"image": "ami-1", "size": "t3.small"},
    "policies": {"out": {"change": 1}},
}


def text_of(sources: dict[str, Any], *metrics: Any) -> str:
    alarms = {
        f"a{number}": {"metric": metric, "above": 1, "triggers": ["out"]} for number, metric in enumerate(metrics)
    }
    whole = {"name": "shop", "sources": sources, "groups": {"web": {**GROUP, "alarms": alarms}}}
    return yaml.safe_dump(whole, sort_keys=False)


def refusal(sources: dict[str, Any], *metrics: Any) -> str:
    with pytest.raises(ConfigError) as caught:
        parse_fleet(text_of(sources, *metrics))
    return str(caught.value)


# what a file says


def test_each_form_is_made(tmp_path: Path) -> None:
    (tmp_path / "jobs.csv").write_text(f"{(NOW - MINUTE).isoformat()},4\n")
    (tmp_path / "fleet.yaml").write_text(
        text_of(
            {
                "prom": {"prometheus": "https://p.example.com", "token": {"env": "T"}, "stale_after": "2m"},
                "depth": {"http": "https://q.example.com/depth", "path": "a.0", "timeout": "3s"},
                "jobs": {"file": "jobs.csv"},
                "own": {},
            },
            {"promql": "up", "source": "prom"},
            {"external": "depth", "unit": "count"},
            {"external": "jobs"},
            {"external": "own"},
            {"promql": "up"},
        )
    )
    fleet = load_fleet(tmp_path / "fleet.yaml")
    own = Function("own", lambda query: 1.0)
    made = make_sources(fleet, [own], env={"T": "sesame"}, clock=ManualClock(NOW))
    assert [type(source) for source in made] == [Function, Prometheus, HttpJson, File]
    assert [source.name for source in made] == ["own", "prom", "depth", "jobs"]
    asked = MetricQuery(group="web", metric=metrics.external("jobs"), since=NOW - 2 * MINUTE, until=NOW)
    (answer,) = made[3].read([asked])
    assert isinstance(answer, Datapoints)
    assert answer.values == (None, 4.0)  # a file is looked for beside the fleet's
    for source in made:
        source.close()


def test_secrets_are_taken_from_the_environment_when_sources_are_made(told: Told) -> None:
    told.reply = lambda path: (200, {}, matrix([(NOW, "1")]))
    settings = {"prometheus": told.url, "username": "ali", "password": {"env": "P"}, "headers": {"X-Key": {"env": "K"}}}
    fleet = parse_fleet(text_of({"prom": settings}))
    (source,) = make_sources(fleet, env={"P": "sesame", "K": "open"})
    (answer,) = source.read([promql("up")])
    source.close()
    assert isinstance(answer, Datapoints)
    sent = told.requests[0][1]
    assert (sent["authorization"], sent["x-key"]) == ("Basic YWxpOnNlc2FtZQ==", "open")


def test_what_is_not_set_is_said_all_at_once_with_its_line() -> None:
    fleet = parse_fleet(
        "name: shop\n"
        "groups: []\n"
        "sources:\n"
        "  one: {prometheus: https://h, token: {env: ONE}}\n"
        "  two:\n"
        "    http: https://h\n"
        "    headers: {X-Key: {env: TWO}}\n"
        "  three: {}\n",
        name="f.yaml",
    )
    with pytest.raises(ConfigError) as caught:
        make_sources(fleet, env={"ONE": ""})
    assert caught.value.problems == (
        "f.yaml:4: sources.one.token: the environment has no ONE; set it",
        "f.yaml:7: sources.two.headers.X-Key: the environment has no TWO; set it",
        "f.yaml:8: sources.three: nothing says where 'three' is; write `prometheus`, `http`, `file` or `haproxy`, "
        "or let the program give it",
    )


def test_an_address_that_is_not_safe_has_its_line() -> None:
    fleet = parse_fleet(text_of({"prom": {"prometheus": "http://p.example.com"}}))
    with pytest.raises(ConfigError, match=r"fleet\.yaml:\d+: sources\.prom: source 'prom': .*plain http"):
        make_sources(fleet)


def test_what_the_program_gives_goes_before_what_the_fleet_says() -> None:
    fleet = parse_fleet(text_of({"prom": {"prometheus": "https://h", "token": {"env": "NONE"}}}))
    given = Prometheus("http://localhost:9", name="prom")
    assert make_sources(fleet, [given], env={}) == (given,)
    given.close()


@pytest.mark.parametrize(
    ("sources", "metric", "said"),
    [
        ({}, {"external": "jobs"}, "alarms.a0.metric: no source is called 'jobs'; declare it under `sources`"),
        ({"jobs": {}}, {"external": "job"}, "did you mean jobs?"),
        ({}, {"promql": "up", "source": "eu"}, "no source is called 'eu'"),
        ({"eu": {"prometheus": "https://h"}}, {"external": "eu"}, "write `{promql: QUERY, source: eu}`"),
        ({"eu": {"file": "x"}}, {"promql": "up", "source": "eu"}, "is not a Prometheus; name one"),
        ({"eu": {"file": "x", "timeout": "5s"}}, "cpu", "a source by `file` takes no `timeout`"),
        ({"eu": {"fil": "x"}}, "cpu", "did you mean `file`?"),
        ({"eu": {"prometheus": "https://h", "token": {"en": "x"}}}, "cpu", "did you mean `env`?"),
        ({}, {"external": "jobs", "unit": "jobs"}, "unit"),
    ],
)
def test_what_cannot_be_is_refused_with_file_and_line(sources: dict[str, Any], metric: Any, said: str) -> None:
    found = refusal(sources, metric)
    assert found.startswith("fleet.yaml:")
    assert said in found


def test_a_fleet_made_in_python_declares_its_sources_too() -> None:
    alarm = tt.Alarm(name="many", metric=metrics.external("jobs"), above=1)
    group = tt.ScalingGroup(
        name="web",
        capacity=tt.Capacity(min=0, max=1),
        template=tt.InstanceTemplate(image="ami-1", size="t3.small"),
        alarms=[alarm],
    )
    with pytest.raises(InvalidModel, match="no source is called 'jobs'"):
        tt.Fleet(name="shop", groups=[group])
    fleet = tt.Fleet(name="shop", groups=[group], sources={"jobs": tt.SourceSettings()})
    given = Function("jobs", lambda query: None)
    assert make_sources(fleet, [given]) == (given,)


# secrets

LETTERS = st.text("ABCDEFGHJKLMNPQRSTUVWXYZ23456789", min_size=12, max_size=20).map(lambda text: f"Z{text}")


@given(
    secret=LETTERS,
    place=st.sampled_from(["token", "password", "headers", "cookie", "nested", "list", "url", "environment"]),
)
@settings(max_examples=examples(), deadline=None)
def test_a_secret_that_is_written_into_the_file_is_refused_and_not_shown(secret: str, place: str) -> None:
    given: dict[str, Any] = {"prometheus": "https://h"}
    match place:
        case "headers":
            given["headers"] = {"Authorization": f"Bearer {secret}"}
        case "cookie":
            given["headers"] = {"COOKIE": secret}
        case "nested":
            given["token"] = {"env": [secret]}
        case "list":
            given["token"] = [secret]
        case "url":
            given["prometheus"] = [f"https://ali:{secret}@h"]
        case "environment":
            given["token"] = "${TOKEN}"
        case _:
            given[place] = secret
    with pytest.raises(ConfigError) as caught:
        parse_fleet(text_of({"prom": given}), env={"TOKEN": secret})
    assert secret not in str(caught.value)
    assert secret not in repr(caught.value)


def test_no_secret_is_in_what_is_made_of_a_fleet() -> None:
    fleet = parse_fleet(
        text_of({"prom": {"prometheus": "https://h", "token": {"env": "T"}}}, {"promql": "up", "source": "prom"})
    )
    (source,) = make_sources(fleet, env={"T": "sesame"})
    plan = tt.connect("memory").plan(fleet)
    for said in (dump_fleet(fleet), fleet.model_dump_json(), repr(fleet), json.dumps(plan.to_dict()), repr(source)):
        assert "sesame" not in said
    source.close()


# there and back

SETTINGS = st.one_of(
    st.builds(
        tt.SourceSettings,
        prometheus=st.just("https://h"),
        token=st.none() | st.builds(tt.EnvironmentVariable, env=st.just("T")),
        headers=st.dictionaries(
            st.sampled_from(["A", "B"]), st.just("${x}") | st.builds(tt.EnvironmentVariable, env=st.just("H"))
        ),
        stale_after=st.none() | st.just(timedelta(minutes=2)),
    ),
    st.builds(tt.SourceSettings, http=st.just("https://h/?a=1"), path=st.none() | st.just("a.0")),
    st.builds(tt.SourceSettings, file=st.just("a b.csv")),
    st.just(tt.SourceSettings()),
)


@given(sources=st.dictionaries(st.text(min_size=1, max_size=9), SETTINGS, max_size=3))
@settings(max_examples=examples(), deadline=None)
def test_sources_come_back_from_a_file_and_from_json(sources: dict[str, tt.SourceSettings]) -> None:
    fleet = tt.Fleet(name="shop", groups=[], sources=sources)
    assert parse_fleet(dump_fleet(fleet)) == fleet
    assert tt.Fleet.model_validate_json(fleet.model_dump_json()) == fleet
    assert hash(fleet) == hash(tt.Fleet.model_validate_json(fleet.model_dump_json()))


@pytest.mark.parametrize(
    "metric", [metrics.external("jobs", unit="count"), metrics.promql("up", source="prom"), metrics.queue_in_flight]
)
def test_metrics_come_back_from_a_file_and_from_json(metric: tt.Metric) -> None:
    group = tt.ScalingGroup.model_validate(
        {"name": "web", **GROUP, "alarms": [{"name": "a", "metric": metric, "above": 1}]}
    )
    fleet = tt.Fleet(name="shop", groups=[group], sources={"jobs": tt.SourceSettings(), "prom": tt.SourceSettings()})
    assert parse_fleet(dump_fleet(fleet)) == fleet
    assert tt.Fleet.model_validate_json(fleet.model_dump_json()) == fleet
