#!/usr/bin/env python3
"""
Listens to a cloud's metadata service inside an instance, and runs a command once when the instance is to end.

One file that needs Python 3.8 and nothing else: copy it into an image, and run it as a service.

    python3 listener.py --on-terminate /usr/local/bin/drain --all

What it hears, all in the instance itself:

- AWS: `spot/instance-action` and `autoscaling/target-lifecycle-state` by IMDSv2; with --also-advice
  `events/recommendations/rebalance`
  (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/spot-instance-termination-notices.html,
  https://docs.aws.amazon.com/autoscaling/ec2/userguide/retrieving-target-lifecycle-state-through-imds.html).
- Azure: scheduled events `Terminate` and `Preempt`, which it approves when the command is done; with --also-advice
  `Reboot`, `Redeploy`, `Freeze` (https://learn.microsoft.com/azure/virtual-machines/linux/scheduled-events).
- Google: `preempted`, `shutdown-details/stop-state`, and `maintenance-event` where it says TERMINATE; with
  --also-advice any maintenance
  (https://docs.cloud.google.com/compute/docs/metadata/getting-live-migration-notice,
  https://docs.cloud.google.com/compute/docs/instances/preemptible).

The command gets TRIMTAB_CLOUD, TRIMTAB_KIND, TRIMTAB_EVENT_ID, TRIMTAB_DEADLINE, TRIMTAB_INSTANCE and TRIMTAB_EVENT
(the reply as JSON) in its environment, and runs without a shell. A lifecycle hook of AWS is not completed by this file,
since that takes a signed call: let the command, or a consumer of its queue, do that.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from datetime import datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

UTC = timezone.utc  # noqa: UP017  (datetime.UTC came with Python 3.11)

LINK_LOCAL = "http://169.254.169.254"
MOST_BYTES = 1 << 20
QUICK, SLOW = 5.0, 130.0
"""Seconds for a reply; Azure takes up to two minutes for the first, when the service is switched on."""
TERMINATING, ADVICE = "terminate", "advice"


class Stopped(BaseException):
    """SIGTERM or SIGINT, while nothing but waiting is under way."""


class Event:
    """One thing that the cloud said of this instance."""

    def __init__(
        self, name: str, kind: str, deadline: datetime | None, reference: Any, sort: str = TERMINATING
    ) -> None:
        self.id, self.kind, self.deadline, self.reference, self.sort = name, kind, deadline, reference, sort


def fetch(
    url: str, headers: dict[str, str], method: str = "GET", body: bytes | None = None, timeout: float = QUICK
) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body, whatever the status; past any proxy, and led to no other host."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _Stay())
    request = urllib.request.Request(url, data=body, headers=headers, method=method)
    try:
        with opener.open(request, timeout=timeout) as reply:
            return reply.status, {name.lower(): value for name, value in reply.headers.items()}, reply.read(MOST_BYTES)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, {name.lower(): value for name, value in error.headers.items()}, error.read(MOST_BYTES)


class _Stay(urllib.request.HTTPRedirectHandler):
    """Follows nothing: a metadata service does not redirect."""

    def redirect_request(self, *_: Any) -> None:
        return None


class Unheard(Exception):
    """No reply of the metadata service that can be read; asked again."""


def _json_of(body: bytes) -> Any:
    try:
        return json.loads(body.decode("utf-8-sig"))
    except ValueError:
        raise Unheard("a reply is not JSON") from None


def _zulu(text: Any) -> datetime | None:
    try:
        found = datetime.fromisoformat(str(text).replace("Z", "+00:00"))  # noqa: FURB162  (Z since 3.11)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


class Aws:
    """EC2's metadata service, version 2: a token first, then reads, which find nothing (404) without an event."""

    name = "aws"

    def __init__(self, url: str, ask: Callable[..., tuple[int, dict[str, str], bytes]] = fetch) -> None:
        self.url, self.ask = url or LINK_LOCAL, ask
        self._token = ""

    def is_here(self) -> bool:
        """Whether it gives a token."""
        return bool(self._new_token())

    def instance(self) -> str:
        """The instance's id."""
        return self._read("instance-id") or ""

    def listen(self, pause: Callable[[float], None], every: float) -> list[Event]:
        """What there is after a pause."""
        pause(every)
        return self.events()

    def events(self) -> list[Event]:
        """What there is now."""
        found = []
        action = self._read("spot/instance-action")
        if action:
            said = _json_of(action.encode())
            at = str(said.get("time")) if isinstance(said, dict) else ""
            found.append(Event("spot " + at, "interruption", _zulu(at), said))
        state = (self._read("autoscaling/target-lifecycle-state") or "").strip()
        if state.endswith("Terminated"):
            found.append(Event("target " + state, "lifecycle-hook", None, {"target-lifecycle-state": state}))
        advice = self._read("events/recommendations/rebalance")
        if advice:
            said = _json_of(advice.encode())
            at = str(said.get("noticeTime")) if isinstance(said, dict) else ""
            found.append(Event("rebalance " + at, "rebalance", None, said, ADVICE))
        return found

    def approve(self, event: Event) -> None:
        """Nothing: a hook is completed by a signed call, an interruption waits for nobody."""

    def _read(self, path: str) -> str | None:
        for _ in range(2):
            token = self._token or self._new_token()
            if not token:
                raise Unheard("no token for the metadata service")
            status, _, body = self.ask(f"{self.url}/latest/meta-data/{path}", {"X-aws-ec2-metadata-token": token})
            if status == 200:
                return body.decode("utf-8", "replace")
            if status == 404:
                return None
            self._token = ""  # 401: it has run out
        raise Unheard(f"the metadata service answers {status} to {path}")

    def _new_token(self) -> str:
        head = {"X-aws-ec2-metadata-token-ttl-seconds": "21600"}
        status, _, body = self.ask(f"{self.url}/latest/api/token", head, method="PUT", body=b"")
        self._token = body.decode("ascii", "replace").strip() if status == 200 else ""
        return self._token


AZURE_HEAD = {"Metadata": "true"}
AZURE_ENDING = {"Terminate": "scheduled-event", "Preempt": "preemption"}
"""The sorts of events that end an instance, and what they are called here."""


class Azure:
    """Azure's scheduled events: of every machine of a placement group, of which only our own are taken and approved."""

    name = "azure"

    def __init__(self, url: str, ask: Callable[..., tuple[int, dict[str, str], bytes]] = fetch) -> None:
        self.url, self.ask = url or LINK_LOCAL, ask
        self._name = ""

    def is_here(self) -> bool:
        """Whether it answers as Azure's does."""
        status, _, body = self.ask(f"{self.url}/metadata/instance/compute?api-version=2021-02-01", AZURE_HEAD)
        return status == 200 and isinstance(_json_of(body), dict)

    def instance(self) -> str:
        """The machine's name, as events have it."""
        if not self._name:
            status, _, body = self.ask(f"{self.url}/metadata/instance/compute?api-version=2021-02-01", AZURE_HEAD)
            said = _json_of(body) if status == 200 else {}
            self._name = str(said.get("name") or "") if isinstance(said, dict) else ""
            if not self._name:
                raise Unheard("the metadata service does not say what this instance is called")
        return self._name

    def listen(self, pause: Callable[[float], None], every: float) -> list[Event]:
        """What there is after a pause."""
        pause(every)
        return self.events()

    def events(self) -> list[Event]:
        """What there is now for this instance and has not begun."""
        own = self.instance()
        status, _, body = self.ask(self._address(), AZURE_HEAD, timeout=SLOW)
        if status != 200:
            raise Unheard(f"the metadata service answers {status} to scheduledevents")
        said = _json_of(body)
        listed = said.get("Events") if isinstance(said, dict) else None
        found = []
        for item in listed if isinstance(listed, list) else []:
            if not isinstance(item, dict) or own not in (item.get("Resources") or ()):
                continue
            if item.get("EventStatus") != "Scheduled":
                continue
            kind = AZURE_ENDING.get(str(item.get("EventType")))
            sort = TERMINATING if kind else ADVICE
            found.append(Event(str(item.get("EventId")), kind or "maintenance", _not_before(item), item, sort))
        return found

    def approve(self, event: Event) -> None:
        """Have the event begin now, before its time; one that others wait for as well begins at its time."""
        if len(event.reference["Resources"]) > 1:
            return
        body = json.dumps({"StartRequests": [{"EventId": event.id}]}).encode()
        head = {**AZURE_HEAD, "Content-Type": "application/json"}
        status, _, _ = self.ask(self._address(), head, method="POST", body=body)
        if status != 200:
            raise Unheard(f"the metadata service answers {status} to the approval")

    def _address(self) -> str:
        return f"{self.url}/metadata/scheduledevents?api-version=2020-07-01"


def _not_before(item: dict[str, Any]) -> datetime | None:
    try:
        found = parsedate_to_datetime(str(item.get("NotBefore")))
    except (TypeError, ValueError, IndexError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


GOOGLE_HEAD = {"Metadata-Flavor": "Google"}


class Google:
    """Compute Engine's metadata server: it is awaited until something of the instance changes; then values are read."""

    name = "gcp"
    GRACE = timedelta(seconds=30)
    """From the preemption to the end: https://docs.cloud.google.com/compute/docs/instances/preemptible."""

    def __init__(self, url: str, ask: Callable[..., tuple[int, dict[str, str], bytes]] = fetch) -> None:
        self.url, self.ask = url or LINK_LOCAL, ask
        self._etag = ""

    def is_here(self) -> bool:
        """Whether it answers as Google's does."""
        status, headers, _ = self.ask(f"{self.url}/computeMetadata/v1/instance/name", GOOGLE_HEAD)
        return status == 200 and headers.get("metadata-flavor") == "Google"

    def instance(self) -> str:
        """The instance's name."""
        return self._read("name") or ""

    def listen(self, pause: Callable[[float], None], every: float) -> list[Event]:
        """What there is once something has changed, or after a minute."""
        wait = f"&wait_for_change=true&timeout_sec=60&last_etag={self._etag}" if self._etag else ""
        address = f"{self.url}/computeMetadata/v1/instance/?recursive=true{wait}"
        status, headers, _ = self.ask(address, GOOGLE_HEAD, timeout=75.0)
        if status != 200 or headers.get("metadata-flavor") != "Google":
            raise Unheard(f"the metadata server answers {status}")
        self._etag = headers.get("etag", "")
        if not self._etag:
            pause(every)
        return self.events()

    def events(self) -> list[Event]:
        """What there is now."""
        found = []
        if self._read("preempted") == "TRUE":
            end = datetime.now(UTC) + self.GRACE
            found.append(Event("preempted", "preemption", end, {"preempted": "TRUE"}))
        # https://docs.cloud.google.com/compute/docs/instances/graceful-shutdown-overview: 404 while none is under way
        if self._read("shutdown-details/stop-state") == "PENDING_STOP":
            found.append(self._stop())
        event = self._read("maintenance-event") or "NONE"
        if event != "NONE":
            ends = event.startswith("TERMINATE")
            sort = TERMINATING if ends else ADVICE
            kind = "scheduled-event" if ends else "maintenance"
            found.append(Event("maintenance " + event, kind, None, {"maintenance-event": event}, sort))
        return found

    def approve(self, event: Event) -> None:
        """Nothing: nobody waits for an answer."""

    def _stop(self) -> Event:
        said = {name: self._read(f"shutdown-details/{name}") or "" for name in ("request-timestamp", "max-duration")}
        begun, lasts = _zulu(said["request-timestamp"]), _seconds_of(said["max-duration"])
        try:
            end = begun + timedelta(seconds=lasts) if begun and lasts is not None else None
        except (OverflowError, ValueError):
            end = None
        return Event("stop " + said["request-timestamp"], "stop", end, {"stop-state": "PENDING_STOP", **said})

    def _read(self, path: str) -> str | None:
        status, headers, body = self.ask(f"{self.url}/computeMetadata/v1/instance/{path}", GOOGLE_HEAD)
        if status == 404:
            return None
        if status != 200 or headers.get("metadata-flavor") != "Google":
            raise Unheard(f"the metadata server answers {status} to {path}")
        return body.decode("utf-8", "replace").strip()


def _seconds_of(text: str) -> float | None:
    try:
        return float(text.rstrip("s"))
    except ValueError:
        return None


CLOUDS = (Google, Aws, Azure)


def detect(url: str, ask: Callable[..., tuple[int, dict[str, str], bytes]] = fetch) -> Any:
    """The cloud whose metadata service answers; raises `Unheard` where none does."""
    for cloud in CLOUDS:
        metadata = cloud(url, ask)
        try:
            if metadata.is_here():
                return metadata
        except (OSError, Unheard):
            continue
    raise Unheard("no metadata service answers; say which cloud this is, by --cloud")


# state: what was begun, done and approved, by event


class State:
    """What became of events, in a file that survives a restart; events that are over are forgotten."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.events: dict[str, str] = {}
        try:
            with open(path, encoding="utf-8") as file:
                said = json.load(file)
            self.events = {str(key): str(value) for key, value in said["events"].items()}
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            pass  # none yet, or cut off: an event may then be handled twice

    def set(self, event: str, what: str) -> None:
        self.events[event] = what
        self._write()

    def keep(self, events: list[str]) -> None:
        """Forget all but these."""
        left = {key: value for key, value in self.events.items() if key in events}
        if left != self.events:
            self.events = left
            self._write()

    def _write(self) -> None:
        folder = os.path.dirname(os.path.abspath(self.path))
        os.makedirs(folder, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=folder, prefix=".listener-")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump({"events": self.events}, file)
        os.replace(name, self.path)


BEGUN, DONE, FAILED, APPROVED = "begun", "done", "failed", "approved"


class Listener:
    """
    Hears events and acts once on each.

    Args:
        metadata: The cloud's metadata service.
        act: Acts on an event; whether that went well.
        state: What was done before.
        wants: Whether to act on an event at all.
        say: Told what happens, a line each.
    """

    def __init__(
        self,
        metadata: Any,
        act: Callable[[Event], bool],
        state: State,
        wants: Callable[[Event], bool],
        say: Callable[[str], None],
    ) -> None:
        self.metadata, self.act, self.state, self.wants, self.say = metadata, act, state, wants, say

    def take(self, events: list[Event]) -> None:
        """Act on what is new."""
        self.state.keep([event.id for event in events])
        for event in events:
            if self.wants(event):
                self._take(event)

    def shut_down(self) -> None:
        """Act on the end of the machine, unless the cloud had told of it and that was acted on."""
        if not self.state.events:
            self.act(Event("shutdown", "stop", None, {"shutdown": "SIGTERM"}))

    def _take(self, event: Event) -> None:
        before = self.state.events.get(event.id)
        if before in (APPROVED, FAILED):
            return
        if before != DONE:
            self.state.set(event.id, BEGUN)
            self.say(f"{event.kind} {event.id}: acting")
            went_well = self.act(event)
            self.state.set(event.id, DONE if went_well else FAILED)
            self.say(f"{event.kind} {event.id}: {'done' if went_well else 'failed; not approved'}")
            if not went_well:
                return
        self.metadata.approve(event)
        self.state.set(event.id, APPROVED)


def run_command(command: list[str], cloud: str, instance: str, event: Event) -> bool:
    """Whether a command ended with status 0, before the deadline."""
    environment = {
        **os.environ,
        "TRIMTAB_CLOUD": cloud,
        "TRIMTAB_INSTANCE": instance,
        "TRIMTAB_KIND": event.kind,
        "TRIMTAB_EVENT_ID": event.id,
        "TRIMTAB_DEADLINE": event.deadline.isoformat() if event.deadline else "",
        "TRIMTAB_EVENT": json.dumps(event.reference),
    }
    left = None if event.deadline is None else (event.deadline - datetime.now(UTC)).total_seconds()
    try:
        process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, start_new_session=True)
    except OSError as error:
        say(f"{command[0]} cannot be run: {error.strerror}")
        return False
    try:
        return process.wait(None if left is None else max(left, 1.0)) == 0
    except subprocess.TimeoutExpired:
        say(f"{command[0]} did not end before {event.deadline}; killed")
        return False
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def is_shutting_down() -> bool:
    """Whether systemd is stopping the machine, and not this service alone."""
    try:
        done = subprocess.run(
            ["systemctl", "is-system-running"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=5
        )
    except (OSError, subprocess.SubprocessError):
        return False
    return done.stdout.strip() == b"stopping"


class Signals:
    """SIGTERM and SIGINT: waiting ends at once, a command is let finish; a second one ends that, too."""

    def __init__(self) -> None:
        self.is_stopped = self.is_busy = False
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._told)

    def _told(self, *_: Any) -> None:
        is_second, self.is_stopped = self.is_stopped, True
        if is_second or not self.is_busy:
            raise Stopped

    def check(self) -> None:
        """End here where it was told to."""
        if self.is_stopped:
            raise Stopped


def serve(listener: Listener, signals: Signals, every: float, once: bool) -> None:
    """Listen until a signal, or until one round was heard."""
    first = True
    while True:
        signals.check()
        try:
            events = listener.metadata.events() if first else listener.metadata.listen(time.sleep, every)
            first = False
            signals.is_busy = True
            try:
                listener.take(events)
            finally:
                signals.is_busy = False
            if once:
                return
        except (OSError, Unheard) as error:
            listener.say(f"not heard: {error}")
            if once:
                raise
            time.sleep(every)


def parser() -> argparse.ArgumentParser:
    """The options."""
    options = argparse.ArgumentParser(description="Run a command once when this instance is to end.")
    add = options.add_argument
    add("--cloud", choices=[cloud.name for cloud in CLOUDS], help="name the cloud; detected when left out")
    add("--url", default="", help="override the address of the metadata service")
    add("--every", type=float, default=5.0, help="set the seconds between two looks (AWS, Azure); 5 when left out")
    add("--state", default="/var/lib/trimtab/listener.json", help="name the file that keeps what was done")
    add("--once", action="store_true", help="look once, act, and end")
    add("--also-advice", action="store_true", help="act on maintenance and rebalancing, too")
    add("--at-shutdown", action="store_true", help="act on SIGTERM while systemd stops the machine, too")
    add("--on-terminate", nargs=argparse.REMAINDER, required=True, metavar="COMMAND", help="the command; stands last")
    return options


def say(text: str) -> None:
    """A line on standard error."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def main(arguments: list[str] | None = None) -> int:
    """Listen as the options say; the status to end with."""
    options = parser().parse_args(arguments)
    if not options.on_terminate:
        parser().error("--on-terminate needs a command")
    try:
        return _listen(options, Signals())
    except (OSError, Unheard) as error:
        say(f"error: {error}")
        return 1
    except Stopped:
        return 0


def _listen(options: argparse.Namespace, signals: Signals) -> int:
    named = {cloud.name: cloud for cloud in CLOUDS}.get(options.cloud)
    metadata = named(options.url) if named else detect(options.url)
    instance = metadata.instance()

    def act(event: Event) -> bool:
        return run_command(options.on_terminate, metadata.name, instance, event)

    def wants(event: Event) -> bool:
        return options.also_advice or event.sort == TERMINATING

    listener = Listener(metadata, act, State(options.state), wants, say)
    say(f"listening on {metadata.name} for {instance}")
    try:
        serve(listener, signals, options.every, options.once)
    except Stopped:
        if options.at_shutdown and is_shutting_down():
            signals.is_busy = True
            listener.shut_down()
    return 0


if __name__ == "__main__":
    sys.exit(main())
