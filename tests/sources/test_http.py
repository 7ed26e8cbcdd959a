"""HTTP: signing in, statuses, bounds of time and bytes, redirects, certificates; JSON over HTTP."""

import itertools
import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.sources.conftest import MINUTE, NOW, matrix, promql
from tests.sources.servers import Authority, Told
from trimtab import ManualClock, metrics
from trimtab.errors import (
    AccessDenied,
    ConfigError,
    InvalidRequest,
    NotFound,
    ProviderError,
    Throttled,
    TrimtabError,
    Unauthenticated,
    Unreachable,
    UnreadableReply,
)
from trimtab.providers.datapoints import Datapoints, MetricQuery
from trimtab.sources import HttpJson, Prometheus
from trimtab.sources.client import MOST_REDIRECTS
from trimtab.sources.http import MOST_BYTES

DEPTH = metrics.external("depth")


def ask(source: Prometheus | HttpJson, **more: object) -> Datapoints | TrimtabError:
    (answer,) = source.read([question(**more) if isinstance(source, HttpJson) else promql("up")])
    source.close()
    return answer


def question(**more: object) -> MetricQuery:
    given = {"group": "web", "metric": DEPTH, "since": NOW - 5 * MINUTE, "until": NOW, **more}
    return MetricQuery(**given)  # type: ignore[arg-type]


def values(answer: Datapoints | TrimtabError) -> tuple[float | None, ...]:
    assert isinstance(answer, Datapoints), answer
    return answer.values


# what is sent


@pytest.mark.parametrize(
    ("given", "header", "sent"),
    [
        ({"token": "sesame"}, "authorization", "Bearer sesame"),
        ({"username": "ali", "password": "sesame"}, "authorization", "Basic YWxpOnNlc2FtZQ=="),
        ({"headers": {"X-Scope-OrgID": "shop"}}, "x-scope-orgid", "shop"),
    ],
)
def test_what_signs_a_request_is_sent_and_never_shown(
    told: Told, given: dict[str, str], header: str, sent: str
) -> None:
    told.reply = lambda path: (200, {}, matrix([(NOW, "1")]))
    source = Prometheus(told.url, **given)  # type: ignore[arg-type]
    assert values(ask(source))[-1] == 1.0
    assert told.requests[0][1][header] == sent
    assert "sesame" not in repr(source)


def test_a_path_and_a_query_of_the_address_are_kept(told: Told) -> None:
    told.reply = lambda path: (200, {}, matrix())
    ask(Prometheus(f"{told.url}/select/0/prometheus/?tenant=a%20b"))
    path = told.requests[0][0]
    assert path.startswith(
        "/select/0/prometheus/api/v1/query_range?tenant=a%20b&query=up&start=1795953360&end=1795953600"
    )


def test_how_old_a_sample_may_be_is_sent_to_a_server_that_takes_it(told: Told) -> None:
    """Which is asked once, by what is no duration."""
    told.reply = lambda path: (400, {}, b"") if "lookback_delta=none" in path else (200, {}, matrix([(NOW, "1")]))
    source = Prometheus(told.url, staleness=timedelta(seconds=90))
    first, second = source.read([promql("up")])[0], source.read([promql("up")])[0]
    source.close()
    assert values(first) == values(second) == (None, None, None, None, 1.0)
    assert ["lookback_delta=90" in path for path, _ in told.requests] == [False, True, True]


def test_what_is_wrong_with_a_server_is_said_by_the_query(told: Told) -> None:
    told.reply = lambda path: (503, {}, b"")
    assert type(ask(Prometheus(told.url, staleness=timedelta(seconds=90)))) is Unreachable


# statuses


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, InvalidRequest),
        (401, Unauthenticated),
        (403, AccessDenied),
        (404, NotFound),
        (422, InvalidRequest),
        (429, Throttled),
        (500, Unreachable),
        (503, Unreachable),
    ],
)
def test_a_status_is_an_error_of_ours(told: Told, status: int, kind: type[ProviderError]) -> None:
    body = json.dumps({"status": "error", "errorType": "x", "error": "the reason"}).encode()
    told.reply = lambda path: (status, {"Retry-After": "7"}, body)
    answer = ask(Prometheus(told.url, name="eu"))
    assert type(answer) is kind
    assert str(answer).startswith("eu query_range: the reason (HTTP")
    assert answer.after == timedelta(seconds=7)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>sign in</html>",
        b"[]",
        b"7",
        b"[" * 100_000,
        b'{"status": "success"}',
        b'{"status": "success", "data": {"resultType": "matrix"}}',
        b'{"status": "success", "data": {"resultType": "vector", "result": []}}',
        b'{"status": "success", "data": {"resultType": "matrix", "result": [{}]}}',
        b'{"status": "success", "data": {"resultType": "matrix", "result": [7]}}',
        b'{"status": "success", "data": {"resultType": "matrix", "result": [{"values": [[1]]}]}}',
        b'{"status": "success", "data": {"resultType": "matrix", "result": [{"values": [[1, "x"]]}]}}',
        b'{"status": "success", "data": {"resultType": "matrix", "result": [{"values": [[1e999, "1"]]}]}}',
        b"\xff\xfe",
    ],
)
def test_a_reply_that_is_none_of_prometheus_is_said_to_be_none(told: Told, body: bytes) -> None:
    told.reply = lambda path: (200, {}, body)
    answer = ask(Prometheus(told.url))
    assert type(answer) is UnreadableReply, answer


def test_an_answer_with_warnings_may_be_partial_and_is_not_taken(told: Told) -> None:
    told.reply = lambda path: (200, {}, matrix([(NOW, "1")], warnings=["store eu-2 did not answer"]))
    answer = ask(Prometheus(told.url))
    assert isinstance(answer, Unreachable)
    assert "store eu-2 did not answer" in str(answer)


def test_infos_are_no_warnings(told: Told) -> None:
    told.reply = lambda path: (200, {}, matrix([(NOW, "1")], infos=["metric might not be a counter"]))
    assert values(ask(Prometheus(told.url)))[-1] == 1.0


def test_a_failure_that_comes_with_status_200_is_one(told: Told) -> None:
    told.reply = lambda path: (200, {}, b'{"status": "error", "error": "too many samples"}')
    answer = ask(Prometheus(told.url))
    assert type(answer) is InvalidRequest
    assert "too many samples" in str(answer)


def test_a_histogram_is_no_number(told: Told) -> None:
    series = {"metric": {}, "histograms": [[NOW.timestamp(), {"count": "1"}]]}
    body = {"status": "success", "data": {"resultType": "matrix", "result": [series]}}
    told.reply = lambda path: (200, {}, json.dumps(body).encode())
    answer = ask(Prometheus(told.url))
    assert type(answer) is InvalidRequest
    assert "histogram_quantile" in str(answer)


# bounds


def test_a_server_that_never_answers_is_given_up(told: Told) -> None:
    over = threading.Event()

    def wait(path: str) -> tuple[int, dict[str, str], bytes]:
        over.wait(30)
        return 200, {}, b""

    told.reply = wait
    answer = ask(Prometheus(told.url, timeout=timedelta(milliseconds=200)))
    over.set()
    assert type(answer) is Unreachable
    assert "no reply within 0.2 s" in str(answer)


def test_a_reply_that_never_ends_is_given_up_when_its_time_is_over(told: Told) -> None:
    over = threading.Event()

    def drip() -> Iterator[bytes]:
        while not over.wait(0.02):
            yield b" "

    told.reply = lambda path: (200, {}, drip())
    answer = ask(Prometheus(told.url, timeout=timedelta(milliseconds=300)))
    over.set()
    assert type(answer) is Unreachable
    assert "not whole within 0.3 s" in str(answer)


def test_a_reply_that_is_too_long_is_not_read_to_its_end(told: Told) -> None:
    sent = itertools.count()
    told.reply = lambda path: (200, {}, (b" " * 2**16 for _ in iter(lambda: next(sent), 10_000)))
    answer = ask(Prometheus(told.url, timeout=timedelta(seconds=60)))
    assert type(answer) is UnreadableReply
    assert "longer than 4 MiB" in str(answer)
    assert next(sent) < 10 * MOST_BYTES / 2**16


def test_all_queries_of_a_tick_share_a_bound_of_time(told: Told) -> None:
    """Eight at a time; what is not asked by then is answered for, and what was answered stays."""
    over = threading.Event()

    def reply(path: str) -> tuple[int, dict[str, str], bytes]:
        if "slow" in path:
            over.wait(30)
        return 200, {}, matrix([(NOW, "1")])

    told.reply = reply
    source = Prometheus(told.url, timeout=timedelta(seconds=1))
    answers = source.read([promql("fast"), *(promql(f"slow + {number}") for number in range(80))])
    over.set()
    source.close()
    assert values(answers[0])[-1] == 1.0
    assert all(type(answer) is Unreachable for answer in answers[1:])
    assert len(told.requests) < 40


def test_a_compressed_reply_is_refused_before_it_is_blown_up(told: Told) -> None:
    told.reply = lambda path: (200, {"Content-Encoding": "gzip"}, b"x")
    answer = ask(Prometheus(told.url))
    assert type(answer) is UnreadableReply
    assert told.requests[0][1]["accept-encoding"] == "identity"


def test_nobody_there_is_unreachable() -> None:
    assert type(ask(Prometheus("http://127.0.0.1:9"))) is Unreachable


# redirects


def test_a_redirect_on_the_same_host_is_followed(told: Told) -> None:
    told.reply = lambda path: (
        (200, {}, matrix([(NOW, "1")])) if path.startswith("/there") else (307, {"Location": f"/there{path}"}, b"")
    )
    assert values(ask(Prometheus(told.url, token="sesame")))[-1] == 1.0
    assert [headers["authorization"] for _, headers in told.requests] == ["Bearer sesame"] * 2


def test_a_redirect_to_another_host_is_not_followed(told: Told) -> None:
    other = Told()
    for target in (other.url, told.url.replace("localhost", "127.0.0.1"), told.url.replace("http:", "https:"), "//h/x"):
        told.reply = lambda path, target=target: (302, {"Location": f"{target}/x"}, b"")  # type: ignore[misc]
        answer = ask(Prometheus(told.url, token="sesame"))
        assert type(answer) is UnreadableReply
        assert "redirects to another host" in str(answer)
    other.close()
    assert other.requests == []


def test_redirects_in_a_circle_end(told: Told) -> None:
    told.reply = lambda path: (302, {"Location": path}, b"")
    assert type(ask(Prometheus(told.url))) is UnreadableReply
    assert len(told.requests) == MOST_REDIRECTS + 1


# addresses and certificates


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://prometheus.example.com", "plain http is for loopback only"),
        ("ftp://localhost", "invalid endpoint"),
        ("localhost:9090", "invalid endpoint"),
        ("https://", "invalid endpoint"),
        ("https://ali:sesame@h", "a user or a password in it"),
        ("https://h:99999", "its address is none"),
        ("https://h/a b", "letters that no address takes"),
        ("https://h/\r\nx: y", "letters that no address takes"),
        ("https://h/#x", "letters that no address takes"),
    ],
)
def test_an_address_that_is_not_safe_is_refused_when_the_source_is_made(url: str, said: str) -> None:
    for make in (lambda: Prometheus(url), lambda: HttpJson("depth", url)):
        with pytest.raises(ConfigError, match=said) as caught:
            make()
        assert "sesame" not in str(caught.value)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"token": "a", "username": "b", "password": "c"}, "not both"),
        ({"username": "b"}, "together"),
        ({"password": "c"}, "together"),
        ({"username": "b:", "password": "c"}, "no colon"),
        ({"token": "a\nb"}, "'authorization' has letters"),
        ({"headers": {"a": "\u2603"}}, "'a' has letters"),
        ({"ca": "/nowhere.pem"}, "/nowhere.pem is not a usable PEM file: No such file"),
        ({"certificate": "/nowhere.pem"}, "/nowhere.pem is not a usable PEM file"),
    ],
)
def test_half_a_way_to_sign_in_is_refused(given: dict[str, str], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        Prometheus("https://h", **given)  # type: ignore[arg-type]


def test_certificates_are_for_https() -> None:
    with pytest.raises(ConfigError, match="certificates are for https"):
        Prometheus("http://localhost", ca="a.pem")


def test_a_certificate_of_one_s_own_is_shown_to_a_server_that_asks_for_it(tmp_path: Path) -> None:
    authority, clients = Authority(tmp_path, "authority"), Authority(tmp_path, "clients")
    server = Told(authority.issue("localhost"), client_ca=clients.path)
    server.reply = lambda path: (200, {}, matrix([(NOW, "1")]))
    known = Prometheus(server.url, ca=str(authority.path), certificate=str(clients.issue("trimtab")))
    assert values(ask(known))[-1] == 1.0
    assert type(ask(Prometheus(server.url, ca=str(authority.path)))) is Unreachable
    server.close()


def test_a_name_that_the_certificate_does_not_have_is_not_trusted(tmp_path: Path) -> None:
    authority = Authority(tmp_path, "authority")
    server = Told(authority.issue("localhost"))
    url = server.url.replace("localhost", "127.0.0.1")
    assert type(ask(Prometheus(url, ca=str(authority.path)))) is Unreachable
    server.close()


# JSON over HTTP


def http_json(told: Told, path: str = "", **more: object) -> HttpJson:
    return HttpJson("depth", told.url, path, clock=ManualClock(NOW), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("document", "path", "value"),
    [
        ({"a": [{"b/c": 7}]}, "/a/0/b~1c", 7.0),
        ({"a": [{"b": 7.5}]}, "a.0.b", 7.5),
        ({"a~b": 1}, "/a~0b", 1.0),
        ({"a": {"": 2}}, "/a/", 2.0),
        (3, "", 3.0),
        ({"a": "12.5"}, "a", 12.5),
        ({"a": None}, "a", None),
        ({"a": "NaN"}, "a", None),
        ({"a": float("nan")}, "a", None),
        ({"a": float("inf")}, "a", None),
        ({"a": 0}, "a", 0.0),
    ],
)
def test_one_number_fills_the_newest_whole_period(told: Told, document: object, path: str, value: float | None) -> None:
    told.reply = lambda _: (200, {}, json.dumps(document).encode())
    assert values(ask(http_json(told, path))) == (None, None, None, None, value)


@pytest.mark.parametrize(
    ("document", "path"),
    [
        ({"a": 1}, "b"),
        ({"a": [1]}, "a.1"),
        ({"a": [1]}, "a.-1"),
        ({"a": {}}, "a"),
        ({"a": True}, "a"),
        ({"a": "x"}, "a"),
    ],
)
def test_a_place_without_a_number_is_said(told: Told, document: object, path: str) -> None:
    told.reply = lambda _: (200, {}, json.dumps(document).encode())
    answer = ask(http_json(told, path))
    assert type(answer) is UnreadableReply
    assert path in str(answer)


def test_what_is_no_json_and_what_fails_is_said(told: Told) -> None:
    told.reply = lambda _: (200, {}, b"nothing")
    assert type(ask(http_json(told))) is UnreadableReply
    told.reply = lambda _: (503, {}, b"")
    assert type(ask(http_json(told))) is Unreachable


def test_the_value_of_now_says_nothing_of_another_time(told: Told) -> None:
    told.reply = lambda _: (200, {}, b"7")
    source = http_json(told)
    answers = source.read(
        [
            question(),
            question(group="api"),
            question(since=NOW - 65 * MINUTE, until=NOW - 60 * MINUTE),
            question(since=NOW, until=NOW),
            # a minute that ended while the answer was on its way
            question(until=NOW - MINUTE),
        ]
    )
    source.close()
    assert [values(answer) for answer in answers] == [
        (None, None, None, None, 7.0),
        (None, None, None, None, 7.0),
        (None,) * 5,
        (),
        (None, None, None, 7.0),
    ]
    assert len(told.requests) == 1
