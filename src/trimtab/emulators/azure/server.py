"""The Azure emulator as a server on loopback."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from trimtab.emulators.azure import wire
from trimtab.emulators.azure.autoscale_watch import hand_in
from trimtab.emulators.azure.calls import Answer, ArmRequest, Call
from trimtab.emulators.azure.checks import check_request
from trimtab.emulators.azure.furnishing import GROUP, LOCATION, furnish
from trimtab.emulators.azure.groups import HOME, check_group, make_group
from trimtab.emulators.azure.health import fail_made_of, fail_target
from trimtab.emulators.azure.limits import count, too_many
from trimtab.emulators.azure.metric_data import store
from trimtab.emulators.azure.routes import ROUTER
from trimtab.emulators.azure.shortages import run_short
from trimtab.emulators.azure.world import DEFAULT_SETTINGS, CloudWorld
from trimtab.emulators.shared.calls import EmulatorReply
from trimtab.emulators.shared.control import Door
from trimtab.emulators.shared.errors import ServiceError
from trimtab.emulators.shared.serving import Emulator


class AzureEmulator(Emulator[ArmRequest, CloudWorld]):
    """
    An Azure subscription on 127.0.0.1, as a context manager; the real SDK talks to it over http.

    Args:
        clock: The clock that its own follows until it is moved; by default the machine's.
        port: Where to listen; 0 takes a free port.
        log: Gets one line for each API call.
    """

    defaults = DEFAULT_SETTINGS

    @property
    def subscription(self) -> str:
        """The id of the subscription."""
        return self._world.subscription

    @property
    def environment(self) -> dict[str, str]:
        """The address of Resource Manager, the subscription, and where in it; the SDK takes these as arguments."""
        return {
            "AZURE_RESOURCE_MANAGER_URL": self.endpoint,
            "AZURE_SUBSCRIPTION_ID": self.subscription,
            "AZURE_DEFAULTS_GROUP": GROUP,
            "AZURE_DEFAULTS_LOCATION": LOCATION,
        }

    def make_world(self) -> CloudWorld:
        """A subscription of its own."""
        return CloudWorld(self.clock, self.settings)

    def more_doors(self, world: CloudWorld) -> Mapping[tuple[str, str], Door]:
        """Resource groups, forecasts, shortages and targets."""
        return doors_of(world)

    def make_furniture(self) -> Mapping[str, str]:
        """A resource group with network, balancers and identity."""
        return furnish(self._world, self.endpoint)

    def read(self, environ: dict[str, Any]) -> ArmRequest:
        """The call that an HTTP request makes."""
        return ROUTER.find(wire.read_parts(environ))

    def handle(self, request: ArmRequest) -> EmulatorReply:
        """Answer a call that is allowed, known and well made."""
        route = check_request(self._world, request)
        call = Call(self._world, request)
        _check_subscription(call)
        check_group(call)
        answer = route.handler(call)
        return wire.result(answer, count(self._world, request))

    def failure(self, request: ArmRequest, error: ServiceError) -> EmulatorReply:
        """An error as Resource Manager writes it."""
        return wire.failure(error)

    def nothing(self, request: ArmRequest) -> EmulatorReply:
        """An empty list, or that the one thing is not there."""
        if "name" in request.names:
            return wire.failure(ServiceError("ResourceNotFound", f"The resource '{request.path}' was not found.", 404))
        return wire.result(Answer(200, {"value": []}), {})

    def throttled(self, request: ArmRequest) -> ServiceError:
        """429, with the seconds to wait."""
        seconds = max(1, int(self.settings["retry_after"]))
        head = (("Retry-After", str(seconds)),)
        return ServiceError("TooManyRequests", too_many(request), 429, headers=head)

    def denied(self, request: ArmRequest) -> ServiceError:
        """403 `AuthorizationFailed`."""
        text = (
            "The client 'trimtab' with object id '22222222-2222-2222-2222-222222222222' does not have authorization to "
            f"perform action '{request.operation}' over scope '{request.path}' or the scope is invalid. If access was "
            "recently granted, please refresh your credentials."
        )
        return ServiceError("AuthorizationFailed", text, 403)

    def broken(self, request: ArmRequest) -> ServiceError:
        """500 `InternalServerError`."""
        return ServiceError("InternalServerError", "The server encountered an internal error.", 500)

    def missing(self, request: ArmRequest, text: str) -> ServiceError:
        """501."""
        return ServiceError("NotImplemented", f"the emulator does not have {request.operation}: {text}", 501)

    def measure(self, region: str | None, point: Mapping[str, Any]) -> dict[str, Any]:
        """Store a point of the resource that it names."""
        if "resource" not in point:
            raise ValueError("a point on Azure names its resource")
        at = datetime.fromisoformat(point["at"])
        store(self._world, point["resource"], point, at)
        return dict(point)


def _check_subscription(call: Call) -> None:
    given = call.names.get("subscription")
    if given is not None and given.lower() != call.world.subscription:
        raise ServiceError("SubscriptionNotFound", f"The subscription '{given}' could not be found.", 404)


# the control doors that only Azure has


def doors_of(world: CloudWorld) -> Mapping[tuple[str, str], Door]:
    """The doors by method and name."""
    return {
        **world.quotas.doors(),
        ("POST", "groups"): lambda body: _make_group(world, body),
        ("POST", "forecasts"): lambda body: hand_in(world, body),
        ("POST", "shortages"): lambda body: run_short(world, body),
        ("GET", "shortages"): lambda _: world.shortages,
        ("DELETE", "shortages"): lambda _: world.shortages.clear(),
        ("POST", "ailments"): lambda body: fail_made_of(world, str(body["text"]), healthy=bool(body.get("healthy"))),
        ("POST", "targets"): lambda body: fail_target(world, body["instance"], healthy=bool(body.get("healthy"))),
    }


def _make_group(world: CloudWorld, body: Mapping[str, Any]) -> None:
    make_group(world, str(body["name"]), str(body.get("location", HOME)))
