"""
Events sent to addresses: signed, tried again within bounds, and never in the way of a tick.

Headers and signature are those of Standard Webhooks, which libraries in many languages verify:
https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import base64
import binascii
import hashlib
import hmac
import json
import logging
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from queue import Full, Queue
from urllib.parse import urlsplit

import tenacity

from trimtab.clock import Cancellation, Clock, SystemClock
from trimtab.controller.client import Client, NoAnswer
from trimtab.controller.events import ControllerEvent
from trimtab.errors import Cancelled, ConfigError
from trimtab.providers.endpoints import is_loopback

WEBHOOKS = logging.getLogger("trimtab.webhooks")
PREFIX = "whsec_"
FEWEST_KEY_BYTES = 24
"""As the specification asks for."""
ATTEMPTS = 6
LONGEST_WAIT = timedelta(minutes=1)
TIMEOUT = timedelta(seconds=10)
WAITING = 1000
"""How many events wait for an address; beyond that the newest are dropped."""
_PASSING = frozenset({408, 425, 429})


class Undelivered(Exception):
    """An event did not arrive; the text names no part of the address that may be secret."""


class _Passing(Undelivered):
    """It may arrive the next time."""

    def __init__(self, text: str, after: timedelta | None = None) -> None:
        super().__init__(text)
        self.after = after


def signing_key(secret: str) -> bytes:
    """
    The key that a secret stands for.

    Raises:
        ConfigError: It is not base64, or too short to be safe.
    """
    try:
        key = base64.b64decode(secret.strip().removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) < FEWEST_KEY_BYTES:
        text = f"the secret of webhooks is not base64 of at least {FEWEST_KEY_BYTES} bytes"
        raise ConfigError([f"{text}; make one by `openssl rand -base64 32`"])
    return key


def signed_headers(event_id: str, body: bytes, at: datetime, key: bytes) -> Mapping[str, str]:
    """The headers by which a receiver verifies who sent a body, and when."""
    moment = str(int(at.timestamp()))
    signed = b".".join([event_id.encode(), moment.encode(), body])
    signature = base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
    return {"webhook-id": event_id, "webhook-timestamp": moment, "webhook-signature": f"v1,{signature}"}


def check_address(url: str) -> str:
    """
    The host of an address that events may be sent to, for people.

    Raises:
        ConfigError: It is neither https nor plain http on this machine, or has a user or password in it.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
    # an address may hold a token, and is not repeated
    if not host or any(ord(letter) <= 32 or ord(letter) > 126 for letter in url):
        raise ConfigError(["invalid address of a webhook; write one such as https://host/path"])
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(url)):
        raise ConfigError([f"webhook on {host}: plain http is for loopback only; use https"])
    if "@" in parts.netloc:
        raise ConfigError([f"webhook on {host}: its address has a user or a password in it; events are signed instead"])
    return host


class Webhook:
    """
    Sends each event that it is called with to one address, in order, from a thread of its own.

    A call returns at once. An event is tried up to six times, a minute apart at most; more than a thousand that wait
    are dropped, counted and logged. Redirects are not followed.

    Args:
        url: https, or plain http on this machine.
        secret: The key of signatures in base64, with or without `whsec_` before it.
        clock: Waits between attempts.
        on_end: Called with `delivered`, `failed` or `dropped` for each event.

    Raises:
        ConfigError: The address or the secret is not safe.
    """

    def __init__(
        self,
        url: str,
        secret: str,
        *,
        clock: Clock | None = None,
        on_end: Callable[[str], None] | None = None,
    ) -> None:
        self.host = check_address(url)
        self._url = url
        self._key = signing_key(secret)
        self._clock = clock or SystemClock()
        self._on_end = on_end
        self._queue: Queue[ControllerEvent | None] = Queue(WAITING)
        self._client = Client(TIMEOUT)
        self._cancellation = Cancellation()
        self._thread: threading.Thread | None = None

    def __repr__(self) -> str:
        return f"<Webhook on {self.host}>"

    def __call__(self, event: ControllerEvent) -> None:
        """Have an event sent."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="trimtab-webhook", daemon=True)
            self._thread.start()
        try:
            self._queue.put_nowait(event)
        except Full:
            WEBHOOKS.warning("webhook on %s: dropped, %d events wait: %s", self.host, WAITING, event)
            self._ended("dropped")

    def close(self, patience: timedelta = TIMEOUT) -> None:
        """
        Send what waits, and end.

        Args:
            patience: How long that may take; what has not been sent by then is dropped, counted and logged.
        """
        if self._thread is not None:
            with suppress(Full):
                self._queue.put(None, timeout=patience.total_seconds())
            self._thread.join(patience.total_seconds())
            self._cancellation.cancel()
            self._thread.join((TIMEOUT + patience).total_seconds())
        self._client.close()

    def _work(self) -> None:
        with self._cancellation.covers():
            while (event := self._next()) is not None:
                self._send(event)

    def _next(self) -> ControllerEvent | None:
        """The next event; `None` once all were sent or the time for them is over."""
        if self._cancellation.is_cancelled and self._queue.empty():
            return None
        return self._queue.get()

    def _send(self, event: ControllerEvent) -> None:
        if self._cancellation.is_cancelled:
            WEBHOOKS.warning("webhook on %s: dropped, the controller ends: %s", self.host, event)
            self._ended("dropped")
            return
        try:
            self.deliver(event)
        except (Undelivered, Cancelled) as error:
            WEBHOOKS.warning("webhook on %s: %s: %s", self.host, error, event)
            self._ended("failed")
        except Exception:  # the thread goes on with the next event
            WEBHOOKS.exception("webhook on %s: %s", self.host, event)
            self._ended("failed")
        else:
            WEBHOOKS.debug("webhook on %s: delivered: %s", self.host, event)
            self._ended("delivered")

    def deliver(self, event: ControllerEvent) -> None:
        """
        Send an event now, tried again within bounds.

        Raises:
            Undelivered: It did not arrive.
        """
        body = json.dumps(event.to_dict(), separators=(",", ":")).encode()
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(_Passing),
            wait=_wait,
            stop=tenacity.stop_after_attempt(ATTEMPTS),
            sleep=lambda seconds: self._clock.sleep(timedelta(seconds=seconds)),
            reraise=True,
        )
        retrying(self._post, event.id, body)

    def _post(self, event_id: str, body: bytes) -> None:
        headers = {"content-type": "application/json", "user-agent": "trimtab"}
        headers |= signed_headers(event_id, body, self._clock.now(), self._key)
        try:
            status, after = self._client.post(self._url, body, headers)
        except NoAnswer as error:
            raise _Passing(f"no answer ({error})") from error
        if 200 <= status < 300:
            return
        if status in _PASSING or status >= 500:
            raise _Passing(f"answered {status}", after)
        raise Undelivered(f"answered {status}{', redirects are not followed' if 300 <= status < 400 else ''}")

    def _ended(self, how: str) -> None:
        if self._on_end is not None:
            self._on_end(how)


_backoff = tenacity.wait_random_exponential(multiplier=1, max=LONGEST_WAIT.total_seconds())


def _wait(state: tenacity.RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    after = error.after if isinstance(error, _Passing) else None
    asked = after.total_seconds() if after else 0.0
    return min(max(_backoff(state), asked), LONGEST_WAIT.total_seconds())
