"""Long-running operations: begun by a write, polled until they end."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from trimtab.emulators.azure.calls import Answer, ArmRoute, Call
from trimtab.emulators.azure.errors import missing_entity, to_dict
from trimtab.emulators.azure.routing import SUBSCRIPTION
from trimtab.emulators.azure.world import CloudWorld, Phase, new_id, stamp
from trimtab.emulators.shared.errors import ServiceError


@dataclass
class Operation:
    """One of them; `error` is why it failed."""

    name: str
    started: datetime
    provider: str
    location: str
    status: str = "InProgress"
    ended: datetime | None = None
    error: ServiceError | None = None

    @property
    def goes_on(self) -> bool:
        """Whether it has not ended."""
        return self.status == "InProgress"

    def to_dict(self) -> dict[str, Any]:
        """The body of a poll."""
        ended = {"endTime": stamp(self.ended)} if self.ended else {}
        error = {"error": to_dict(self.error)} if self.error else {}
        return {"startTime": stamp(self.started), **ended, "status": self.status, **error, "name": self.name}

    def end(self, now: datetime, status: str, error: ServiceError | None = None) -> None:
        """Be over."""
        self.status, self.ended, self.error = status, now, error

    def preempt(self, now: datetime) -> None:
        """Give way to a later write on the same resource."""
        if self.goes_on:
            text = "The operation has been preempted by a more recent operation."
            self.end(now, "Canceled", ServiceError("OperationPreempted", text, 409))


def begin(
    world: CloudWorld,
    location: str,
    finish: Callable[[], ServiceError | None] | None = None,
    *,
    provider: str = "Microsoft.Compute",
) -> Operation:
    """An operation that ends after `operation_seconds`: with what `finish` answers, if that is an error."""
    operation = Operation(new_id(), world.now(), provider, location)
    world.operations[operation.name] = operation

    def over() -> None:
        error = finish() if finish else None
        operation.end(world.now(), "Failed" if error else "Succeeded", error)

    due = world.now() + timedelta(seconds=world.seconds("operation_seconds"))
    world.at(due, (Phase.OPERATIONS, operation.name), over, lambda: operation.goes_on)
    return operation


def headers(call: Call, operation: Operation, *, location: bool = True) -> dict[str, str]:
    """Where an operation can be polled; `location` adds the address that answers when it is over."""
    path = (
        f"{call.request.base}/subscriptions/{call.world.subscription}/providers/{operation.provider}/locations/"
        f"{operation.location}/operations/{operation.name}"
    )
    version = f"api-version={call.request.version}"
    fields = {"Azure-AsyncOperation": f"{path}?{version}"}
    if location:
        fields["Location"] = f"{path}?monitor=true&{version}"
    return fields | retry_after(call.world)


def retry_after(world: CloudWorld) -> dict[str, str]:
    """When to ask again, if a setting says so; the SDK takes a 0 for no answer and waits half a minute."""
    seconds = int(world.settings["retry_after"])
    return {"Retry-After": str(seconds)} if seconds > 0 else {}


def get_operation(call: Call) -> Answer:
    """How far an operation is."""
    operation = call.world.operations.get(call.name)
    if operation is None:
        raise missing_entity()
    more = retry_after(call.world) if operation.goes_on else {}
    if "monitor" not in call.query:
        return Answer(200, operation.to_dict(), more)
    if operation.goes_on:
        return Answer(202, None, {**headers(call, operation), **more})
    if operation.error:
        raise operation.error
    return Answer(200)


def _route(provider: str, service: str) -> ArmRoute:
    path = f"{SUBSCRIPTION}/providers/{provider}/locations/{{location}}/operations/{{name}}"
    return ArmRoute("GET", path, service, "Operations_Get", (), get_operation, bucket="GetOperation")


_PROVIDERS = ("Compute", "Network", "Resources", "ManagedIdentity")
"""Their operations are asked after in the version of the call that began them."""
ROUTES = tuple(_route(f"Microsoft.{name}", name.lower()) for name in _PROVIDERS)
