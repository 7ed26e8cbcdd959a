"""HAProxy's runtime API over its stats socket, or over TLS to what forwards to it. Never a shell."""

import socket
import ssl
import time
from collections.abc import Mapping, Sequence
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path

from trimtab.errors import AccessDenied, InvalidRequest, ProviderError, Unreachable, UnreadableReply
from trimtab.haproxy.replies import PROVIDER, ServerState, backend_id, check_done, parse_servers, parse_stats
from trimtab.models import Fleet, HaproxyBalancer

TIMEOUT = timedelta(seconds=5)
MOST_BYTES = 32 * 2**20
_BLOCK = 65536


class RuntimeClient:
    """
    Asks one HAProxy about one backend. Each command is a connection of its own; thread-safe.

    Args:
        settings: Where it is, and which backend.
        folder: The folder that paths of files are beside.
        timeout: How long one command may take, connecting included.

    Raises:
        InvalidRequest: A file of certificates cannot be read.
    """

    def __init__(self, settings: HaproxyBalancer, *, folder: Path | None = None, timeout: timedelta = TIMEOUT) -> None:
        self.settings = settings
        self._timeout = timeout.total_seconds()
        self._folder = folder or Path()
        self._tls = self._context() if settings.tls else None

    def __repr__(self) -> str:
        return f"<RuntimeClient {self.place}>"

    @property
    def place(self) -> str:
        """Where it is asked: its address, or the path of its socket."""
        return self.settings.address or self.settings.socket or ""

    # what it is asked

    def servers(self) -> tuple[ServerState, ...]:
        """
        The servers of the backend, those of others too.

        Raises:
            NotFound: There is no such backend.
            ProviderError: HAProxy does not answer, or not as expected.
        """
        state = self.ask(f"show servers state {self.settings.backend}")
        return parse_servers(state, self.ask(f"show stat {backend_id(state)} 4 -1"))

    def stats(self) -> Sequence[Mapping[str, str]]:
        """
        The rows of `show stat` of the backend and its servers.

        Raises:
            NotFound: There is no such backend.
            ProviderError: HAProxy does not answer, or not as expected.
        """
        backend = self.settings.backend
        number = backend_id(self.ask(f"show servers state {backend}"))
        return [row for row in parse_stats(self.ask(f"show stat {number} 6 -1")) if row["pxname"] == backend]

    def add(self, server: str, address: str, port: int, *, weight: int = 1) -> None:
        """
        Register a server, which is in maintenance then.

        Raises:
            AlreadyExists: There is a server of this name.
            ProviderError: HAProxy refuses.
        """
        settings = self.settings
        try:
            host = ip_address(address)
        except ValueError as error:
            text = f"{address!r} is not an IP address"
            raise InvalidRequest(text, provider=PROVIDER, operation="add server") from error
        interval = round(settings.check_interval.total_seconds() * 1000)
        options = f"weight {weight} check inter {interval}ms"
        if settings.max_connections is not None:
            options += f" maxconn {settings.max_connections}"
        where = f"[{host}]:{port}" if host.version == 6 else f"{host}:{port}"
        self._do(f"add server {self._of(server)} {where} {options}")

    def delete(self, server: str) -> None:
        """
        Delete a server.

        Raises:
            NotFound: There is no such server.
            Conflict: It is not in maintenance, or requests are left.
        """
        self._do(f"del server {self._of(server)}")

    def set_state(self, server: str, state: str) -> None:
        """Have a server `ready`, in `drain` or in `maint`."""
        self._do(f"set server {self._of(server)} state {state}")

    def set_weight(self, server: str, weight: int) -> None:
        """Set the weight of a server, 0 to 256."""
        self._do(f"set server {self._of(server)} weight {weight}")

    def enable_health(self, server: str) -> None:
        """Have the health check of a server run: that of a server that was added does not."""
        self._do(f"enable health {self._of(server)}")

    def shut_sessions(self, server: str) -> None:
        """Cut off all requests of a server."""
        self._do(f"shutdown sessions server {self._of(server)}")

    def _of(self, server: str) -> str:
        return f"{self.settings.backend}/{server}"

    def _do(self, command: str) -> None:
        check_done(_operation(command), self.ask(command))

    # how

    def ask(self, command: str) -> str:
        """
        What HAProxy answers to a command.

        Raises:
            Unreachable: It does not answer in time, or nobody is there.
            AccessDenied: The socket is not for this user, or a certificate is not trusted.
            UnreadableReply: The answer is too long, or is no text.
        """
        if any(letter in command for letter in "\r\n;\\"):
            raise InvalidRequest(f"{command!r} is more than one command", provider=PROVIDER, operation="ask")
        try:
            return self._asked(command)
        except (OSError, ValueError) as error:
            raise self._failure(error, _operation(command)) from error

    def _asked(self, command: str) -> str:
        end = time.monotonic() + self._timeout
        parts: list[bytes] = []
        size = 0
        with self._connected(end) as connection:
            connection.sendall(f"{command}\n".encode())
            while True:
                connection.settimeout(_left(end))
                block = connection.recv(_BLOCK)
                if not block:
                    return b"".join(parts).decode()
                parts.append(block)
                size += len(block)
                if size > MOST_BYTES:
                    raise UnreadableReply(
                        f"its answer is longer than {MOST_BYTES // 2**20} MiB",
                        provider=PROVIDER,
                        operation=_operation(command),
                    )

    def _connected(self, end: float) -> socket.socket:
        if self.settings.socket is not None:
            local = socket.socket(socket.AF_UNIX)
            try:
                local.settimeout(_left(end))
                local.connect(str(self._folder / self.settings.socket))
            except BaseException:
                local.close()
                raise
            return local
        host, _, port = (self.settings.address or "").rpartition(":")
        host = host.strip("[]")
        plain = socket.create_connection((host, int(port)), timeout=_left(end))
        if self._tls is None:
            return plain
        try:
            plain.settimeout(_left(end))
            return self._tls.wrap_socket(plain, server_hostname=self.settings.server_name or host)
        except BaseException:
            plain.close()
            raise

    def _context(self) -> ssl.SSLContext:
        settings = self.settings
        try:
            context = ssl.create_default_context(cafile=str(self._folder / settings.ca) if settings.ca else None)
            if settings.certificate:
                context.load_cert_chain(str(self._folder / settings.certificate))
        except (OSError, ssl.SSLError) as error:
            text = f"{settings.ca or ''} {settings.certificate or ''}".strip()
            raise InvalidRequest(
                f"the certificates in {text} cannot be read: {error}", provider=PROVIDER, operation="connect"
            ) from error
        return context

    def _failure(self, error: Exception, operation: str) -> ProviderError:
        kind: type[ProviderError]
        match error:
            case ssl.SSLCertVerificationError():
                text, kind = f"its certificate is not trusted: {error.verify_message}", AccessDenied
            case ssl.SSLError():
                text, kind = f"no TLS: {error.reason or error}", Unreachable
            case TimeoutError():
                text, kind = f"no answer within {self._timeout:g} s", Unreachable
            case PermissionError():
                text, kind = (
                    "this user may not open it; set `mode`, `user` or `group` of its stats socket",
                    AccessDenied,
                )
            case FileNotFoundError():
                text, kind = "no such socket; is HAProxy running, with `stats socket` in its `global`?", Unreachable
            case UnicodeDecodeError():
                text, kind = "its answer is not text", UnreadableReply
            case _:
                text, kind = getattr(error, "strerror", None) or str(error), Unreachable
        return kind(f"{self.place}: {text}", provider=PROVIDER, operation=operation)


def folder_of(fleet: Fleet, group: str) -> Path | None:
    """Where paths in the file begin; `None`, which is the working directory, for a fleet made in Python."""
    position = fleet.position(group, "load_balancers")
    return Path(position.file).parent if position else None


def _left(end: float) -> float:
    left = end - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _operation(command: str) -> str:
    """`set server` of `set server web/a state ready`."""
    return " ".join(command.split()[:2])
