"""A real HAProxy on loopback, web servers that are the instances of a group, and clients that count what they get."""

import os
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections import Counter
from contextlib import contextmanager, suppress
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import trimtab as tt
from tests.servers import free_port, missing, short_folder
from trimtab.providers.memory.store import MemoryStore

CONFIGURATION = """
global
  stats socket {folder}/admin.sock mode 600 level admin expose-fd listeners
  stats timeout 10s
  hard-stop-after 5s
defaults
  mode http
  timeout connect 2s
  timeout client 10s
  timeout server 10s
  option redispatch
  retries 3
frontend web
  bind 127.0.0.1:{port}
  # until its servers are there again, as after a reload, a connection is refused and nobody gets a 503
  tcp-request connection reject if {{ nbsrv(web) lt 1 }}
  default_backend web
backend web
  balance roundrobin
  option httpchk GET /up
  server stranger 127.0.0.1:1 weight 7 disabled
backend static
  balance static-rr
{more}"""
TLS = """
frontend runtime-api
  mode tcp
  bind 127.0.0.1:{port} ssl crt {certificate} ca-file {ca} verify required
  default_backend runtime-api
backend runtime-api
  mode tcp
  server admin FOLDER/admin.sock
"""
BOUND = 30.0
"""Seconds that a test waits for anything at most."""


def until(holds, what):
    """Ask again and again, within a bound, until something holds; gives what that is."""
    end = time.monotonic() + BOUND
    while not (found := holds()):
        if time.monotonic() > end:
            raise AssertionError(f"not within {BOUND:g} s: {what}")
        threading.Event().wait(0.01)
    return found


class LocalHaproxy:
    """A HAProxy of a test's own, in a folder of its own."""

    def __init__(self, program, folder, more="", port=None):
        self.program, self.folder, self.port = program, folder, port or free_port()
        self.file = folder / "haproxy.cfg"
        text = CONFIGURATION.format(folder=folder, port=self.port, more=more)
        self.file.write_text(text.replace("FOLDER", str(folder)))
        self.process = None

    @property
    def socket(self):
        return f"{self.folder}/admin.sock"

    def start(self):
        command = [self.program, "-W", "-db", "-f", str(self.file)]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
        self.wait()

    def wait(self):
        """Wait until it answers, and gives the id of its process."""
        return until(self._pid, f"HAProxy answers: {(self.folder / 'log').read_text()[-500:]}")

    def _pid(self):
        if self.process.poll() is not None:
            raise RuntimeError(f"HAProxy did not start: {(self.folder / 'log').read_text()}")
        with suppress(OSError):
            lines = self.ask("show info").splitlines()
            return next((line.partition(": ")[2] for line in lines if line.startswith("Pid:")), "")

    def ask(self, command):
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(5)
            connection.connect(self.socket)
            connection.sendall(f"{command}\n".encode())
            return b"".join(iter(lambda: connection.recv(65536), b"")).decode()

    def kill(self):
        """Have it go at once, its workers too."""
        if self.process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(BOUND)
            self.process = None

    def reload(self):
        """Have another worker read the file."""
        before = self.wait()
        self.process.send_signal(signal.SIGUSR2)
        until(lambda: self._pid() not in ("", None, before), "a new worker answers")

    def stranger(self):
        """What HAProxy says of the server that is not ours, but for ages."""
        rows = [line.split() for line in self.ask("show servers state web").splitlines()]
        return [row[:9] + row[10:] for row in rows if "stranger" in row]


@contextmanager
def local_haproxy(more=""):
    """A HAProxy that runs, or the reason to leave the test out."""
    program = shutil.which("haproxy") or shutil.which("haproxy", path="/usr/sbin")
    if program is None:
        missing("HAProxy is not installed (Debian's package haproxy)")
    with short_folder("trimtab-haproxy-") as folder:
        haproxy = LocalHaproxy(program, folder, more)
        try:
            haproxy.start()
            yield haproxy
        finally:
            haproxy.kill()


class _Page(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.server.instances.mute:
            self.server.instances.released.wait(BOUND)
        if self.path.startswith("/slow"):
            self.server.instances.slow.set()
            self.server.instances.released.wait(BOUND)
        if not self.path.startswith("/up"):
            self.server.work()
        body = self.server.name.encode()
        status = self.server.instances.status
        with suppress(OSError):
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            for name, value in self.server.instances.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

    def log_message(self, *args):
        """Nothing is said."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def work(self):
        """A request takes its time, one after the other, and is counted."""
        with self.busy:
            threading.Event().wait(self.instances.work)
            self.instances.served[self.name] += 1

    def handle_error(self, request, client_address):
        """A connection that HAProxy cuts off, as a check does, is no error."""


class WebServers:
    """
    Web servers that are the instances of groups, each on a port of its own.

    Attributes:
        mute: Whether they take connections and answer nothing.
        status: What they answer with.
        headers: What else of headers.
        work: How many seconds an instance works on a request, one at a time.
        served: How many requests each instance has worked on, by its id; what HAProxy checks does not count.
    """

    def __init__(self):
        self.mute, self.status, self.work, self.served = False, 200, 0.0, Counter()
        self.headers = {}
        self.released, self.slow = threading.Event(), threading.Event()
        self._running = {}

    def endpoint(self, instance, settings):
        """Where an instance is reached; its server is started if it is not there."""
        if instance.id not in self._running:
            self.listen(instance.id)
        return "127.0.0.1", self._running[instance.id][0].server_address[1]

    def listen(self, name, address="127.0.0.1", port=0):
        """A server for an instance."""
        server = _Server((address, port), _Page)
        server.name, server.instances, server.busy = name, self, threading.Lock()
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        self._running[name] = server, thread

    def end(self, name):
        """An instance is gone."""
        server, thread = self._running.pop(name)
        server.shutdown()
        server.server_close()
        thread.join(BOUND)

    def end_all_but(self, names):
        """The instances that the cloud has ended."""
        for name in set(self._running) - set(names):
            self.end(name)

    def close(self):
        self.released.set()
        self.end_all_but(())


def get(port, path):
    """The status of an answer; that of HAProxy, or none, where the connection is cut off."""
    connection = HTTPConnection("127.0.0.1", port, timeout=BOUND)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except OSError:
        return None
    finally:
        connection.close()


class Clients:
    """Threads that ask a port for pages, until the block ends; what they get is counted."""

    def __init__(self, port, threads=4):
        self.counts, self.names = Counter(), Counter()
        self._port, self._stop, self._lock = port, threading.Event(), threading.Lock()
        self._threads = [threading.Thread(target=self._run, daemon=True) for _ in range(threads)]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *error):
        self._stop.set()
        for thread in self._threads:
            thread.join(BOUND)

    @property
    def requests(self):
        return sum(count for status, count in self.counts.items() if status != "refused")

    def _run(self):
        while not self._stop.is_set():
            status, name = "refused", ""
            with suppress(OSError, HTTPException):
                connection = HTTPConnection("127.0.0.1", self._port, timeout=BOUND)
                try:
                    for _ in range(5):  # some of them on one connection
                        connection.request("GET", "/")
                        response = connection.getresponse()
                        status, name = response.status, response.read().decode()
                        self._count(status, name)
                finally:
                    connection.close()
                continue
            self._count("refused", "")

    def _count(self, status, name):
        with self._lock:
            self.counts[status] += 1
            self.names[name] += 1


def make_local_fleet(haproxies, *, size=2, most=6, **group):
    """A fleet of one group behind HAProxies; `haproxies` are what the file says of each."""
    return tt.Fleet.model_validate(
        {
            "name": "shop",
            "groups": {
                "web": {
                    "capacity": {"min": 0, "max": most, "desired": size},
                    "template": {"image": "img", "size": "s"},
                    "load_balancers": [
                        {"haproxy": {"backend": "web", "port": 80, "path": "/up", "drain": "2s", **each}}
                        for each in haproxies
                    ],
                    **group,
                }
            },
        }
    )


@contextmanager
def local_group(fleet, **more):
    """The memory cloud with the fleet applied, its instances as web servers, and what keeps them in HAProxy."""
    clock = tt.ManualClock()
    servers = WebServers()
    try:
        servers.store = MemoryStore(clock)
        cloud = tt.connect("memory", store=servers.store, clock=clock)
        cloud.apply(cloud.plan(fleet)).raise_for_failures()
        yield cloud, servers, tt.HaproxySync(fleet, cloud, endpoint=servers.endpoint, **more)
    finally:
        servers.close()


def scale(cloud, size):
    """Another size, and a clock that goes on until it runs; the ids of what runs."""
    group = cloud.group("shop-web")
    group.scale(to=size)
    cloud.clock.advance(tt.minutes(2))
    return [each.id for each in group.read().instances]
