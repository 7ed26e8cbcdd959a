"""What `--listen` serves, scraped by Debian's Prometheus and asked for in PromQL."""

import json
import time
from urllib.parse import quote
from urllib.request import urlopen

import pytest

from tests.controller.conftest import MINUTE
from tests.sources.conftest import command
from tests.sources.servers import free_port, need_programs, running

pytest.importorskip("prometheus_client")

from trimtab.controller.exposition import Exposition
from trimtab.controller.serving import Address, Health, MetricsServer


@pytest.fixture
def prometheus(tmp_path, world):
    """A controller after one tick, and the Prometheus that scrapes it each second; where it is asked."""
    need_programs()
    exposition, health = Exposition(MINUTE), Health(MINUTE, world.clock)

    def on_tick(tick):
        exposition.record(tick)
        health.beat(tick.error)

    world.apply()
    with MetricsServer(Address("127.0.0.1", 0), exposition, health) as server:
        controller = world.controller(on_tick=on_tick, on_event=exposition.record_event)
        controller.tick()
        job = {"job_name": "trimtab", "static_configs": [{"targets": [str(server.address)]}]}
        settings = {"global": {"scrape_interval": "1s", "scrape_timeout": "1s"}, "scrape_configs": [job]}
        (tmp_path / "prometheus.yml").write_text(json.dumps(settings))
        port = free_port()
        with running(command(tmp_path, port), f"http://127.0.0.1:{port}/-/ready", tmp_path / "log"):
            yield f"http://127.0.0.1:{port}/api/v1"
        controller.close()


def ask(prometheus, path):
    with urlopen(f"{prometheus}/{path}", timeout=10) as reply:
        return json.load(reply)["data"]


def answer_to(prometheus, query):
    """The series that a query gives, as soon as something has been scraped."""
    until = time.monotonic() + 60
    while not (found := ask(prometheus, f"query?query={quote(query)}")["result"]):
        assert time.monotonic() < until, ask(prometheus, "targets")
        time.sleep(0.1)
    return found


def test_a_real_prometheus_scrapes_what_a_run_serves(prometheus):
    """Up, without an error, and with the group's sizes by provider, fleet and group."""
    (found,) = answer_to(prometheus, "trimtab_group_maximum_instances")
    labels = {name: found["metric"][name] for name in ("provider", "fleet", "group", "job")}
    assert labels == {"provider": "memory", "fleet": "shop", "group": "web", "job": "trimtab"}
    assert found["value"][1] == "20"
    (up,) = answer_to(prometheus, 'up{job="trimtab"}')
    assert up["value"][1] == "1"
    (target,) = ask(prometheus, "targets")["activeTargets"]
    assert (target["health"], target["lastError"]) == ("up", "")


def test_each_family_has_its_type_and_help_in_prometheus(prometheus):
    answer_to(prometheus, "trimtab_group_maximum_instances")
    told = {name: one for name, (one, *_) in ask(prometheus, "metadata").items() if name.startswith("trimtab")}
    assert len(told) >= 10
    assert all(one["help"] and one["type"] in ("gauge", "counter", "histogram") for one in told.values())
