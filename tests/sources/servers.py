"""Servers for the tests of sources: Debian's Prometheus and node exporter, and one that answers as it is told."""

import os
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

PROGRAMS = ("prometheus", "promtool", "prometheus-node-exporter")


def need_programs() -> None:
    """Skip without Debian's packages; in CI, which installs them, fail."""
    missing = [name for name in PROGRAMS if shutil.which(name) is None]
    if missing:
        said = f"not installed: {', '.join(missing)}; apt-get install prometheus prometheus-node-exporter"
        pytest.fail(said) if os.environ.get("TRIMTAB_SERVERS") else pytest.skip(said)


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


@contextmanager
def running(command: Sequence[str], url: str, log: Path, context: ssl.SSLContext | None = None) -> Iterator[None]:
    """A program, from when an address of it answers."""
    with log.open("wb") as stream, subprocess.Popen(command, stdout=stream, stderr=subprocess.STDOUT) as process:
        try:
            until = time.monotonic() + 60
            while not answers(url, context):
                if process.poll() is not None or time.monotonic() > until:
                    pytest.fail(f"{command[0]} does not run: {log.read_text()[-2000:]}")
                time.sleep(0.05)
            yield
        finally:
            process.terminate()
            process.wait(30)


def answers(url: str, context: ssl.SSLContext | None) -> bool:
    try:
        with urlopen(url, timeout=5, context=context) as reply:
            return bool(reply.status == 200)
    except URLError as error:
        return getattr(error, "code", None) == 401
    except OSError:
        return False


# certificates


class Authority:
    """A certificate authority of a test's own."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self._own = self._signed(self._name, self._key.public_key(), [(x509.BasicConstraints(True, None), True)])
        self.path = folder / f"{name}.pem"
        self.path.write_bytes(self._own.public_bytes(serialization.Encoding.PEM))

    def issue(self, name: str) -> Path:
        """A PEM file with a certificate for this machine and its key."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        names = x509.SubjectAlternativeName([x509.DNSName("localhost")])
        signed = self._signed(subject, key.public_key(), [(names, False)])
        path = self._folder / f"{name}.pem"
        path.write_bytes(
            signed.public_bytes(serialization.Encoding.PEM)
            + key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        return path

    def _signed(self, subject: x509.Name, key: Any, extensions: list[tuple[Any, bool]]) -> x509.Certificate:
        now = datetime.now(UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
        )
        for extension, critical in extensions:
            builder = builder.add_extension(extension, critical)
        return builder.sign(self._key, hashes.SHA256())


# a server that answers as it is told

Reply = tuple[int, Mapping[str, str], bytes | Iterator[bytes]]


class Told:
    """A server on loopback; `reply` says what it answers, `requests` what it was asked."""

    def __init__(self, certificate: Path | None = None, client_ca: Path | None = None) -> None:
        self.requests: list[tuple[str, dict[str, str]]] = []
        self.reply: Callable[[str], Reply] = lambda path: (200, {}, b"{}")
        told = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:  # the library's name
                told.requests.append((self.path, {name.lower(): text for name, text in self.headers.items()}))
                status, headers, body = told.reply(self.path)
                self.send_response(status)
                for name, text in headers.items():
                    self.send_header(name, text)
                if isinstance(body, bytes):
                    self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                try:
                    for chunk in [body] if isinstance(body, bytes) else body:
                        self.wfile.write(chunk)
                        self.wfile.flush()
                except OSError:
                    pass
                self.close_connection = not isinstance(body, bytes)

            def log_message(self, *_: object) -> None:
                """Nothing is printed."""

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_: object) -> None:
                """A client that goes away is what some tests are about."""

        self._server = Server(("127.0.0.1", 0), Handler)
        scheme = "http"
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            if client_ca is not None:
                context.verify_mode = ssl.CERT_REQUIRED
                context.load_verify_locations(client_ca)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
            scheme = "https"
        self.url = f"{scheme}://localhost:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
