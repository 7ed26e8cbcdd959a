"""
The metadata services of three clouds on loopback, with the replies that their pages document.

- AWS: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/spot-instance-termination-notices.html,
  https://docs.aws.amazon.com/autoscaling/ec2/userguide/retrieving-target-lifecycle-state-through-imds.html,
  https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-metadata-v2-how-it-works.html
- Azure: https://learn.microsoft.com/azure/virtual-machines/linux/scheduled-events
- Google: https://docs.cloud.google.com/compute/docs/metadata/querying-metadata (waiting for a change, ETags),
  https://docs.cloud.google.com/compute/docs/metadata/getting-live-migration-notice
"""

import json
import sys
import threading
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        service = self.server.service
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        with service.changed:
            service.asked.append((self.command, parts.path, body))
            service.changed.notify_all()
        status, headers, text = service.answer(self.command, parts.path, query, self.headers, body)
        data = text.encode()
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(data))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    do_PUT = do_POST = do_GET  # noqa: N815  (names of the base class)

    def log_message(self, *_):
        """Say nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        """Say nothing of a client that did not wait for its answer."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class Service:
    """A metadata service on loopback, as a context manager; `asked` is what it was asked."""

    def __init__(self):
        self.asked, self.changed = [], threading.Condition()
        self.server = _Server(("127.0.0.1", 0), _Handler)
        self.server.service = self
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def change(self, **values):
        """Have it say something else from now on; whoever waits is answered."""
        with self.changed:
            for name, value in values.items():
                setattr(self, name, value)
            self.changed.notify_all()

    def wait_for(self, condition):
        """Return once what was asked makes a condition true."""
        with self.changed:
            assert self.changed.wait_for(lambda: condition(self), 30), self.asked[-10:]

    def count(self, part):
        return sum(part in path for _, path, _ in self.asked)


class AwsService(Service):
    """IMDSv2 of an instance."""

    action = state = advice = None
    token = "AQAEA"

    def answer(self, method, path, query, headers, body):
        if path == "/latest/api/token":
            if method != "PUT" or not headers.get("X-aws-ec2-metadata-token-ttl-seconds"):
                return 400, {}, "Bad Request"
            return 200, {}, self.token
        if headers.get("X-aws-ec2-metadata-token") != self.token:
            return 401, {}, "Unauthorized"
        values = {
            "/latest/meta-data/instance-id": "i-1234567890abcdef0",
            "/latest/meta-data/spot/instance-action": self.action,
            "/latest/meta-data/autoscaling/target-lifecycle-state": self.state,
            "/latest/meta-data/events/recommendations/rebalance": self.advice,
        }
        return (200, {}, values[path]) if values.get(path) else (404, {}, "Not Found")


def scheduled(kind="Terminate", event="C7061BAC-AFDC-4513-B24B-AA5F13A16123", name="web_0", **given):
    """An event of the page, for an instance."""
    return {
        "EventId": event,
        "EventStatus": "Scheduled",
        "EventType": kind,
        "ResourceType": "VirtualMachine",
        "Resources": [name],
        "NotBefore": format_datetime(datetime.now(UTC) + timedelta(minutes=5), usegmt=True),
        "Description": "Virtual machine is being deleted as requested by the user.",
        "EventSource": "User",
        "DurationInSeconds": -1,
        **given,
    }


class AzureService(Service):
    """The instance metadata of `web_0`, with the scheduled events of its placement group."""

    events = ()
    incarnation = 1

    def answer(self, method, path, query, headers, body):
        if headers.get("Metadata") != "true":
            return 400, {}, json.dumps({"error": "Bad request. Required metadata header not specified"})
        if path == "/metadata/instance/compute" and query.get("api-version"):
            return 200, {}, json.dumps({"name": "web_0", "vmScaleSetName": "web"})
        if path != "/metadata/scheduledevents" or query.get("api-version") != "2020-07-01":
            return 404, {}, json.dumps({"error": "Not found"})
        if method == "GET":
            return 200, {}, json.dumps({"DocumentIncarnation": self.incarnation, "Events": list(self.events)})
        approved = {each["EventId"] for each in json.loads(body)["StartRequests"]}
        left = tuple(each for each in self.events if each["EventId"] not in approved)
        self.change(events=left, incarnation=self.incarnation + 1)
        return 200, {}, ""

    @property
    def approved(self):
        return [json.loads(body)["StartRequests"][0]["EventId"] for method, _, body in self.asked if method == "POST"]


class GoogleService(Service):
    """The metadata server, which answers a wait as soon as a value changes."""

    preempted, maintenance, stop, etag = "FALSE", "NONE", None, "e1"

    def is_waited_on(self):
        """Whether somebody waits for a change: the first time it is asked there is no ETag to wait by."""
        paths = [path for _, path, _ in self.asked]
        return paths[-1:] == ["/computeMetadata/v1/instance/"] and paths.count(paths[-1]) > 1

    def answer(self, method, path, query, headers, body):
        if headers.get("Metadata-Flavor") != "Google":
            return 403, {}, "Missing Metadata-Flavor:Google header."
        flavor = {"Metadata-Flavor": "Google", "ETag": self.etag}
        if query.get("wait_for_change") == "true":
            with self.changed:
                known = query.get("last_etag")
                self.changed.wait_for(lambda: self.etag != known, min(float(query["timeout_sec"]), 30))
        flavor["ETag"] = self.etag
        stop = self.stop or {}
        values = {
            "": json.dumps({"preempted": self.preempted, "maintenanceEvent": self.maintenance}),
            "name": "web-1",
            "preempted": self.preempted,
            "maintenance-event": self.maintenance,
            **{f"shutdown-details/{name}": value for name, value in stop.items()},
        }
        value = values.get(path.removeprefix("/computeMetadata/v1/instance/"))
        return (404, flavor, "Not Found") if value is None else (200, flavor, value)
