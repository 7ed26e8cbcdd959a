"""What every emulated cloud does: it listens on loopback, answers one call at a time, and keeps a log of them."""

import json
import threading
import traceback
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from datetime import datetime
from types import TracebackType
from typing import Any, ClassVar, Generic, Self, TextIO, TypeVar

from trimtab.clock import Clock
from trimtab.emulators.shared.calls import EmulatorReply, ServedRequest
from trimtab.emulators.shared.clock import EmulatorClock
from trimtab.emulators.shared.control import PREFIX, Control, Door
from trimtab.emulators.shared.doors import ControlClient
from trimtab.emulators.shared.errors import ServiceError
from trimtab.emulators.shared.faults import Faults
from trimtab.emulators.shared.faulty import Dropped, FaultInjector
from trimtab.emulators.shared.journal import Journal
from trimtab.emulators.shared.origins import refusal
from trimtab.emulators.shared.timers import Timers
from trimtab.emulators.shared.wire import Handler, WireServer, hang_up

R = TypeVar("R", bound=ServedRequest)
W = TypeVar("W", bound=Timers)


class Emulator(ABC, Generic[R, W]):
    """
    A cloud on 127.0.0.1, as a context manager.

    Args:
        clock: The clock that its own follows until it is moved; by default the machine's.
        port: Where to listen; 0 takes a free port.
        log: Gets one line for each API call.
    """

    defaults: ClassVar[Mapping[str, float]]
    """The settings that it begins with."""
    handler: ClassVar[type[Handler]] = Handler

    def __init__(self, clock: Clock | None = None, port: int = 0, log: TextIO | None = None) -> None:
        self.clock = EmulatorClock(clock)
        self.faults = Faults()
        self.journal = Journal(log)
        self.settings = dict(self.defaults)
        self._world = self.make_world()
        self._points: list[dict[str, Any]] = []
        # state is kept without locks: one call at a time has its effect
        self._effects = threading.Lock()
        self._faulty: FaultInjector[R] = FaultInjector(self.faults, self)
        doors = {place: self._alone(door) for place, door in self.more_doors(self._world).items()}
        self._control = Control(self, doors)
        self._server = WireServer(port, self._application, self.handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    # what a cloud has of its own

    @abstractmethod
    def make_world(self) -> W:
        """The state, empty."""

    @abstractmethod
    def more_doors(self, world: W) -> Mapping[tuple[str, str], Door]:
        """Doors that only this cloud has, by method and name."""

    @abstractmethod
    def read(self, environ: dict[str, Any]) -> R:
        """What an HTTP request asks for."""

    @abstractmethod
    def handle(self, request: R) -> EmulatorReply:
        """Do what is asked; raises `ServiceError` for what is refused."""

    @abstractmethod
    def failure(self, request: R, error: ServiceError) -> EmulatorReply:
        """An error in the cloud's own shape."""

    @abstractmethod
    def nothing(self, request: R) -> EmulatorReply:
        """What a read answers when there is nothing."""

    @abstractmethod
    def throttled(self, request: R) -> ServiceError:
        """The error of a call too many."""

    @abstractmethod
    def denied(self, request: R) -> ServiceError:
        """The error of a call without permission."""

    @abstractmethod
    def broken(self, request: R) -> ServiceError:
        """The error of a server that fails."""

    @abstractmethod
    def missing(self, request: R, text: str) -> ServiceError:
        """The error of a call that the emulator does not have."""

    @abstractmethod
    def measure(self, region: str | None, point: Mapping[str, Any]) -> dict[str, Any]:
        """Store one metric point that came through the door, and answer it as `list_metrics` shows it."""

    @property
    @abstractmethod
    def environment(self) -> dict[str, str]:
        """The environment variables that send the vendor's SDK here."""

    def make_furniture(self) -> Mapping[str, str]:
        """Have its owner make what an account usually has; says what there is, by kind."""
        return {}

    # what all do

    def furnish(self) -> Mapping[str, str]:
        """
        Have an account with what groups refer to: network, subnets, balancers, keys, under the names of the examples.

        The log of calls knows nothing of it.

        Returns:
            What there is, by kind.
        """
        with self.journal.paused():
            return self.make_furniture()

    @property
    def endpoint(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def doors(self) -> ControlClient:
        """A client of the control doors."""
        return ControlClient(self.endpoint)

    def stop(self) -> None:
        """Stop serving, drop what is held, and forget everything."""
        if not self._thread.is_alive():
            return
        self.faults.gate.release(drop=True)
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        with self._effects:
            self._world.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def clock_moved(self) -> None:
        """Fire what was due up to now."""
        with self._effects:
            self._world.tick()

    def earlier_replies(self) -> Mapping[str, EmulatorReply]:
        """What reads answered last."""
        return self._faulty.earlier_replies()

    def push_metrics(self, region: str | None, points: list[dict[str, Any]]) -> None:
        """Store metric points."""
        entries = [_point(each, self._world.now()) for each in points]
        with self._effects:
            self._points += [self.measure(region, point) for point in entries]

    def list_metrics(self) -> list[dict[str, Any]]:
        """The metric points that were stored through the door."""
        return list(self._points)

    def reset(self) -> None:
        """Wipe everything: state, faults, holds, log, settings and clock."""
        self.faults.clear()
        self.faults.gate.release(drop=True)
        self.clock.run()
        with self._effects:
            self._world.wipe()
            self._points.clear()
        self.settings.update(self.defaults)
        self._faulty.forget()
        self.journal.clear()

    def effect(self, request: R) -> EmulatorReply:
        """Answer a call, alone: what is due happens before it, and what it leads to at once before the next."""
        with self._effects:
            try:
                self._world.tick()
                reply = self.handle(request)
                self._world.tick()
                return reply
            except ServiceError as error:
                return self.failure(request, error)
            except NotImplementedError as error:
                return self.failure(request, self.missing(request, str(error)))
            except Exception as error:
                self.journal.note(traceback.format_exc())
                fault = self.broken(request)
                fault.message = f"the emulator failed: {type(error).__name__}: {error}"
                return self.failure(request, fault)

    def serve(self, request: R) -> EmulatorReply:
        """Answer a call with the faults that were asked for, and log it; raises `Dropped` in place of a reply."""
        try:
            reply = self._faulty.answer(request)
        except Dropped:
            self._note(request, 0, None)
            raise
        self._note(request, reply.status, reply.code)
        return reply

    def _alone(self, door: Door) -> Door:
        def guarded(body: Any) -> Any:
            with self._effects:
                self._world.tick()
                answer = door(body)
                self._world.tick()
                return answer

        return guarded

    def _application(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if problem := refusal(environ, self._server.server_port):
            read_body(environ)
            return _answer_json(403, json.dumps({"error": problem}).encode(), start_response)
        path = environ.get("PATH_INFO", "")
        if path.startswith(PREFIX):
            return _answer_door(self._control, environ, start_response)
        try:
            reply = self.serve(self.read(environ))
        except Dropped:
            hang_up(environ["werkzeug.socket"])
            raise ConnectionAbortedError("dropped on request") from None
        except Exception as error:
            # a request that cannot even be read has no protocol to answer in
            self.journal.note(traceback.format_exc())
            text = f"the emulator cannot read this request: {type(error).__name__}: {error}"
            return _answer_json(400, json.dumps({"error": text}).encode(), start_response)
        start_response(f"{reply.status} {'OK' if reply.status < 400 else 'Error'}", _headers(reply))
        return [reply.body]

    def _note(self, request: R, status: int, code: str | None) -> None:
        entry = {
            "service": request.service,
            "operation": request.operation,
            "region": request.region,
            "params": request.shown,
            "status": status,
            "code": code,
            "write": request.is_write,
        }
        self.journal.add(self.clock.now(), entry, subject=request.subject)


def read_body(environ: Mapping[str, Any]) -> bytes:
    """What was sent."""
    length = int(environ.get("CONTENT_LENGTH") or 0)
    body: bytes = environ["wsgi.input"].read(length) if length else b""
    return body


def _answer_door(control: Control, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    method, query = environ["REQUEST_METHOD"], environ.get("QUERY_STRING", "")
    status, answer = control.answer(method, environ["PATH_INFO"], query, read_body(environ))
    return _answer_json(status, answer, start_response)


def _answer_json(status: int, answer: bytes, start_response: Any) -> Iterable[bytes]:
    head = [("Content-Type", "application/json"), ("Content-Length", str(len(answer)))]
    start_response(f"{status} Door", head)
    return [answer]


def _headers(reply: EmulatorReply) -> list[tuple[str, str]]:
    kept = [(name, str(value)) for name, value in reply.headers if name.lower() not in _HOP_BY_HOP]
    # these two have no body, and so no length of it
    length = [] if reply.status in (204, 304) else [("Content-Length", str(len(reply.body) + reply.lost))]
    return [*kept, *length, *([("Connection", "close")] if reply.lost else [])]


_HOP_BY_HOP = {"content-length", "connection", "date", "server", "transfer-encoding"}


def _point(given: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    at = datetime.fromisoformat(given["at"]) if given.get("at") else now
    where: dict[str, Any] = {"resource": str(given["resource"])} if given.get("resource") else {}
    if given.get("labels"):
        where["labels"] = dict(given["labels"])
    return {
        **where,
        "namespace": str(given["namespace"]),
        "metric": str(given["metric"]),
        "dimensions": dict(given.get("dimensions") or {}),
        "value": float(given["value"]),
        "unit": given.get("unit"),
        "at": at.isoformat(),
    }
