"""A small HTTP server for whoever watches a controller: `/metrics`, `/healthz`, `/readyz`."""

import ipaddress
import logging
import socket
import threading
from collections.abc import Callable
from datetime import timedelta
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, NamedTuple, Self
from urllib.parse import urlsplit

from trimtab.clock import Clock, Stopwatch
from trimtab.controller.exposition import Exposition
from trimtab.errors import ConfigError, MissingExtra

try:
    from prometheus_client.exposition import choose_encoder
except ImportError as missing:
    raise MissingExtra("serving metrics", "controller") from missing

SERVING = logging.getLogger("trimtab.serving")
LATE = 3
"""After so many intervals without a tick the loop counts as stuck."""
PATIENCE_SECONDS = 5
"""How long a client may take to ask."""
MOST_CLIENTS = 32
"""More at the same time are turned away."""


class Address(NamedTuple):
    """Where to listen."""

    host: str
    port: int

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine reaches it."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    def __str__(self) -> str:
        """`127.0.0.1:9464`, `[::1]:9464`."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def parse_address(text: str) -> Address:
    """
    An address to listen at: `HOST:PORT`, or a port of 127.0.0.1.

    Raises:
        ConfigError: It is neither.
    """
    try:
        parts = urlsplit(f"//{text}" if ":" in text else f"//127.0.0.1:{text}")
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if not host or port is None or parts.path or parts.query or parts.username is not None:
        raise ConfigError([f"{text!r} is not an address to listen at; write one such as 127.0.0.1:9464"])
    return Address(host, port)


class Health:
    """
    Whether a loop lives, and whether its last turn went well. Thread-safe.

    Args:
        every: The time between two turns.
        clock: Tells the time.
    """

    def __init__(self, every: timedelta, clock: Clock) -> None:
        self._every = every
        self._clock = clock
        self._state: tuple[Stopwatch, str | None] = Stopwatch(clock), "the first tick is not done yet"

    def beat(self, error: str = "") -> None:
        """Say that a turn has ended, and why it did not go well."""
        self._state = Stopwatch(self._clock), error or None

    def sickness(self) -> str:
        """Why the process should be started anew; empty where it lives."""
        since = self._state[0].elapsed()
        return f"no tick for {since.total_seconds():.0f} s" if since > LATE * self._every else ""

    def hindrance(self) -> str:
        """Why it does not do its work now; empty where it does."""
        return self._state[1] or self.sickness()


class MetricsServer:
    """
    Serves metrics and health until it is closed; from threads that end with it.

    Args:
        address: Where to listen; port 0 takes a free one.
        exposition: The metrics.
        health: Whether all is well.

    Raises:
        ConfigError: Nothing can listen there.
    """

    def __init__(self, address: Address, exposition: Exposition, health: Health) -> None:
        pages: dict[str, Page] = {
            "/metrics": lambda accept: _exposed(exposition, accept),
            "/healthz": lambda _: _answer(health.sickness()),
            "/readyz": lambda _: _answer(health.hindrance()),
        }
        try:
            self._server = _Server(address, pages)
        except OSError as error:
            said = error.strerror or str(error)
            raise ConfigError([f"cannot listen at {address}: {said}; choose another address"]) from error
        self.address = Address(address.host, self._server.server_address[1])
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.1,), name="trimtab-serving")
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop listening, and end what is under way."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


Page = Callable[[str], tuple[int, str, bytes]]
"""Gives status, type and body for the types that a client accepts."""
_TEXT = "text/plain; charset=utf-8"


def _not_found(accept: str) -> tuple[int, str, bytes]:
    return HTTPStatus.NOT_FOUND, _TEXT, b"not found\n"


def _exposed(exposition: Exposition, accept: str) -> tuple[int, str, bytes]:
    encode, content_type = choose_encoder(accept)
    return HTTPStatus.OK, content_type, encode(exposition.registry)


def _answer(trouble: str) -> tuple[int, str, bytes]:
    status = HTTPStatus.SERVICE_UNAVAILABLE if trouble else HTTPStatus.OK
    return status, _TEXT, f"{trouble or 'ok'}\n".encode()


class _Server(ThreadingHTTPServer):
    """A thread for each client, up to a number; closing it ends them."""

    daemon_threads = False
    allow_reuse_address = True
    request_queue_size = 16

    def __init__(self, address: Address, pages: dict[str, Page]) -> None:
        self.pages = pages
        self._clients: set[socket.socket] = set()
        self._lock = threading.Lock()
        self.address_family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
        super().__init__((address.host, address.port), _PageHandler)

    def server_bind(self) -> None:
        """Bind, without asking a name server for this machine's name."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()

    def verify_request(self, request: Any, client_address: Any) -> bool:
        """Whether there is room for one more client."""
        with self._lock:
            has_room = len(self._clients) < MOST_CLIENTS
            if has_room:
                self._clients.add(request)
        return has_room

    def shutdown_request(self, request: Any) -> None:
        """Let go of a client."""
        with self._lock:
            self._clients.discard(request)
        super().shutdown_request(request)

    def server_close(self) -> None:
        """Stop listening; clients that are still asking are cut off."""
        with self._lock:
            for client in self._clients:
                try:
                    client.shutdown(socket.SHUT_RDWR)
                except OSError:
                    continue
        super().server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Log what went wrong with a client."""
        SERVING.debug("a client went away", exc_info=True)


class _PageHandler(BaseHTTPRequestHandler):
    """Answers GET for the pages of its server."""

    timeout = PATIENCE_SECONDS
    server_version = "trimtab"
    sys_version = ""
    server: _Server

    def do_GET(self) -> None:
        """Answer with a page."""
        page = self.server.pages.get(urlsplit(self.path).path, _not_found)
        status, content_type, body = page(self.headers.get("accept", ""))
        self.send_response(status)
        self.send_header("content-type", content_type)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - named so by the standard library
        """Log a request."""
        SERVING.debug(format, *args)
