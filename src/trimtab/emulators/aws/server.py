"""The AWS emulator as a server on loopback."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, TextIO

from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)

from trimtab.clock import Clock
from trimtab.emulators.aws import evaluation, queues, schedules, wire
from trimtab.emulators.aws.addresses import refuse_without_addresses
from trimtab.emulators.aws.calls import Call
from trimtab.emulators.aws.checks import check
from trimtab.emulators.aws.forecasts import hand_in
from trimtab.emulators.aws.furnishing import furnish
from trimtab.emulators.aws.handlers import HANDLERS
from trimtab.emulators.aws.health import fail_made_of, fail_target
from trimtab.emulators.aws.images import publish_images
from trimtab.emulators.aws.interruptions import notice
from trimtab.emulators.aws.metric_data import publish
from trimtab.emulators.aws.refusals import refuse
from trimtab.emulators.aws.regions import check_region
from trimtab.emulators.aws.stacks import hold_stacks
from trimtab.emulators.aws.types import look_types_up
from trimtab.emulators.aws.world import DEFAULT_SETTINGS, HOME, CloudWorld, Region
from trimtab.emulators.shared.calls import EmulatorReply
from trimtab.emulators.shared.control import Door
from trimtab.emulators.shared.errors import ServiceError
from trimtab.emulators.shared.serving import Emulator
from trimtab.emulators.shared.wire import Handler

# which code each service answers with when it is asked too often
_THROTTLED = {"ec2": "RequestLimitExceeded", "ssm": "ThrottlingException"}
_STATUS = {"ec2": 503}


class _HeaderReader(Handler, MotoRequestHandler):
    """Moto's reading of headers, without its log."""


class AwsEmulator(Emulator[wire.Request, CloudWorld]):
    """
    An AWS account on 127.0.0.1, as a context manager; the real boto3 talks to it over http.

    Args:
        clock: The clock that its own follows until it is moved; by default the machine's.
        port: Where to listen; 0 takes a free port.
        log: Gets one line for each API call.
    """

    defaults = DEFAULT_SETTINGS
    handler = _HeaderReader

    def __init__(self, clock: Clock | None = None, port: int = 0, log: TextIO | None = None) -> None:
        publish_images()
        look_types_up()
        hold_stacks()
        queues.follow_clock()
        self._moto = DomainDispatcherApplication(create_backend_app)
        super().__init__(clock, port, log)

    @property
    def environment(self) -> dict[str, str]:
        """The environment variables that send the vendor's SDK here."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": "trimtab",
            "AWS_SECRET_ACCESS_KEY": "trimtab",
            "AWS_DEFAULT_REGION": HOME,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def make_world(self) -> CloudWorld:
        """An account of its own."""
        return CloudWorld(self.clock, self.settings, rearm=_rearm, on_datapoint=evaluation.wake_for)

    def more_doors(self, world: CloudWorld) -> Mapping[tuple[str, str], Door]:
        """Forecasts, shortages, targets and notices."""
        return doors_of(world)

    def make_furniture(self) -> Mapping[str, str]:
        """Network, target groups, key pair, role and topic."""
        return furnish(self.endpoint)

    def read(self, environ: dict[str, Any]) -> wire.Request:
        """What a signed HTTP request asks for."""
        return wire.read_request(environ)

    def handle(self, request: wire.Request) -> EmulatorReply:
        """Answer from the shim, or have moto answer."""
        check_region(request)
        check(request)
        region = self._world.region(request.region)
        refuse(request, region)
        refuse_without_addresses(request, region)
        handler = HANDLERS.get((request.service, request.operation))
        if handler is None:
            return self._ask_moto(request)
        if request.params.get("DryRun"):
            raise ServiceError("DryRunOperation", "Request would have succeeded, but DryRun flag is set.", 412)
        call = Call(request.operation, request.params, region)
        return wire.result(request, handler(call))

    def failure(self, request: wire.Request, error: ServiceError) -> EmulatorReply:
        """An error in the protocol that was asked in."""
        return wire.failure(request, error)

    def nothing(self, request: wire.Request) -> EmulatorReply:
        """What a read answers when there is nothing."""
        return wire.nothing(request) if request.model is not None else self.effect(request)

    def throttled(self, request: wire.Request) -> ServiceError:
        """The service's own code for a call too many."""
        code = _THROTTLED.get(request.service, "Throttling")
        return ServiceError(code, "Rate exceeded", _STATUS.get(request.service, 400))

    def denied(self, request: wire.Request) -> ServiceError:
        """The service's own code for a call without permission."""
        if request.service == "ec2":
            return ServiceError("UnauthorizedOperation", "You are not authorized to perform this operation.", 403)
        what = f"{request.service}:{request.operation}"
        text = f"User: arn:aws:iam::123456789012:user/trimtab is not authorized to perform: {what}"
        return ServiceError("AccessDenied", text, 403)

    def broken(self, request: wire.Request) -> ServiceError:
        """`InternalFailure`."""
        return ServiceError("InternalFailure", "An internal error has occurred", 500)

    def missing(self, request: wire.Request, text: str) -> ServiceError:
        """`NotImplemented`."""
        what = f"the emulator does not have {request.service} {request.operation}: {text}"
        return ServiceError("NotImplemented", what, 501)

    def measure(self, region: str | None, point: Mapping[str, Any]) -> dict[str, Any]:
        """Store a point for this emulator and in moto's CloudWatch."""
        where = region or HOME
        publish(self._world.region(where), point["namespace"], [_datum(point)])
        return {"region": where, **point}

    def _ask_moto(self, request: wire.Request) -> EmulatorReply:
        began: list[Any] = []
        if (request.service, request.operation) == ("sqs", "ReceiveMessage"):
            request = replace(request, body=queues.answer_at_once(request.body))
        environ = wire.replay(request, self._world.account)
        with queues.at(self._world.now()):
            body = b"".join(self._moto(environ, lambda status, headers, _=None: began.extend((status, headers))))
        status, headers = int(began[0].split()[0]), dict(began[1])
        code = wire.code_of(status, {name.lower(): value for name, value in headers.items()}, body)
        headers.pop("Content-Length", None)
        if request.protocol == "json" and "json" not in headers.get("Content-Type", ""):  # moto's KMS says text/html
            headers["Content-Type"] = "application/x-amz-json-1.1"
        return EmulatorReply(status, wire.in_own_namespace(body), tuple(headers.items()), code)


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


# the control doors that only AWS has


def doors_of(world: CloudWorld) -> Mapping[tuple[str, str], Door]:
    """The doors by method and name."""
    return {
        **world.quotas.doors(),
        ("POST", "forecasts"): lambda body: hand_in(world.region(_region(body)), body),
        ("POST", "shortages"): lambda body: _run_short(world, body),
        ("GET", "shortages"): lambda _: world.shortages(),
        ("POST", "notices"): lambda body: notice(world.region(_region(body)), body),
        ("DELETE", "shortages"): lambda _: world.end_shortages(),
        ("POST", "ailments"): lambda body: fail_made_of(
            world.region(_region(body)), str(body["text"]), healthy=bool(body.get("healthy"))
        ),
        ("POST", "targets"): lambda body: fail_target(
            world.region(_region(body)), body["instance"], healthy=bool(body.get("healthy"))
        ),
    }


def _region(body: Mapping[str, Any]) -> str:
    return str(body.get("region") or HOME)


def _run_short(world: CloudWorld, body: Mapping[str, Any]) -> None:
    known = ("instance_type", "zone", "purchase")
    unknown = set(body) - {*known, "region"}
    if unknown:
        raise ValueError(f"a shortage has the fields {', '.join(known)} and region, not {', '.join(sorted(unknown))}")
    world.region(_region(body)).shortages.append({name: str(body.get(name, "*")) for name in known})
