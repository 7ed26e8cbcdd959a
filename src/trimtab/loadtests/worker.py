"""
A process of a load test: `python -m trimtab.loadtests.worker` sends requests with Locust, and tells of each.

Locust patches the modules of its process with those of gevent, so that only this one may import it. The first line of
standard input says what to send, the second when to begin; each line of standard output is what was sent since the one
before. Whoever started it holds the other end of standard input: once that is gone, so is this process.
"""

import json
import logging
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NoReturn

from trimtab.loadtests.arrivals import arrivals

_FLUSH = 0.2
"""Seconds from one line of results to the next."""
_LATE_USERS = 0.05


class InputLines:
    """The lines of standard input; without a next one the process ends."""

    def __init__(self) -> None:
        self._held = b""

    def next(self) -> dict[str, Any]:
        """The next line; waits for it."""
        while b"\n" not in self._held:
            self._held += _read()
        line, _, self._held = self._held.partition(b"\n")
        return dict(json.loads(line))

    def watch(self) -> None:
        """End the process when the lines end, whatever it is doing then: its parent has gone."""
        from gevent.monkey import get_original

        def watching() -> None:
            while True:
                _read()

        # a thread of the system: one of gevent's would only run when the others wait
        get_original("_thread", "start_new_thread")(watching, ())


def _read() -> bytes:
    some = os.read(0, 65536)
    return some or leave(3)


def main() -> int:
    """Send what standard input says, and tell of it."""
    lines = InputLines()
    work = lines.next()
    try:
        import locust
    except ModuleNotFoundError as missing:
        tell({"missing": missing.name})
        return 1
    tell({"ready": locust.__version__})
    begin = lines.next()["begin"]
    lines.watch()
    send(work, begin)
    return 0


def tell(line: Mapping[str, Any]) -> None:
    """One line to whoever started this process; without a reader there is nothing to go on for."""
    try:
        os.write(1, f"{json.dumps(line)}\n".encode())
    except BrokenPipeError:
        leave(3)


def leave(code: int) -> NoReturn:
    """End at once, whatever greenlets still do."""
    os._exit(code)


class RequestLog:
    """What was sent and has not been told yet, and what is under way."""

    def __init__(self, begin: float) -> None:
        self.begin = begin
        self.rows: list[tuple[float, float, float, str]] = []
        self.under_way: dict[int, tuple[float, float]] = {}

    def began(self, number: int, due: float) -> None:
        """A request that is sent now."""
        self.under_way[number] = (due, time.monotonic() - self.begin)

    def ended(self, number: int, seconds: float, error: str) -> None:
        """The same, answered or given up."""
        if number in self.under_way:
            due, at = self.under_way.pop(number)
            self.rows.append((round(due, 4), round(at, 4), round(seconds, 6), error))

    def give_up(self) -> None:
        """What is under way will not be waited for."""
        now = time.monotonic() - self.begin
        for number, (_, at) in list(self.under_way.items()):
            self.ended(number, now - at, "no answer in time")

    def flush(self) -> None:
        """Tell of what has ended."""
        if self.rows:
            rows, self.rows = self.rows, []
            tell({"requests": rows})


def send(work: Mapping[str, Any], begin: float) -> None:
    """Send all requests at their moments, as far as there are users free for them."""
    import gevent
    from locust.env import Environment

    logging.getLogger("locust").setLevel(logging.ERROR)  # it warns of many users at once, who are meant
    log = RequestLog(begin)
    turns = enumerate(
        arrivals(work["rates"], work["step"], work["seed"], worker=work["worker"], workers=work["workers"])
    )
    user = user_class(work, log, turns)
    environment = Environment(user_classes=[user], host=work["origin"])
    heard: Any = environment.events.request
    heard.add_listener(listener(log))
    runner = environment.create_local_runner()
    runner.start(work["users"], spawn_rate=work["users"] / _LATE_USERS)
    last = begin + len(work["rates"]) * work["step"] + work["timeout"] + 1
    # users stop once there is nothing left to send
    while time.monotonic() < last and (runner.user_count or runner.state in ("ready", "spawning")):
        gevent.sleep(_FLUSH)
        log.flush()
        if os.getppid() != work["parent"]:  # a child of whoever is gone may still hold the other end
            leave(3)
    log.give_up()
    log.flush()
    counted = environment.stats.total
    tell({"done": {"requests": counted.num_requests, "failures": counted.num_failures}})
    leave(0)


def user_class(work: Mapping[str, Any], log: RequestLog, turns: Iterator[tuple[int, float]]) -> Any:
    """A user of Locust that sends the next request that is due, until there is none."""
    import gevent
    from locust import constant, task
    from locust.contrib.fasthttp import FastHttpUser
    from locust.exception import StopUser

    class Visitor(FastHttpUser):
        network_timeout = connection_timeout = work["timeout"]
        insecure = False
        max_retries = 0
        wait_time = constant(0)

        def on_start(self) -> None:
            # an answer that sends elsewhere is not followed: only the host that was named agreed to load;
            # `allow_redirects` fails before Locust 2.38 with a newer geventhttpclient, over a name that was misspelt
            agent: Any = self.client.client
            agent.redirect_response_codes = agent.redirect_resonse_codes = frozenset()

        @task
        def visit(self) -> None:
            number, due = next(turns, (-1, 0.0))
            if number < 0:
                raise StopUser
            gevent.sleep(max(0.0, log.begin + due - time.monotonic()))
            log.began(number, due)
            try:
                self.client.get(work["path"], context={"number": number})
            except Exception as error:  # what Locust takes for no answer of any kind is a failed one
                log.ended(number, max(0.0, time.monotonic() - log.begin - due), type(error).__name__)

    return Visitor


def listener(log: RequestLog) -> Callable[..., None]:
    """What hears of each request of Locust's."""

    def request(response_time: float, context: Mapping[str, Any], exception: BaseException | None, **more: Any) -> None:
        status = getattr(more.get("response"), "status_code", 0) or 0
        log.ended(context["number"], response_time / 1000, error_of(status, exception))

    return request


def error_of(status: int, exception: BaseException | None) -> str:
    """What is wrong with an answer in a few words; empty where it is fine."""
    if status >= 400:
        return f"HTTP {status}"
    if exception is None:
        return "" if status < 300 else f"redirect {status}"
    name, text = type(exception).__name__.lower(), str(exception).lower()
    if "timeout" in name or "timed out" in text:
        return "no answer in time"
    if "refused" in name or "refused" in text:
        return "connection refused"
    if "reset" in name or "closed" in name or "closed" in text:
        return "connection closed"
    return type(exception).__name__


if __name__ == "__main__":
    sys.exit(main())
