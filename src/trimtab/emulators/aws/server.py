"""The AWS emulator as a server on loopback."""

import socket
import threading
import traceback
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import datetime
from types import TracebackType
from typing import Any, Self, TextIO

from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from werkzeug.serving import make_server

from trimtab.clock import Clock
from trimtab.emulators.aws import evaluation, schedules, wire
from trimtab.emulators.aws.calls import Call
from trimtab.emulators.aws.checks import check
from trimtab.emulators.aws.errors import ServiceError
from trimtab.emulators.aws.extras import doors_of
from trimtab.emulators.aws.faulty import Dropped, Faulty
from trimtab.emulators.aws.handlers import HANDLERS
from trimtab.emulators.aws.images import publish_images
from trimtab.emulators.aws.metric_data import publish
from trimtab.emulators.aws.world import DEFAULT_SETTINGS, Region, World
from trimtab.emulators.clock import EmulatorClock
from trimtab.emulators.control import PREFIX, Control
from trimtab.emulators.doors import Doors
from trimtab.emulators.faults import Faults
from trimtab.emulators.journal import Journal


class AwsEmulator:
    """
    An AWS account on 127.0.0.1, as a context manager; the real boto3 talks to it over http.

    Args:
        clock: The clock that its own follows until it is moved; by default the machine's.
        port: Where to listen; 0 takes a free port.
        log: Gets one line for each API call.
    """

    def __init__(self, clock: Clock | None = None, port: int = 0, log: TextIO | None = None) -> None:
        publish_images()
        self.clock = EmulatorClock(clock)
        self.faults = Faults()
        self.journal = Journal(log)
        self.settings = dict(DEFAULT_SETTINGS)
        self._world = World(self.clock, self.settings, rearm=_rearm, on_datapoint=evaluation.wake_for)
        self._points: list[dict[str, Any]] = []
        self._moto = DomainDispatcherApplication(create_backend_app)
        # moto keeps its state without locks: one call at a time has its effect
        self._effects = threading.Lock()
        self._faulty = Faulty(self.faults, self._effect)
        self._control = Control(self, doors_of(self._world, self._effects))
        self._server = make_server("127.0.0.1", port, self._application, threaded=True, request_handler=_Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    @property
    def endpoint(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def environment(self) -> dict[str, str]:
        """The environment variables that send the vendor's SDK here."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": "trimtab",
            "AWS_SECRET_ACCESS_KEY": "trimtab",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    @property
    def doors(self) -> Doors:
        """A client of the control doors."""
        return Doors(self.endpoint)

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

    def earlier_replies(self) -> Mapping[str, wire.Reply]:
        """What reads answered last."""
        return self._faulty.earlier_replies()

    def push_metrics(self, region: str, points: list[dict[str, Any]]) -> None:
        """Store metric points, for this emulator and in moto's CloudWatch."""
        made = [_point(each, self._world.now()) for each in points]
        with self._effects:
            for point in made:
                publish(self._world.region(region), point["namespace"], [_datum(point)])
            self._points += [{"region": region, **point} for point in made]

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
        self.settings.update(DEFAULT_SETTINGS)
        self._faulty.forget()
        self.journal.clear()

    def _application(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if path.startswith(PREFIX):
            return _answer_door(self._control, environ, start_response)
        request = wire.read_request(environ)
        try:
            reply = self._faulty.answer(request)
        except Dropped:
            self._note(request, 0, None)
            _hang_up(environ)
            raise ConnectionAbortedError("dropped on request") from None
        self._note(request, reply.status, reply.code)
        start_response(f"{reply.status} {'OK' if reply.status < 400 else 'Error'}", _headers(reply))
        return [reply.body]

    def _effect(self, request: wire.Request) -> wire.Reply:
        with self._effects:
            self._world.tick()
            try:
                reply = self._handle(request)
                # what a call leads to at once has happened before the next
                self._world.tick()
                return reply
            except ServiceError as error:
                return wire.failure(request, error)
            except NotImplementedError as error:
                return wire.failure(request, _not_implemented(request, error))
            except Exception as error:
                self.journal.note(traceback.format_exc())
                text = f"the emulator failed: {type(error).__name__}: {error}"
                return wire.failure(request, ServiceError("InternalFailure", text, 500))

    def _handle(self, request: wire.Request) -> wire.Reply:
        check(request)
        handler = HANDLERS.get((request.service, request.operation))
        if handler is None:
            return self._ask_moto(request)
        call = Call(request.operation, request.params, self._world.region(request.region))
        return wire.result(request, handler(call))

    def _ask_moto(self, request: wire.Request) -> wire.Reply:
        began: list[Any] = []
        environ = wire.replay(request, self._world.account)
        body = b"".join(self._moto(environ, lambda status, headers, _=None: began.extend((status, headers))))
        status, headers = int(began[0].split()[0]), dict(began[1])
        code = wire.code_of(status, {name.lower(): value for name, value in headers.items()}, body)
        return wire.Reply(status, body, tuple(headers.items()), code)

    def _note(self, request: wire.Request, status: int, code: str | None) -> None:
        entry = {
            "service": request.service,
            "operation": request.operation,
            "region": request.region,
            "params": wire.plain(request.params),
            "status": status,
            "code": code,
            "write": request.is_write,
        }
        self.journal.add(self.clock.now(), entry, subject=_subject(request.params))


class _Handler(MotoRequestHandler):
    # head and body leave in one packet
    wbufsize = -1

    def log_request(self, code: Any = "-", size: Any = "-") -> None:
        """Write nothing: the journal has the calls."""


def _answer_door(control: Control, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    length = int(environ.get("CONTENT_LENGTH") or 0)
    body = environ["wsgi.input"].read(length) if length else b""
    method, query = environ["REQUEST_METHOD"], environ.get("QUERY_STRING", "")
    status, answer = control.answer(method, environ["PATH_INFO"], query, body)
    head = [("Content-Type", "application/json"), ("Content-Length", str(len(answer)))]
    start_response(f"{status} Door", head)
    return [answer]


def _headers(reply: wire.Reply) -> list[tuple[str, str]]:
    kept = [(name, str(value)) for name, value in reply.headers if name.lower() not in _HOP_BY_HOP]
    return [*kept, ("Content-Length", str(len(reply.body)))]


_HOP_BY_HOP = {"content-length", "connection", "date", "server", "transfer-encoding"}


def _hang_up(environ: Mapping[str, Any]) -> None:
    connection = environ.get("werkzeug.socket")
    if connection is not None:
        with suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)


def _not_implemented(request: wire.Request, error: Exception) -> ServiceError:
    text = f"the emulator does not have {request.service} {request.operation}: {error}"
    return ServiceError("NotImplemented", text, 501)


def _subject(params: Mapping[str, Any]) -> str:
    words = []
    for name, value in params.items():
        if isinstance(value, str) and name.endswith(("Name", "Id", "Prefix")):
            words.append(value)
        elif isinstance(value, list) and name.endswith(("Names", "Ids")):
            words.append(",".join(str(each) for each in value[:3]) + (",..." if len(value) > 3 else ""))
    return "/".join(word.replace(" ", "_") for word in words)


def _point(given: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    at = datetime.fromisoformat(given["at"]) if given.get("at") else now
    return {
        "namespace": str(given["namespace"]),
        "metric": str(given["metric"]),
        "dimensions": dict(given.get("dimensions") or {}),
        "value": float(given["value"]),
        "unit": given.get("unit"),
        "at": at.isoformat(),
    }


def _datum(point: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "MetricName": point["metric"],
        "Dimensions": [{"Name": name, "Value": value} for name, value in point["dimensions"].items()],
        "Value": point["value"],
        "Unit": point["unit"],
        "Timestamp": datetime.fromisoformat(point["at"]),
    }


def _rearm(region: Region) -> None:
    schedules.rearm(region)
    evaluation.rearm(region)
