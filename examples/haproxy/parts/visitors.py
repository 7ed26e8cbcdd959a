"""
The visitors: requests at the times of a plan, whether or not the ones before are answered (an open loop).

Run as a program of its own: `visitors.py PLAN RESULT`, two JSON files. It needs nothing but Python.
"""

import asyncio
import json
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

REQUEST = b"GET / HTTP/1.1\r\nHost: shop\r\n\r\n"
PATIENCE = 10.0
"""Seconds after which an answer is given up; HAProxy answers much earlier."""
KEPT = 15.0
"""Seconds for which a connection is kept without a request; HAProxy keeps it for twice as long."""
Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


def moments(rates: Sequence[float], step: float) -> Iterator[tuple[int, float]]:
    """When each request is sent, evenly within each step, and in which step."""
    owed = 0.0
    for place, rate in enumerate(rates):
        owed += rate * step
        count = int(owed)
        owed -= count
        for number in range(count):
            yield place, (place + (number + 0.5) / count) * step


class Visitors:
    """Asks one address, on connections that are kept."""

    def __init__(self, port: int, steps: int) -> None:
        self._port = port
        self._idle: list[tuple[float, asyncio.StreamReader, asyncio.StreamWriter]] = []
        self.sent = [0] * steps
        self.refused = [0] * steps
        self.seconds: list[list[float]] = [[] for _ in range(steps)]
        """By step, how long the answers with 200 took."""

    async def ask(self, step: int) -> None:
        """Ask once, and count what comes of it."""
        self.sent[step] += 1
        began = time.perf_counter()
        try:
            status = await asyncio.wait_for(self._status(), PATIENCE)
        except (OSError, asyncio.IncompleteReadError, TimeoutError):
            status = 0
        if status == 200:
            self.seconds[step].append(time.perf_counter() - began)
        else:
            self.refused[step] += 1

    async def _status(self) -> int:
        reader, writer = self._kept() or await asyncio.open_connection("127.0.0.1", self._port)
        try:
            writer.write(REQUEST)
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            _, _, rest = head.partition(b"content-length:")
            if rest:
                await reader.readexactly(int(rest.split(b"\r\n", 1)[0]))
        except BaseException:
            writer.close()
            raise
        if rest and b"connection: close" not in head:
            self._idle.append((time.monotonic(), reader, writer))
        else:
            writer.close()
        return int(head.split(b" ", 2)[1])

    def _kept(self) -> Connection | None:
        """The connection that was used last, unless HAProxy may close it any moment."""
        while self._idle:
            since, reader, writer = self._idle.pop()
            if time.monotonic() - since < KEPT:
                return reader, writer
            writer.close()
        return None

    def result(self) -> dict[str, list[float | None]]:
        """A value for each step."""
        return {
            "sent": list(map(float, self.sent)),
            "refused": list(map(float, self.refused)),
            "p95": [sorted(each)[int(0.95 * (len(each) - 1))] if each else None for each in self.seconds],
        }


async def visit(plan: dict[str, object]) -> dict[str, list[float | None]]:
    """Carry out a plan: from `begin` on, in seconds since 1970, so many requests a second in each step."""
    rates, step, begin = plan["rates"], plan["step"], plan["begin"]
    if not (isinstance(rates, list) and isinstance(step, float) and isinstance(begin, float)):
        raise SystemExit("this is not a plan")
    visitors = Visitors(int(str(plan["port"])), len(rates))
    tasks: set[asyncio.Task[None]] = set()
    for place, moment in moments(rates, step):
        if (wait := begin + moment - time.time()) > 0:
            await asyncio.sleep(wait)
        task = asyncio.create_task(visitors.ask(place))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
    await asyncio.gather(*tasks)
    return visitors.result()


if __name__ == "__main__":
    Path(sys.argv[2]).write_text(json.dumps(asyncio.run(visit(json.loads(Path(sys.argv[1]).read_text())))))
