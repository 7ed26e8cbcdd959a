"""HTTP on loopback as a cloud speaks it: a connection is kept until its client or the end of the server closes it."""

import io
import socket
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler


class WireServer(ThreadedWSGIServer):
    """Serves each connection in a thread of its own, and closes them all when it ends."""

    def __init__(self, port: int, application: Any, handler: type["Handler"]) -> None:
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        super().__init__("127.0.0.1", port, application, handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Begin with a connection."""
        with self._lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """End with a connection."""
        with self._lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a client that is gone, also when that is seen only as its connection ends."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)

    def server_close(self) -> None:
        """Listen no more, and hang up on all who are still connected."""
        super().server_close()
        with self._lock:
            for connection in self._open:
                hang_up(connection)


class Handler(WSGIRequestHandler):
    """Reads requests and writes replies, one after another on the same connection."""

    protocol_version = "HTTP/1.1"
    # head and body leave in one packet, at once
    wbufsize = -1
    disable_nagle_algorithm = True

    def handle_expect_100(self) -> bool:
        """Tell a client that waits with its body to go on."""
        told = super().handle_expect_100()
        self.wfile.flush()
        return told

    def run_wsgi(self) -> None:
        """Answer one request, whose body is read to its end so that the next can follow."""
        environ = self.make_environ()
        try:
            body = self._body(environ)
        except ValueError:
            self.close_connection = True
            self.send_error(400, "the body is not as long as the request says")
            self.wfile.flush()
            return
        environ.update({"wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body))})
        try:
            self._answer(environ)
        except ConnectionError:
            self.close_connection = True

    def _body(self, environ: dict[str, Any]) -> bytes:
        if environ.get("wsgi.input_terminated"):
            content: bytes = environ["wsgi.input"].read()
            return content
        length = int(environ.get("CONTENT_LENGTH") or 0)
        if length < 0 or len(content := self.rfile.read(length)) < length:
            raise ValueError(length)
        return content

    def _answer(self, environ: dict[str, Any]) -> None:
        has_body = environ["REQUEST_METHOD"] != "HEAD"

        def begin(status: str, headers: list[tuple[str, str]], _: Any = None, /) -> Callable[[bytes], object]:
            nonlocal has_body
            code, _, phrase = status.partition(" ")
            has_body = has_body and int(code) not in (204, 304)
            self.send_response(int(code), phrase)
            for name, value in headers:
                self.send_header(name, value)
            self.end_headers()
            return self.wfile.write

        content = self.server.app(environ, begin)
        if has_body:
            self.wfile.writelines(content)
        self.wfile.flush()

    def log_request(self, code: Any = "-", size: Any = "-") -> None:
        """Write nothing: the journal has the calls."""


def hang_up(connection: socket.socket) -> None:
    """Close a connection from this side, whatever its other end expects."""
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
