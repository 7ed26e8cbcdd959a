import json
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.sources.servers import Told, free_port, need_programs, running
from trimtab import metrics
from trimtab.providers.datapoints import MetricQuery

NOW = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


class Backfilled(NamedTuple):
    """A Prometheus whose series are known to the sample, and where it is."""

    url: str
    begin: datetime
    """A whole hour, some hours ago; the series begin there."""


def lines(begin: datetime) -> Iterator[str]:
    """The series: each with its samples, in the text form that promtool takes."""
    at = begin.timestamp()
    yield "# TYPE ramp gauge"
    # a sample each 15 s, its value how many seconds it is after the beginning
    yield from (f'ramp{{group="web"}} {15 * number} {at + 15 * number:.0f}' for number in range(241))
    yield "# TYPE jobs counter"
    yield from (f'jobs_total{{group="web"}} {30 * number} {at + 15 * number:.0f}' for number in range(241))
    yield "# TYPE odd gauge"
    yield from (
        f'odd{{kind="{kind}"}} {kind} {at + 60 * number:.0f}' for kind in ("NaN", "+Inf") for number in range(60)
    )
    yield "# TYPE stops gauge"
    # eleven minutes, then nothing more
    yield from (f"stops 7 {at + 60 * number + 30:.0f}" for number in range(11))
    yield "# TYPE named gauge"
    yield f'named{{group="a.b"}} 1 {at + 30:.0f}'
    yield f'named{{group="axb"}} 2 {at + 30:.0f}'
    yield f'named{{group="it\'s \\"so\\" \\\\"}} 3 {at + 30:.0f}'
    yield "# EOF"


@pytest.fixture(scope="session")
def backfilled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backfilled]:
    """A real Prometheus, which scrapes nothing, with an hour of series made beforehand."""
    need_programs()
    folder = tmp_path_factory.mktemp("prometheus")
    hour = timedelta(hours=1)
    begin = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - 6 * hour
    (folder / "series.txt").write_text("\n".join([*lines(begin), ""]))
    made = ("promtool", "tsdb", "create-blocks-from", "openmetrics", str(folder / "series.txt"), str(folder / "data"))
    subprocess.run(made, check=True, capture_output=True)
    (folder / "prometheus.yml").write_text("global: {scrape_interval: 1h}\n")
    port = free_port()
    with running(command(folder, port), f"http://127.0.0.1:{port}/-/ready", folder / "log"):
        yield Backfilled(f"http://127.0.0.1:{port}", begin)


def command(folder: Path, port: int) -> list[str]:
    """How Prometheus is started, with all that it writes in one folder."""
    return [
        "prometheus",
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--storage.tsdb.retention.time=30d",
    ]


@pytest.fixture
def told() -> Iterator[Told]:
    server = Told()
    yield server
    server.close()


def promql(query: str, *, since: datetime = NOW - 5 * MINUTE, until: datetime = NOW, **more: object) -> MetricQuery:
    """A PromQL metric over time; five minutes that end at noon when nothing else is said."""
    given = {"group": "web", "metric": metrics.promql(query), "since": since, "until": until, **more}
    return MetricQuery(**given)  # type: ignore[arg-type]


def matrix(*series: list[tuple[datetime, str]], **more: object) -> bytes:
    """What Prometheus answers a range query with."""
    result = [{"metric": {}, "values": [[at.timestamp(), value] for at, value in points]} for points in series]
    return json.dumps({"status": "success", "data": {"resultType": "matrix", "result": result}, **more}).encode()
