"""HTTP on loopback as a cloud speaks it: a connection is kept until its client or the end of the server closes it."""

import io
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler


class Server(ThreadedWSGIServer):
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

    def run_wsgi(self) -> None:
        """Answer one request, whose body is read to its end so that the next can follow."""
        if self.headers.get("Expect", "").strip().lower() == "100-continue":
            self.send_response_only(100)
            self.end_headers()
            self.wfile.flush()
        environ = self.make_environ()
        length = None if environ.get("wsgi.input_terminated") else int(environ.get("CONTENT_LENGTH") or 0)
        body = environ["wsgi.input"].read() if length is None else self.rfile.read(length)
        environ.update({"wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body))})
        try:
            self._answer(environ)
        except ConnectionError:
            self.close_connection = True

    def _answer(self, environ: dict[str, Any]) -> None:
        def begin(status: str, headers: list[tuple[str, str]], _: Any = None, /) -> Callable[[bytes], object]:
            code, _, phrase = status.partition(" ")
            self.send_response(int(code), phrase)
            for name, value in headers:
                self.send_header(name, value)
            self.end_headers()
            return self.wfile.write

        content = self.server.app(environ, begin)
        if environ["REQUEST_METHOD"] != "HEAD":
            self.wfile.writelines(content)
        self.wfile.flush()

    def log_request(self, code: Any = "-", size: Any = "-") -> None:
        """Write nothing: the journal has the calls."""


def hang_up(connection: socket.socket) -> None:
    """Close a connection from this side, whatever its other end expects."""
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
