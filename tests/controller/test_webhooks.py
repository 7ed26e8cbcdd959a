"""Events that are sent: signed so that somebody else's library agrees, tried again within bounds, never in the way."""

import base64
import json
import logging
import socket
import threading
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import trimtab as tt
from tests.controller.receiving import receiving
from tests.laws import examples
from trimtab.errors import ConfigError

pytest.importorskip("urllib3")

from trimtab.controller.events import ControllerEvent, ControllerEventKind
from trimtab.controller.webhooks import (
    ATTEMPTS,
    LONGEST_WAIT,
    WAITING,
    Undelivered,
    Webhook,
    check_address,
    signed_headers,
    signing_key,
)

SECRET = "whsec_" + base64.b64encode(b"a key of thirty-two bytes exactly").decode()


def event(**fields):
    fields = {"kind": ControllerEventKind.SIZE_CHANGED, "size": 6, "previous": 4, **fields}
    return ControllerEvent(at=datetime(2026, 1, 5, tzinfo=UTC), provider="gcp", fleet="shop", group="web", **fields)


class Clock(tt.ManualClock):
    """Keeps how long was waited."""

    def __init__(self):
        super().__init__()
        self.waits = []

    def sleep(self, duration):
        self.waits.append(duration)
        super().sleep(duration)


# signatures


def test_an_example_of_the_specification():
    """https://github.com/standard-webhooks/standard-webhooks/blob/main/libraries/python/tests/test_webhooks.py"""
    key = signing_key("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    at = datetime.fromtimestamp(1614265330, UTC)
    headers = signed_headers("msg_p5jXN8AQM9LWM0D4loKWxJek", b'{"test": 2432232314}', at, key)
    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


@settings(max_examples=examples(), deadline=None)
@given(st.binary(min_size=24, max_size=64), st.dictionaries(st.text(), st.text() | st.integers()), st.booleans())
def test_the_reference_library_verifies_what_is_signed_and_nothing_else(key, data, prefixed):
    standardwebhooks = pytest.importorskip("standardwebhooks")
    secret = ("whsec_" if prefixed else "") + base64.b64encode(key).decode()
    body = json.dumps(data).encode()
    headers = signed_headers("evt_1", body, datetime.now(UTC), signing_key(secret))
    webhook = standardwebhooks.Webhook(secret)
    assert webhook.verify(body, dict(headers)) == data
    for altered in ({"webhook-id": "evt_2"}, {"webhook-timestamp": str(int(headers["webhook-timestamp"]) + 1)}):
        with pytest.raises(standardwebhooks.WebhookVerificationError):
            webhook.verify(body, {**headers, **altered})
    with pytest.raises(standardwebhooks.WebhookVerificationError):
        webhook.verify(body + b" ", dict(headers))


@pytest.mark.parametrize("secret", ["", "hunter2", "whsec_", "whsec_c2hvcnQ=", "not base64 at all, but long enough"])
def test_a_secret_that_is_no_key_is_refused_and_not_repeated(secret):
    with pytest.raises(ConfigError, match="openssl rand -base64 32") as refused:
        signing_key(secret)
    assert not secret or secret not in str(refused.value)


# addresses


@pytest.mark.parametrize(
    "url", ["https://example.org/hooks", "http://127.0.0.1:8080/", "http://[::1]/", "http://localhost/x"]
)
def test_addresses_that_are_taken(url):
    assert check_address(url)


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/token-1",
        "http://10.0.0.1/token-1",
        "ftp://example.org/token-1",
        "https://user:token-1@example.org/",
        "https:///token-1",
        "https://example.org:99999/token-1",
        "https://example.org/token-1 x",
        "example.org/token-1",
        "http://127.0.0.1.example.org/token-1",
        "file:///token-1",
    ],
)
def test_addresses_that_are_refused_and_not_repeated(url):
    with pytest.raises(ConfigError) as refused:
        Webhook(url, SECRET)
    assert "token-1" not in str(refused.value)


# delivery


def sent(receiver, *events, clock=None, ended=None):
    """Send events, and wait until all of them have been."""
    results = [] if ended is None else ended
    webhook = Webhook(receiver.url, SECRET, clock=clock or Clock(), on_end=results.append)
    for each in events:
        webhook(each)
    webhook.close()
    return results


def test_events_arrive_in_their_order_with_headers_and_body():
    events = [event(size=size) for size in range(1, 6)]
    with receiving() as receiver:
        assert sent(receiver, *events) == ["delivered"] * 5
    assert [json.loads(body) for _, _, body in receiver.received] == [each.to_dict() for each in events]
    path, headers, body = receiver.received[0]
    assert path == "/hooks/token-of-somebody"
    lower = {name.lower(): value for name, value in headers.items()}
    assert lower["content-type"] == "application/json"
    at = datetime.fromtimestamp(int(lower["webhook-timestamp"]), UTC)
    expected = signed_headers(events[0].id, body, at, signing_key(SECRET))
    assert expected.items() <= lower.items()


def test_what_passes_is_tried_again_with_growing_waits_and_a_new_signature():
    clock = Clock()
    with receiving(503, 429, 500, 200) as receiver:
        assert sent(receiver, event(), clock=clock) == ["delivered"]
    assert len(receiver.received) == 4
    assert len(clock.waits) == 3
    assert len({body for _, _, body in receiver.received}) == 1
    ids = {headers["webhook-id"] for _, headers, _ in receiver.received}
    assert len(ids) == 1, "whoever got it twice can leave the second one out"


def test_what_does_not_pass_ends_after_a_few_attempts():
    clock = Clock()
    with receiving(500) as receiver:
        assert sent(receiver, event(), clock=clock) == ["failed"]
    assert len(receiver.received) == ATTEMPTS
    assert len(clock.waits) == ATTEMPTS - 1
    assert max(clock.waits) <= LONGEST_WAIT


def test_a_receiver_that_asks_for_patience_gets_some():
    clock = Clock()
    with receiving((429, {"retry-after": "45"}), (503, {"retry-after": "86400"}), 204) as receiver:
        assert sent(receiver, event(), clock=clock) == ["delivered"]
    assert clock.waits[0] == timedelta(seconds=45)
    assert clock.waits[1] == LONGEST_WAIT


@pytest.mark.parametrize("status", [400, 401, 404, 410])
def test_what_is_refused_is_not_tried_again(status):
    with receiving(status) as receiver:
        assert sent(receiver, event(), event(size=7)) == ["failed", "failed"]
    assert len(receiver.received) == 2


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_not_followed(status, caplog):
    with receiving() as other, receiving((status, {"location": other.url})) as receiver:
        assert sent(receiver, event()) == ["failed"]
    assert len(receiver.received) == 1
    assert not other.received
    assert "redirects are not followed" in caplog.text


def test_nobody_listens(caplog):
    clock, results = Clock(), []
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        webhook = Webhook(
            f"http://127.0.0.1:{held.getsockname()[1]}/token-1", SECRET, clock=clock, on_end=results.append
        )
        with pytest.raises(Undelivered, match="no answer"):
            webhook.deliver(event())
        webhook(event())
        webhook.close()
    assert results == ["failed"]
    assert "token-1" not in caplog.text, "an address may hold a token"
    assert "127.0.0.1" in caplog.text


# never in the way


def test_a_receiver_that_hangs_holds_up_nobody_and_too_many_are_dropped_and_said(caplog):
    results = []
    with receiving() as receiver:
        receiver.gate.clear()
        webhook = Webhook(receiver.url, SECRET, clock=Clock(), on_end=results.append)
        webhook(event())
        assert receiver.arrived.acquire(timeout=30), "the first one is under way"
        for _ in range(WAITING + 5):
            webhook(event())
        assert results == ["dropped"] * 5
        assert caplog.text.count(f"dropped, {WAITING} events wait") == 5
        receiver.gate.set()
        webhook.close(timedelta(seconds=60))
    assert results.count("delivered") + results.count("dropped") == WAITING + 6
    assert results.count("delivered") >= 1


def test_closing_does_not_wait_for_retries(caplog):
    """A clock that follows the machine's: the wait before the next attempt is cut short."""
    results, before = [], threading.active_count()
    with receiving((503, {"retry-after": "60"})) as receiver:
        webhook = Webhook(receiver.url, SECRET, clock=tt.SystemClock(), on_end=results.append)
        webhook(event())
        webhook(event(size=7))
        assert receiver.arrived.acquire(timeout=30)
        webhook.close(timedelta(0))
        assert not [thread for thread in threading.enumerate() if thread.name == "trimtab-webhook"]
    assert results == ["failed", "dropped"]
    assert threading.active_count() <= before
    assert "the controller ends" in caplog.text


def test_nothing_is_started_before_there_is_something_to_say():
    webhook = Webhook("https://example.org/hooks", SECRET)
    webhook.close()
    assert not [thread for thread in threading.enumerate() if thread.name == "trimtab-webhook"]
    assert repr(webhook) == "<Webhook on example.org>"


def test_a_controller_tells_by_webhook(world, caplog):
    caplog.set_level(logging.DEBUG, logger="trimtab.webhooks")
    world.apply()
    world.orders = 200.0
    with receiving() as receiver:
        webhook = Webhook(receiver.url, SECRET, clock=world.clock)
        with world.controller(on_event=webhook) as controller:
            controller.tick()
        webhook.close()
    [(_, _, body)] = receiver.received
    told = json.loads(body)
    assert (told["kind"], told["fleet"], told["group"], told["previous"], told["size"]) == (
        "size-changed", "shop", "web", 4, 6,
    )  # fmt: skip
    assert told["reasons"]
    assert SECRET not in caplog.text
