"""The client of an emulator's control doors, for tests and demos in any process."""

import http.client
import json
import time
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from urllib.parse import urlsplit

from trimtab.errors import TrimtabError

__all__ = ["ControlClient", "DoorError", "Hold", "LoggedCall"]


class DoorError(TrimtabError):
    """A request to a control door that the emulator refused, or that did not reach it."""


@dataclass(frozen=True, slots=True)
class LoggedCall:
    """
    One API call that the emulator answered.

    `code` is the vendor's error code; `status` 0 means that no reply was sent.
    """

    n: int
    service: str
    operation: str
    region: str
    params: dict[str, Any]
    status: int
    code: str | None
    write: bool


@dataclass(frozen=True, slots=True)
class Hold:
    """A call that waits at a gate, before or after its effect."""

    id: int
    service: str
    operation: str
    kind: str
    params: dict[str, Any]


class ControlClient:
    """
    The control doors of a running emulator.

    Args:
        endpoint: Where it listens, such as `http://127.0.0.1:5000`.
    """

    def __init__(self, endpoint: str) -> None:
        self._host = urlsplit(endpoint).netloc

    def now(self) -> datetime:
        """The time on the emulator's clock."""
        return datetime.fromisoformat(self._ask("GET", "clock")["now"])

    def advance(self, duration: timedelta | float, *, freeze: bool = False) -> datetime:
        """Move the clock forward (a number is seconds), fire what was due, and say what time it is."""
        seconds = duration.total_seconds() if isinstance(duration, timedelta) else duration
        return self._clock({"advance": seconds, "freeze": freeze})

    def set_clock(self, moment: datetime, *, freeze: bool = False) -> datetime:
        """Set the clock, earlier or later; forward fires what was due in between."""
        return self._clock({"set": moment.isoformat(), "freeze": freeze})

    def run_clock(self) -> datetime:
        """Let the clock follow real time again."""
        return self._clock({"run": True})

    def fault(
        self,
        kind: str,
        *,
        operation: str = "*",
        service: str = "*",
        times: int | None = 1,
        after: int = 0,
        contains: str | None = None,
        write_only: bool = False,
        reply: tuple[int, Mapping[str, str], bytes] | None = None,
    ) -> None:
        """
        Add one rule to the faults.

        Args:
            kind: throttle, error500, denied, timeout_before, timeout_after, stale, hold_before, hold_after,
                reply_before, reply_after or cut.
            operation: The vendor's name of the call; `*` and `?` are wild.
            service: Such as autoscaling, cloudwatch, ec2, elbv2.
            times: After so many the rule is spent; `None` is never.
            after: How many matching calls go through first.
            contains: Text that must occur in the call's parameters.
            write_only: Whether reads are spared.
            reply: Status, headers and body of what is answered in the cloud's place, as a proxy does, with
                reply_before and reply_after.
        """
        rule: dict[str, Any] = {
            "kind": kind,
            "operation": operation,
            "service": service,
            "times": times,
            "after": after,
            "contains": contains,
            "write_only": write_only,
        }
        if reply is not None:
            status, headers, body = reply
            rule["reply"] = {"status": status, "headers": dict(headers), "body": b64encode(body).decode()}
        self.faults([rule])

    def faults(self, rules: Sequence[dict[str, Any]]) -> None:
        """Add rules to the faults, in the order in which they are tried."""
        self._ask("POST", "faults", list(rules))

    def list_faults(self) -> list[dict[str, Any]]:
        """The rules that are not spent yet."""
        return list(self._ask("GET", "faults"))

    def clear_faults(self) -> None:
        """Drop all rules; calls that are held already stay held."""
        self._ask("DELETE", "faults")

    def holds(self) -> list[Hold]:
        """The calls that are held now."""
        return [Hold(**hold) for hold in self._ask("GET", "holds")]

    def wait_for_hold(self, timeout: float = 30.0) -> Hold:
        """The first call that is held, once there is one."""
        until = time.monotonic() + timeout
        while not (holds := self.holds()):
            if time.monotonic() > until:
                raise DoorError(f"no call was held within {timeout} s")
            time.sleep(0.005)
        return holds[0]

    def release(self, hold: Hold | int | None = None, *, drop: bool = False) -> None:
        """Let a held call go on, or all; with `drop` it goes no further and gets no reply."""
        which = hold.id if isinstance(hold, Hold) else hold
        self._ask("POST", "holds", {"release": True if which is None else which, "drop": drop})

    def requests(self) -> list[LoggedCall]:
        """Every API call since the start, or since the log was cleared."""
        return [LoggedCall(**entry) for entry in self._ask("GET", "requests")]

    def count(self) -> dict[str, Any]:
        """How many calls there were: `total`, `writes`, and `operations` by name."""
        return dict(self._ask("GET", "requests?count=1"))

    def clear_requests(self) -> None:
        """Start the log of calls anew."""
        self._ask("DELETE", "requests")

    def push(self, points: Sequence[dict[str, Any]], *, region: str | None = None) -> None:
        """
        Store metric points: `namespace`, `metric`, `value`, and `dimensions`, `unit`, `at` if wanted.

        On Azure a point is about a `resource`, by its id. A region is AWS's; without one it is us-east-1.
        """
        self._ask("POST", "metrics", {"region": region, "points": list(points)})

    def metrics(self) -> list[dict[str, Any]]:
        """The metric points that were stored through the door."""
        return list(self._ask("GET", "metrics"))

    def forecast(
        self,
        group: str,
        capacity: Mapping[datetime, float],
        *,
        policy: str | None = None,
        region: str | None = None,
    ) -> None:
        """
        Hand in the forecast of a group's predictive policy: the capacity from each hour on.

        On Azure the group is the id of an autoscale setting.
        """
        points = [{"at": at.isoformat(), "capacity": value} for at, value in capacity.items()]
        self._ask("POST", "forecasts", {"region": region, "group": group, "policy": policy, "points": points})

    def run_short(
        self,
        *,
        instance_type: str = "*",
        zone: str = "*",
        region: str | None = None,
        reason: str | None = None,
        purchase: Literal["spot", "on-demand"] | None = None,
    ) -> None:
        """
        Have no more instances of a type to be had in a zone; `*` is every one.

        Args:
            instance_type: Such as `t3.medium` or `Standard_D2s_v5`.
            zone: Such as `us-east-1a`, or `1` on Azure.
            region: On AWS without one us-east-1, on Azure everywhere.
            reason: On Azure `allocation`, which is the default, or `quota`; on Google Cloud `stockout`, which is the
                default, `quota`, `addresses`, `permission` or `reservation`.
            purchase: Only of spot instances, or only of those on demand; of both when left out.
        """
        shortage = {"region": region, "instance_type": instance_type, "zone": zone}
        more = {"reason": reason, "purchase": purchase}
        given = {name: value for name, value in more.items() if value is not None}
        self._ask("POST", "shortages", {**shortage, **given})

    def end_shortages(self) -> None:
        """Have all instances to be had again."""
        self._ask("DELETE", "shortages")

    def set_quota(self, quota: str, limit: float, *, region: str | None = None) -> None:
        """
        Have a quota be this much: the cloud tells it, and makes nothing beyond it.

        Args:
            quota: As the cloud calls it: `L-1216C47A` (and `autoscaling-groups`), `cores` or `standardDSv5Family`,
                `N2_CPUS` or `INSTANCES`.
            limit: How much there may be.
            region: In which; in all when left out.
        """
        self._ask("POST", "quotas", {"quota": quota, "limit": limit, "region": region})

    def end_quotas(self) -> None:
        """Have all quotas be roomy again, as they are from the start."""
        self._ask("DELETE", "quotas")

    def fail_operation(self, method: str, code: str, message: str) -> None:
        """
        Have the next operation of a method end with an error after it was accepted, on Google Cloud.

        What it did stays done, as where a quota is met half-way.

        Args:
            method: Collection and verb, such as `autoscalers.update`; the same for zones and regions.
            code: Such as `QUOTA_EXCEEDED`.
            message: What it says.
        """
        self._ask("POST", "doomed", {"method": method, "code": code, "message": message})

    def cut_off(self, scope: str) -> None:
        """Have lists not reach a zone or a region, such as `zones/us-central1-a`, on Google Cloud."""
        self._ask("POST", "unreachable", {"scope": scope})

    def end_cuts(self) -> None:
        """Have every zone and region within reach again."""
        self._ask("DELETE", "unreachable")

    def make_group(self, name: str, *, location: str = "eastus") -> None:
        """Make a resource group, on Azure."""
        self._ask("POST", "groups", {"name": name, "location": location})

    def fail_target(self, instance: str, *, healthy: bool = False, region: str | None = None) -> None:
        """
        Have an instance fail the load balancer's health check, or pass it again.

        On Azure the instance is an id, and the check its load balancer's probe or its health extension; on Google
        Cloud it is a name, and the check that of its group's autohealing and of the backend services.
        """
        self._ask("POST", "targets", {"region": region, "instance": instance, "healthy": healthy})

    def fail_made_of(self, text: str, *, healthy: bool = False, region: str | None = None) -> None:
        """
        Have every instance that comes from now on fail its health checks, if its template has a text in it.

        So a bad image or start-up script behaves, whoever launches it; with `healthy` they pass again.

        Args:
            text: What occurs in the template as JSON, such as an image or a size; user data counts as it is sent.
            healthy: Whether instances of that kind are well from now on, those that are there too.
            region: On AWS without one us-east-1.
        """
        self._ask("POST", "ailments", {"region": region, "text": text, "healthy": healthy})

    def notice(self, instance: str, kind: str = "interruption", *, region: str | None = None) -> None:
        """
        Warn of the interruption of an instance, or recommend to rebalance; on AWS and Google Cloud.

        On AWS the interruption comes two minutes later; on Google Cloud a Spot VM is preempted after thirty seconds.

        Args:
            instance: Its id; on Google Cloud its name.
            kind: `interruption`, or on AWS `rebalance`.
            region: Where, on AWS; us-east-1 when left out.
        """
        self._ask("POST", "notices", {"region": region, "instance": instance, "kind": kind})

    def configure(self, **settings: float) -> dict[str, float]:
        """Change how the emulator behaves, such as `delete_seconds`; answers all settings."""
        return dict(self._ask("POST", "settings", settings))

    def reset(self) -> None:
        """Wipe everything: the cloud's state, faults, holds, logs, settings and the clock."""
        self._ask("POST", "reset")

    def _clock(self, body: dict[str, Any]) -> datetime:
        return datetime.fromisoformat(self._ask("POST", "clock", body)["now"])

    def _ask(self, method: str, door: str, body: Any = None) -> Any:
        connection = http.client.HTTPConnection(self._host, timeout=600)
        try:
            text = None if body is None else json.dumps(body)
            connection.request(method, f"/_trimtab/{door}", text, {"Content-Type": "application/json"})
            reply = connection.getresponse()
            status, answer = reply.status, json.loads(reply.read() or b"null")
        except (OSError, ValueError, http.client.HTTPException) as error:
            raise DoorError(f"the door {door!r} of the emulator at {self._host}: {error}") from error
        finally:
            connection.close()
        if status >= 400:
            raise DoorError(f"the door {door!r} of the emulator: {answer['error']}")
        return answer
