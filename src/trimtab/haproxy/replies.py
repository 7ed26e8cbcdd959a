"""
What HAProxy's runtime API answers, as values; pure.

https://docs.haproxy.org/2.6/management.html#9.3
"""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from trimtab.errors import (
    AccessDenied,
    AlreadyExists,
    Conflict,
    InvalidRequest,
    NotFound,
    ProviderError,
    UnreadableReply,
)

PROVIDER = "haproxy"
MAINTENANCE_BITS = 0x01 | 0x02 | 0x04 | 0x20 | 0x40
"""Forced, inherited, configured, by a name that resolves to nothing, by a host that is gone."""
DRAIN_BITS = 0x08 | 0x10
CHECK_ENABLED = 0x04
STOPPED = 0
_VERSION = "1"
_STATE_COLUMNS = (
    *("be_id", "be_name", "srv_name", "srv_addr", "srv_port", "srv_op_state", "srv_admin_state", "srv_uweight"),
    *("srv_time_since_last_change", "srv_check_state"),
)
_STAT_COLUMNS = ("pxname", "svname", "type", "scur", "qcur")
BACKEND, SERVER = "1", "2"
"""Types of rows of `show stat`."""


class ServerMode(StrEnum):
    """What a server is told to do."""

    READY = "ready"
    DRAIN = "drain"
    MAINTENANCE = "maintenance"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerState:
    """
    One server of a backend.

    Attributes:
        is_up: Whether HAProxy holds it to be alive; a new one is so until its first check.
        is_checked: Whether its health check runs.
        since: How long ago its state changed last.
        sessions: Requests that it works on or that wait for it.
    """

    name: str
    address: str
    port: int
    mode: ServerMode
    is_up: bool = True
    is_checked: bool = True
    weight: int = 1
    since: timedelta = timedelta(0)
    sessions: int = 0


def parse_servers(text: str, stats: str) -> tuple[ServerState, ...]:
    """
    The servers of a backend, out of `show servers state BACKEND` and `show stat ID 4 -1`.

    Raises:
        UnreadableReply: It is another format.
        NotFound: There is no such backend.
    """
    rows = _state_rows(text)
    counted = [row for row in parse_stats(stats) if rows and row["pxname"] == rows[0]["be_name"]]
    sessions = {row["svname"]: _number(row["scur"]) + _number(row["qcur"]) for row in counted}
    return tuple(_server(row, sessions.get(row["srv_name"], 0)) for row in rows)


def backend_id(text: str) -> str:
    """
    The number by which `show stat` takes a backend: a frontend may have its name. `-1`, which is all, without servers.

    Raises:
        UnreadableReply: It is another format.
        NotFound: There is no such backend.
    """
    return next((row["be_id"] for row in _state_rows(text)), "-1")


def _state_rows(text: str) -> Sequence[Mapping[str, str]]:
    lines = text.splitlines()
    if not lines or lines[0] != _VERSION or len(lines) < 2 or not lines[1].startswith("# "):
        raise error_of("show servers state", text) or _unreadable("show servers state")
    heads = lines[1][2:].split()
    rows = [dict(zip(heads, line.split(" "), strict=False)) for line in lines[2:] if line]
    if any(name not in row for row in rows for name in _STATE_COLUMNS):
        raise _unreadable("show servers state")
    return rows


def _server(row: Mapping[str, str], sessions: int) -> ServerState:
    admin = _number(row["srv_admin_state"])
    mode = ServerMode.DRAIN if admin & DRAIN_BITS else ServerMode.READY
    return ServerState(
        name=row["srv_name"],
        address=row["srv_addr"],
        port=_number(row["srv_port"]),
        mode=ServerMode.MAINTENANCE if admin & MAINTENANCE_BITS else mode,
        is_up=_number(row["srv_op_state"]) != STOPPED,
        is_checked=bool(_number(row["srv_check_state"]) & CHECK_ENABLED),
        weight=_number(row["srv_uweight"]),
        since=timedelta(seconds=_number(row["srv_time_since_last_change"])),
        sessions=sessions,
    )


def parse_stats(text: str) -> Sequence[Mapping[str, str]]:
    """
    The rows of `show stat`, by the names of its columns, which differ from version to version.

    Raises:
        UnreadableReply: It is another format.
        NotFound: There is no such backend.
    """
    if not text.startswith("# "):
        raise error_of("show stat", text) or _unreadable("show stat")
    rows = list(csv.DictReader(text[2:].strip().splitlines()))
    if any(not row.get(name) and row.get(name) != "" for row in rows for name in _STAT_COLUMNS):
        raise _unreadable("show stat")
    return rows


def _number(text: str) -> int:
    try:
        return int(text or 0)
    except ValueError as error:
        raise _unreadable("show") from error


def _unreadable(operation: str) -> UnreadableReply:
    text = "its reply has another format than HAProxy 2.4 and newer have"
    return UnreadableReply(text, provider=PROVIDER, operation=operation)


GONE = ("No such server", "No such backend", "Can't find backend", "No such proxy")
_ERRORS: Sequence[tuple[str, type[ProviderError], str]] = (
    *((text, NotFound, "") for text in GONE),
    ("Permission denied", AccessDenied, "; give its stats socket `level admin`"),
    ("Already exists a server", AlreadyExists, ""),
    ("Only servers in maintenance mode", Conflict, ""),
    ("Server still has connections", Conflict, ""),
    ("must use a dynamic load balancing", InvalidRequest, "; write `balance roundrobin` or `leastconn` in its backend"),
    ("Unknown command", InvalidRequest, "; HAProxy 2.6 or newer adds servers without experimental mode"),
)
DONE = ("", "New server registered.", "Server deleted.")
"""What it answers to a command that went through."""


def error_of(operation: str, text: str) -> ProviderError | None:
    """The error that an answer tells of; `None` where it is none that is known."""
    line = text.strip().partition("\n")[0]
    for begin, kind, fix in _ERRORS:
        if begin in line:
            return kind(f"{line.rstrip('.')}{fix}", provider=PROVIDER, operation=operation)
    return None


def check_done(operation: str, text: str) -> None:
    """
    Go on where a command went through.

    Raises:
        ProviderError: HAProxy says otherwise; in its own words.
    """
    line = text.strip()
    if line not in DONE:
        raise error_of(operation, text) or InvalidRequest(line[:300], provider=PROVIDER, operation=operation)
