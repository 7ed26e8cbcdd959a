"""Against Debian's Prometheus: series that promtool made, whose every sample is known, and a node exporter's."""

import json
import re
import ssl
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.request import urlopen

import pytest

from tests.sources.conftest import MINUTE, Backfilled, command, promql
from tests.sources.servers import Authority, free_port, need_programs, running
from trimtab.errors import InvalidRequest, Unauthenticated, Unreachable
from trimtab.providers.datapoints import Datapoints
from trimtab.sources import Prometheus

HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
def prometheus(backfilled: Backfilled) -> Iterator[Prometheus]:
    source = Prometheus(backfilled.url)
    yield source
    source.close()


def read(source: Prometheus, query: str, begin: datetime, minutes: int = 10, **more: object) -> Datapoints:
    (answer,) = source.read([promql(query, since=begin, until=begin + minutes * MINUTE, **more)])
    assert isinstance(answer, Datapoints), answer
    return answer


def test_the_value_at_the_end_of_a_period_is_the_datapoint_of_that_period(
    prometheus: Prometheus, backfilled: Backfilled
) -> None:
    """`ramp` says how many seconds it is after the beginning: the first minute ends at 60."""
    answer = read(prometheus, "ramp", backfilled.begin)
    assert answer.times == tuple(backfilled.begin + number * MINUTE for number in range(10))
    assert answer.values == tuple(60.0 * number for number in range(1, 11))


@pytest.mark.parametrize("period", [timedelta(seconds=30), 5 * MINUTE])
def test_other_periods_are_aligned_too(prometheus: Prometheus, backfilled: Backfilled, period: timedelta) -> None:
    answer = read(prometheus, "ramp", backfilled.begin, period=period)
    ends = [(begin + period - backfilled.begin).total_seconds() for begin in answer.times]
    assert list(answer.values) == ends


def test_a_query_that_begins_within_a_period_leaves_that_period_out(
    prometheus: Prometheus, backfilled: Backfilled
) -> None:
    begin = backfilled.begin + timedelta(seconds=20)
    (answer,) = prometheus.read([promql("ramp", since=begin, until=begin + 3 * MINUTE)])
    assert isinstance(answer, Datapoints)
    assert dict(zip(answer.times, answer.values, strict=True)) == {
        backfilled.begin + MINUTE: 120.0,
        backfilled.begin + 2 * MINUTE: 180.0,
    }


def test_a_rate_over_a_minute_is_that_of_the_period(prometheus: Prometheus, backfilled: Backfilled) -> None:
    """`jobs_total` grows by 30 each 15 s."""
    answer = read(prometheus, "sum(rate(jobs_total[1m]))", backfilled.begin + 5 * MINUTE)
    assert answer.values == pytest.approx([2.0] * 10)


@pytest.mark.parametrize(
    "query", ["nothing_of_the_kind", 'odd{kind="NaN"}', 'odd{kind="+Inf"}', "ramp < 0", "scalar(no)"]
)
def test_no_series_not_a_number_and_infinity_are_missing_and_never_zero(
    prometheus: Prometheus, backfilled: Backfilled, query: str
) -> None:
    answer = read(prometheus, query, backfilled.begin)
    assert answer.values == (None,) * 10


@pytest.mark.parametrize(("query", "value"), [("42", 42.0), ("vector(3)", 3.0), ("scalar(stops)", 7.0), ("0", 0.0)])
def test_scalars_are_values(prometheus: Prometheus, backfilled: Backfilled, query: str, value: float) -> None:
    assert read(prometheus, query, backfilled.begin).values == (value,) * 10


def test_a_series_that_stops_is_missing_after_the_lookback_of_prometheus(
    prometheus: Prometheus, backfilled: Backfilled
) -> None:
    """The last sample is half a minute after minute 10; at minute 15 it is not five minutes old, and at 16 it is."""
    values = read(prometheus, "stops", backfilled.begin, 20).values
    assert values == (7.0,) * 15 + (None,) * 5


def test_staleness_shortens_the_lookback_or_is_refused(backfilled: Backfilled) -> None:
    """Debian 12 has Prometheus 2.42, which ignores it; a source that would be is never silent about it."""
    source = Prometheus(backfilled.url, staleness=timedelta(seconds=100))
    (answer,) = source.read([promql("stops", since=backfilled.begin, until=backfilled.begin + 20 * MINUTE)])
    if version() < (2, 43):
        assert isinstance(answer, InvalidRequest)
        assert "knows no `staleness`" in str(answer)
    else:
        assert isinstance(answer, Datapoints)
        assert answer.values == (7.0,) * 12 + (None,) * 8
    source.close()


def version() -> tuple[int, ...]:
    said = subprocess.run(["prometheus", "--version"], capture_output=True, text=True, check=True)
    return tuple(map(int, re.findall(r"version (\d+)\.(\d+)", said.stdout + said.stderr)[0]))


def test_several_series_are_refused_and_harm_no_other_query(prometheus: Prometheus, backfilled: Backfilled) -> None:
    begin = backfilled.begin
    queries = [promql(text, since=begin, until=begin + MINUTE) for text in ("odd", "ramp", "sum(", '"text"', "ramp")]
    several, first, broken, text, second = prometheus.read(queries)
    assert isinstance(several, InvalidRequest)
    assert "2 series; aggregate them" in str(several)
    assert isinstance(broken, InvalidRequest)
    assert "parse error" in str(broken)
    assert isinstance(text, InvalidRequest)
    assert isinstance(first, Datapoints)
    assert first == second
    assert first.values == (60.0,)


def test_what_prometheus_refuses_for_its_length_is_said(prometheus: Prometheus, backfilled: Backfilled) -> None:
    query = promql("ramp", since=backfilled.begin, until=backfilled.begin + 4 * HOUR, period=timedelta(seconds=1))
    (answer,) = prometheus.read([query])
    assert isinstance(answer, InvalidRequest)
    assert "11,000 points" in str(answer)


@pytest.mark.parametrize(
    ("group", "matcher", "value"),
    [
        ("a.b", '"{group}"', 1.0),
        ("axb", '"{group}"', 2.0),
        ('it\'s "so" \\', '"{group}"', 3.0),
        ('it\'s "so" \\', "'{group}'", 3.0),
        ('it\'s "so" \\', "`{group}`", 3.0),
    ],
)
@pytest.mark.parametrize("operator", ["=", "=~"])
def test_the_name_of_the_group_matches_itself_alone(
    prometheus: Prometheus, backfilled: Backfilled, group: str, matcher: str, operator: str, value: float
) -> None:
    answer = read(prometheus, f"named{{group{operator}{matcher}}}", backfilled.begin, 1, group=group)
    assert answer.values == (value,)


# a node exporter, scraped


@pytest.fixture(scope="module")
def scraping(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real Prometheus that scrapes a real node exporter and has done so twice."""
    need_programs()
    folder = tmp_path_factory.mktemp("scraping")
    exporter, port = free_port(), free_port()
    (folder / "prometheus.yml").write_text(
        json.dumps(
            {
                "global": {"scrape_interval": "1s", "scrape_timeout": "1s"},
                "scrape_configs": [{"job_name": "node", "static_configs": [{"targets": [f"127.0.0.1:{exporter}"]}]}],
            }
        )
    )
    node = ("prometheus-node-exporter", f"--web.listen-address=127.0.0.1:{exporter}")
    url = f"http://127.0.0.1:{port}"
    with (
        running(node, f"http://127.0.0.1:{exporter}/", folder / "node.log"),
        running(command(folder, port), f"{url}/-/ready", folder / "log"),
    ):
        until = time.monotonic() + 90
        while scrapes(url) < 2:
            assert time.monotonic() < until, (folder / "log").read_text()[-2000:]
            time.sleep(0.2)
        yield url


def scrapes(url: str) -> int:
    with urlopen(f"{url}/api/v1/query?query=count_over_time(node_load1[5m])", timeout=10) as reply:
        result = json.load(reply)["data"]["result"]
    return int(result[0]["value"][1]) if result else 0


def test_a_node_exporter_s_memory_is_read(scraping: str) -> None:
    source = Prometheus(scraping)
    now = datetime.now(UTC)
    query = "100 * (1 - sum(node_memory_MemAvailable_bytes) / sum(node_memory_MemTotal_bytes))"
    (answer,) = source.read([promql(query, since=now - 5 * MINUTE, until=now + MINUTE)])
    assert isinstance(answer, Datapoints)
    assert answer.latest is not None
    assert 0 < answer.latest < 100
    # before the first scrape there was nothing, which is not zero
    assert answer.values[0] is None
    source.close()


# TLS and signing in, by Prometheus' own web configuration


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Authority]]:
    """A real Prometheus behind TLS and basic authentication."""
    need_programs()
    folder = tmp_path_factory.mktemp("secured")
    authority, port = Authority(folder, "authority"), free_port()
    certificate = authority.issue("localhost")
    (folder / "prometheus.yml").write_text("global: {scrape_interval: 1h}\n")
    # "sesame", by bcrypt at its least cost
    hashed = "$2b$04$abcdefghijklmnopqrstuuinwY/tkBVrn3xrxQI/TgnMHhkvl85RW"
    (folder / "web.json").write_text(
        json.dumps(
            {
                "tls_server_config": {"cert_file": str(certificate), "key_file": str(certificate)},
                "basic_auth_users": {"trimtab": hashed},
            }
        )
    )
    start = [*command(folder, port), f"--web.config.file={folder / 'web.json'}"]
    url = f"https://localhost:{port}"
    context = ssl.create_default_context(cafile=authority.path)
    with running(start, f"{url}/-/ready", folder / "log", context):
        yield url, authority


def test_a_server_of_one_s_own_authority_is_signed_in_to(secured: tuple[str, Authority]) -> None:
    url, authority = secured
    source = Prometheus(url, ca=str(authority.path), username="trimtab", password="sesame")
    (answer,) = source.read([promql("41 + 1")])
    assert isinstance(answer, Datapoints)
    assert answer.values == (42.0,) * 5
    source.close()


@pytest.mark.parametrize("given", [{}, {"username": "trimtab", "password": "open"}, {"token": "sesame"}])
def test_a_wrong_password_is_told_from_a_server_that_is_away(
    secured: tuple[str, Authority], given: dict[str, str]
) -> None:
    url, authority = secured
    source = Prometheus(url, ca=str(authority.path), **given)
    (answer,) = source.read([promql("1")])
    assert isinstance(answer, Unauthenticated)
    assert "open" not in str(answer)
    assert "sesame" not in str(answer)
    source.close()


def test_a_server_of_another_authority_is_not_trusted(secured: tuple[str, Authority], tmp_path: Path) -> None:
    url, _ = secured
    other = Authority(tmp_path, "other")
    for ca in (str(other.path), None):
        source = Prometheus(url, ca=ca, username="trimtab", password="sesame")
        (answer,) = source.read([promql("1")])
        assert isinstance(answer, Unreachable)
        assert "its certificate is not trusted" in str(answer)
        source.close()
