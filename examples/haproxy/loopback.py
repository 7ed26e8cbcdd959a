"""
A real HAProxy on this machine follows a group from two instances to four and back, and nobody gets an error.

The cloud is the one in memory, and its instances are web servers in this process, each at its own address of the
loopback network (Linux). It takes the program `haproxy`: `apt-get install haproxy`.
"""

import signal
import socket
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.request import urlopen

import trimtab as tt
from trimtab.providers.memory.store import MemoryStore

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))
from parts.children import Children, find_program  # noqa: E402  # beside this file

WAIT = tt.seconds(30)


def free_port() -> int:
    """A port that nobody listens on."""
    with closing(socket.create_server(("127.0.0.1", 0))) as found:
        return int(found.getsockname()[1])


class Page(BaseHTTPRequestHandler):
    """Says which instance answers."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        body = self.connection.getsockname()[0].encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Nothing is said."""


class Server(ThreadingHTTPServer):
    """A web server, which says nothing of connections that HAProxy cuts off."""

    def handle_error(self, request: object, client_address: object) -> None:
        """Nothing is said."""


class Instances:
    """The web servers that stand for the instances of a group."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.running: dict[str, Server] = {}

    def become(self, addresses: Iterable[str]) -> None:
        """Start those that are new, and end those that the cloud has ended."""
        wanted = set(addresses)
        for address in wanted - self.running.keys():
            self.running[address] = server = Server((address, self.port), Page)
            threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        for address in self.running.keys() - wanted:
            server = self.running.pop(address)
            server.shutdown()
            server.server_close()


@contextmanager
def haproxy(folder: Path, port: int) -> Iterator[None]:
    """A HAProxy that runs until the block, or this process, ends."""
    variables = {"FOLDER": str(folder), "PORT": str(port)}
    with Children(folder) as children:
        command = [find_program("haproxy"), "-db", "-f", HERE / "haproxy.cfg"]
        children.start("haproxy", command, environment=variables)
        children.wait_until((folder / "admin.sock").exists, "haproxy")
        yield


@contextmanager
def client(port: int, seen: "Counter[str]") -> Iterator[None]:
    """Somebody who asks for pages until the block ends."""
    stop = threading.Event()

    def ask() -> None:
        while not stop.is_set():
            try:
                with urlopen(f"http://127.0.0.1:{port}/", timeout=30) as answer:
                    seen[answer.read().decode()] += 1
            except OSError as error:
                seen[f"error: {error}"] += 1

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def addresses_of(cloud: tt.Cloud, fleet: tt.Fleet) -> list[str]:
    """The addresses of the instances that run."""
    (web,) = cloud.status(fleet, addresses=True).groups
    return [each.private_address for each in web.state.instances] if web.state else []


def main() -> None:
    """Two instances, four, and two again."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, _: sys.exit(128 + number))
    port, web_port, clock = free_port(), free_port(), tt.ManualClock()
    with tempfile.TemporaryDirectory(dir="/tmp") as name, suppress(KeyboardInterrupt):
        folder = Path(name)
        settings = {"HAPROXY_SOCKET": str(folder / "admin.sock"), "WEB_PORT": str(web_port)}
        fleet = tt.load_fleet(HERE / "fleet.yaml", env=settings)
        instances = Instances(web_port)
        with haproxy(folder, port), tt.connect("memory", store=MemoryStore(clock, network="127"), clock=clock) as cloud:
            plan = cloud.plan(fleet)
            print(*(note for note in plan.notes if "HAProxy" in str(note)), sep="\n")
            cloud.apply(plan).raise_for_failures()
            sync = tt.HaproxySync(fleet, cloud)
            seen: Counter[str] = Counter()
            try:
                instances.become(addresses_of(cloud, fleet))
                print(*sync.sync(wait=WAIT))
                with client(port, seen):
                    for size in (4, 2):
                        cloud.group("web").scale(to=size)
                        clock.advance(tt.minutes(2))
                        addresses = addresses_of(cloud, fleet)
                        instances.become([*instances.running, *addresses])
                        (synced,) = sync.sync(wait=WAIT)
                        assert synced.is_settled, str(synced)
                        print(synced)
                        instances.become(addresses)  # as a cloud does that waits until a hook is done
                print(f"{seen.total()} requests were answered by {len(seen)} instances")
                assert not [text for text in seen if text.startswith("error")], seen
            finally:
                instances.become(())


if __name__ == "__main__":
    main()
