"""`trimtab loadtest`: what it prints, its exit codes, and that a report that cannot be written loses nothing."""

import io
import json
import os
import signal
from collections import Counter, namedtuple
from datetime import timedelta
from importlib.util import find_spec

import pytest

import trimtab as tt
from tests.haproxy.local import WebServers
from trimtab.providers.memory.store import MemoryStore

pytest.importorskip("typer", reason="the commands need their extra")
pytest.importorskip("vl_convert", reason="reports need their extra")
FLEET = """
name: shop
loadtest: {hosts: [127.0.0.1]}
groups:
  web:
    capacity: {min: 1, max: 3}
    template: {image: img, size: s}
"""
HEAD = "timeStamp,elapsed,label,responseCode,responseMessage,success\n"


@pytest.fixture(name="said")
def _said(tmp_path):
    from trimtab.cli import run

    store = MemoryStore(tt.ManualClock())
    (tmp_path / "fleet.yaml").write_text(FLEET)
    begin = round((store.clock.now() - timedelta(minutes=10)).timestamp() * 1000)
    rows = [
        f"{begin + 500 * number},{100 + number % 50},home,200,OK,{'true' if number % 50 else 'false'}"
        for number in range(600)
    ]
    (tmp_path / "results.jtl").write_text(HEAD + "\n".join(rows))

    def said(*more):
        out, err = io.StringIO(), io.StringIO()
        connect = lambda provider, **given: tt.connect("memory", store=store, clock=store.clock)  # noqa: E731
        words = ["loadtest", str(tmp_path / "fleet.yaml"), "web", "--provider", "memory", *map(str, more)]
        return run(words, connect=connect, out=out, err=err), out.getvalue(), err.getvalue()

    said.store = store
    return said


def test_results_as_text_json_and_markdown(said, tmp_path):
    results = ("--results", tmp_path / "results.jtl", "--capacity", 1)
    code, out, _ = said(*results, "--require", "response-p95 < 1")
    assert code == 0
    assert "requests        600, 2 a second on average" in out
    assert "errors          12 (2 %); assertion failed: 12" in out
    assert "response-p95 < 1 s: holds, 0.147 s" in out
    code, out, err = said(*results, "--require", "served >= 99.9", "--format", "json", "--report", tmp_path / "a.html")
    document = json.loads(out)
    assert (code, document["holds"], document["percentiles"]["p50"]) == (2, False, 0.125)
    assert "report written to" in err
    page = (tmp_path / "a.html").read_text()
    assert "Load test of web" in page
    assert "<h2>Predicted and seen</h2>" in page
    code, out, err = said(*results, "--require", "cost < 1", "--format", "markdown", "--report", tmp_path / "a.png")
    assert (code, err.splitlines()[-1]) == (1, "error: cost < 1: cannot be judged: give prices")
    assert "| error-rate | 2 % | \\< 0.1 | ❌ |" in out
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")


def test_sizes_are_those_that_the_cloud_has_recorded(said, tmp_path):
    fleet = tt.load_fleet(tmp_path / "fleet.yaml")
    cloud = tt.connect("memory", store=said.store, clock=said.store.clock)
    cloud.apply(cloud.plan(fleet)).raise_for_failures()
    for minutes in range(12):
        at = said.store.clock.now() - timedelta(minutes=minutes)
        for metric, value in ((tt.metrics.requests, 120), (tt.metrics.requests_per_instance, 40)):
            said.store.measures.add("local", "shop-web", metric, value, at)
    code, out, _ = said("--results", tmp_path / "results.jtl", "--capacity", 1, "--format", "json")
    document = json.loads(out)
    assert code == 0
    assert set(document["series"]["in_service"]) == {3}
    assert document["agreement"]["minutes"] == 5
    found = {item["name"]: item["value"] for item in document["kpis"]}
    assert (found["efficiency"], found["instance-hours"]) == (pytest.approx(200 / 3), pytest.approx(0.25))


def test_a_report_on_a_full_disk_loses_nothing_else(said, tmp_path):
    (tmp_path / "full.html").symlink_to("/dev/full")
    results = ("--results", tmp_path / "results.jtl", "--report", tmp_path / "full.html")
    code, out, err = said(*results)
    assert code == 1
    assert "requests        600" in out
    assert err.splitlines()[-1].endswith("full.html: cannot be written: No space left on device")
    code, out, _ = said(*results, "--format", "json")
    assert (code, json.loads(out)["requests"]) == (1, 600)
    assert "No space left" in json.loads(out)["report_error"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "give --url and --shape to send a load, or --results"),
        (("--url", "http://127.0.0.1/"), "--url needs a load"),
        (("--url", "http://127.0.0.2/", "--shape", "steps"), "fleet.yaml:3: loadtest.hosts: 127.0.0.2:80 is not among"),
        (("--url", "http://127.0.0.1/", "--shape", "steps", "--zone", "UTC"), "--zone is of the times in --results"),
        (
            ("--url", "http://127.0.0.1/", "--shape", "steps", "--load-unit", "foo"),
            "--load-unit 'foo' is unknown; use requests",
        ),
        (
            ("--url", "http://127.0.0.1/", "--shape", "steps", "--rate", "0.01", "--for", "1s"),
            "requests, not one",
        ),
        (("--results", "x", "--every", "3s"), "--results reads what was sent; leave out --every"),
        (("--results", "x", "--step", "1m", "--columns", "a,b"), "was sent; leave out --columns, --step"),
        (("--url", "http://127.0.0.1/", "--shape", "burst", "--step", "1m"), "--step: `--shape burst` is not a file"),
        (("--url", "http://127.0.0.1/", "--shape", "FILE"), "or give --columns"),
        (("--url", "http://127.0.0.1/", "--shape", "FILE", "--columns", "at,hits"), "give --doubles sum"),
        (("--results", "x", "--rate", "3"), "--results reads what was sent; leave out --rate"),
        (("--results", "x", "--report", "x.pdf"), "let its name end in .html or .png"),
        (("--results", "x", "--report", "/nowhere/x.png"), "there is no folder /nowhere"),
    ],
)
def test_mistakes_are_said_before_anything_is_sent(said, tmp_path, words, message):
    file = tmp_path / "load.csv"
    file.write_text("at,hits\n2026-01-05T08:00Z,60\n2026-01-05T08:01Z,60\n2026-01-05T08:01Z,60\n")
    code, out, err = said(*(file if word == "FILE" else word for word in words))
    assert (code, out) == (1, "")
    assert message in err


class Interrupting(Counter):
    """Requests by instance; the twentieth is followed by Ctrl-C."""

    def __setitem__(self, name, count):
        super().__setitem__(name, count)
        if count == 20:
            os.kill(os.getpid(), signal.SIGINT)


@pytest.mark.skipif(find_spec("locust") is None, reason="load tests need their extra")
@pytest.mark.parametrize("form", ["text", "json"])
def test_what_was_seen_before_an_interruption_is_judged(said, tmp_path, form):
    servers = WebServers()
    servers.served = Interrupting()
    port = servers.endpoint(namedtuple("Instance", "id")("here"), None)[1]
    file = tmp_path / "load.csv"
    file.write_text("at,hits\n" + "".join(f"{1767600000 + 60 * minute},{40 * 60}\n" for minute in range(30)))
    report = tmp_path / "report.html"
    words = ("--url", f"http://127.0.0.1:{port}/", "--shape", file, "--columns", "at,hits", "--every", "1s")
    try:
        code, out, err = said(*words, "--format", form, "--report", report)
    finally:
        servers.close()
    assert code == 130
    assert "planning again" not in out + err
    assert report.exists()
    if form == "json":
        document = json.loads(out)
        assert "interrupted; what was seen until then is judged" in document["troubles"]
        assert document["requests"] >= 15
        assert len(document["series"]["load"]) < 60, "nothing is said of the time after"
        (note,) = [note for note in document["notes"] if note.startswith("stopped after ")]
        assert " of 1,800 s: " in note
    else:
        assert err.splitlines()[-1] == "error: interrupted; what was seen until then is judged"
        assert "stopped after " in out
