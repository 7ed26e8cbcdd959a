"""Asking an instance whether it serves, before any request is sent to it."""

import socket
import time
from contextlib import suppress
from datetime import timedelta
from ipaddress import ip_address

TIMEOUT = timedelta(seconds=2)
_LONGEST_LINE = 8192
_GOOD = range(200, 400)
"""What HAProxy's own `option httpchk` takes for a good answer."""


def answers(address: str, port: int, path: str | None, *, timeout: timedelta = TIMEOUT) -> bool:
    """
    Whether an instance takes a connection, and answers with a status of 200 to 399 where it is asked for a path.

    Args:
        address: Its IP address.
        port: The port that it serves on.
        path: What it is asked; a connection is enough when left out.
        timeout: How long all of it may take.
    """
    end = time.monotonic() + timeout.total_seconds()
    with (
        suppress(OSError, ValueError),
        socket.create_connection((address, port), timeout.total_seconds()) as connection,
    ):
        if path is None:
            return True
        host = f"[{address}]" if ip_address(address).version == 6 else address
        connection.sendall(f"GET {path} HTTP/1.0\r\nHost: {host}:{port}\r\nUser-Agent: trimtab\r\n\r\n".encode())
        line = b""
        while b"\n" not in line and len(line) < _LONGEST_LINE and (left := end - time.monotonic()) > 0:
            connection.settimeout(left)
            block = connection.recv(_LONGEST_LINE)
            if not block:
                break
            line += block
        version, status, *_ = line.split(b"\n", 1)[0].split()
        return version.startswith(b"HTTP/") and int(status) in _GOOD
    return False
