"""Queues: moto's own, whose messages come and go by the emulator's clock."""

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

import moto.sqs.models
from moto.core.utils import unix_time
from moto.sqs.models import sqs_backends

from trimtab.emulators.aws.world import Region

_behind: ContextVar[float] = ContextVar("behind", default=0.0)
"""By how many seconds the emulator's clock differs from the machine's, for the request that is answered."""


def follow_clock() -> None:
    """Have moto's queues go by the emulator's clock; calling it again changes nothing."""
    models: Any = moto.sqs.models
    models.unix_time, models.unix_time_millis = _seconds, _milliseconds


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    """Have queues hold it to be so late."""
    token = _behind.set(moment.timestamp() - time.time())
    try:
        yield
    finally:
        _behind.reset(token)


def answer_at_once(body: bytes) -> bytes:
    """
    A request for messages that waits for none.

    The emulator answers one call at a time: one that waited would keep the others out.
    """
    try:
        params = json.loads(body)
    except ValueError:
        return body
    return json.dumps({**params, "WaitTimeSeconds": 0}).encode() if isinstance(params, Mapping) else body


def find_queue(region: Region, name: str) -> Any:
    """The queue of that name; `None` where there is none."""
    return sqs_backends[region.account][region.name].queues.get(name)


def send(region: Region, name: str, text: str) -> None:
    """Put a message into a queue."""
    sqs_backends[region.account][region.name].send_message(name, text)


def _seconds(moment: datetime | None = None) -> float:
    return (
        unix_time(moment) if moment is not None else unix_time(datetime.now(UTC).replace(tzinfo=None)) + _behind.get()
    )


def _milliseconds(moment: datetime | None = None) -> float:
    return _seconds(moment) * 1000.0
