"""HTTP for sources: bounded in time and bytes, verified, and never led to another host."""

import ssl
import time
from collections.abc import Mapping
from datetime import timedelta
from urllib.parse import urljoin, urlsplit

from trimtab.errors import (
    ConfigError,
    MissingExtra,
    Unreachable,
    UnreadableReply,
)
from trimtab.sources.http import MOST_BYTES, MOST_CONNECTIONS, Answered

try:
    import urllib3
except ImportError as missing:
    raise MissingExtra("reading metrics over HTTP", "controller") from missing

MOST_REDIRECTS = 3
_CHUNK = 2**16


class HttpClient:
    """
    Asks one host.

    Args:
        name: The source, for errors.
        url: Where it is; plain http only on this machine.
        headers: What is sent with each request.
        ca: A file of certificates of authorities to trust, in place of the system's.
        certificate: A PEM file with a certificate of one's own and its key.
        timeout: How long a request may take as a whole.

    Raises:
        ConfigError: The address is none, is not safe, or has a password in it; or a file is no certificate.
    """

    def __init__(
        self,
        name: str,
        url: str,
        *,
        headers: Mapping[str, str],
        ca: str | None,
        certificate: str | None,
        timeout: timedelta,
    ) -> None:
        self.name, self.url, self.timeout = name, url, timeout
        self._headers = {"accept": "application/json", "accept-encoding": "identity", "user-agent": "trimtab"}
        self._headers |= {header.lower(): value for header, value in headers.items()}
        for header, value in self._headers.items():
            if not header or any(ord(letter) < 32 or ord(letter) > 255 for letter in header + value):
                raise ConfigError([f"source {name!r}: the header {header!r} has letters that no header takes"])
        self._pool = _pool(name, url, ca, certificate)

    def get(self, url: str, deadline: float, *, operation: str) -> Answered:
        """
        The reply to a GET of an address on the same host, by a moment of the monotonic clock.

        Raises:
            Unreachable: No whole reply in time, one that is too long, or one that leads elsewhere.
        """
        for _ in range(MOST_REDIRECTS + 1):
            answered, location = self._once(url, deadline, operation)
            if location is None:
                return answered
            target = urljoin(url, location)
            if _origin(target) != _origin(self.url):
                raise self._unreadable("it redirects to another host, which is not followed", operation)
            url = target
        raise self._unreadable(f"it redirects more than {MOST_REDIRECTS} times", operation)

    def close(self) -> None:
        """Let go of connections."""
        self._pool.close()

    def _once(self, url: str, deadline: float, operation: str) -> tuple[Answered, str | None]:
        left = deadline - time.monotonic()
        if left <= 0:
            raise Unreachable("there was no time left to ask", provider=self.name, operation=operation)
        parts = urlsplit(url)
        target = f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}"
        response: urllib3.BaseHTTPResponse | None = None
        try:
            response = self._pool.urlopen(
                "GET",
                target,
                headers=self._headers,
                retries=False,
                redirect=False,
                timeout=urllib3.Timeout(total=left),
                preload_content=False,
                decode_content=False,
            )
            if location := response.get_redirect_location():
                response.close()
                return Answered(response.status, b""), location
            return Answered(response.status, self._body(response, deadline, operation), after_of(response)), None
        except urllib3.exceptions.HTTPError as error:
            raise Unreachable(_said(error, self.timeout), provider=self.name, operation=operation) from error
        finally:
            if response is not None:
                response.release_conn()

    def _body(self, response: "urllib3.BaseHTTPResponse", deadline: float, operation: str) -> bytes:
        whole = False
        try:
            if response.headers.get("content-encoding", "identity").lower() not in ("identity", ""):
                raise self._unreadable("its reply is compressed, which the request did not allow", operation)
            chunks, size = [], 0
            while chunk := response.read1(_CHUNK):
                chunks.append(chunk)
                size += len(chunk)
                if size > MOST_BYTES:
                    raise self._unreadable(f"its reply is longer than {MOST_BYTES // 2**20} MiB", operation)
                if time.monotonic() > deadline:
                    text = f"its reply was not whole within {self.timeout.total_seconds():g} s"
                    raise Unreachable(text, provider=self.name, operation=operation)
            whole = True
            return b"".join(chunks)
        finally:
            if not whole:
                response.close()

    def _unreadable(self, text: str, operation: str) -> UnreadableReply:
        return UnreadableReply(text, provider=self.name, operation=operation)


def after_of(response: "urllib3.BaseHTTPResponse") -> timedelta | None:
    """How long a reply asks to wait, in seconds; dates are not heeded."""
    text = response.headers.get("retry-after", "")
    return timedelta(seconds=int(text)) if text.isascii() and text.isdigit() and len(text) < 7 else None


def _pool(name: str, url: str, ca: str | None, certificate: str | None) -> "urllib3.HTTPConnectionPool":
    parts = urlsplit(url)
    if parts.scheme == "http":
        if ca or certificate:
            raise ConfigError([f"source {name!r}: certificates are for https; its address is http"])
        return urllib3.HTTPConnectionPool(parts.hostname or "", parts.port or 80, maxsize=MOST_CONNECTIONS)
    context = _context(name, ca, certificate)
    return urllib3.HTTPSConnectionPool(
        parts.hostname or "", parts.port or 443, maxsize=MOST_CONNECTIONS, ssl_context=context
    )


def _context(name: str, ca: str | None, certificate: str | None) -> ssl.SSLContext:
    given = ca
    try:
        context = ssl.create_default_context(cafile=ca)
        given = certificate
        if certificate:
            context.load_cert_chain(certificate, password=_no_password)
    except (OSError, ValueError) as error:
        said = error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
        raise ConfigError([f"source {name!r}: {given} is not a usable PEM file: {said}"]) from error
    return context


def _no_password() -> str:
    raise ValueError("the key is locked by a password")


def _origin(url: str) -> tuple[str, str, int | None]:
    parts = urlsplit(url)
    default = {"http": 80, "https": 443}.get(parts.scheme)
    return parts.scheme, (parts.hostname or "").lower(), parts.port or default


def _said(error: Exception, timeout: timedelta) -> str:
    if isinstance(error, urllib3.exceptions.TimeoutError):
        return f"no reply within {timeout.total_seconds():g} s"
    if isinstance(error, urllib3.exceptions.SSLError):
        return f"its certificate is not trusted: {error}; give the authority's by `ca`"
    return str(error)
