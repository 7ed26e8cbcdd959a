"""
A match on this machine: a fleet behind a real HAProxy, sized by what a real Prometheus scrapes of it.

The cloud is trimtab's emulator, on a clock that goes 120 times as fast as the machine's; its instances are processes,
each a small web service of timed work at its own address of the loopback network (Linux). Visitors come in the shape
of a match. What trimtab.simulate predicts is printed before, what was seen after it, and both are in a page and a
picture. It takes Debian's `haproxy` and `prometheus`: `apt-get install --no-install-recommends haproxy prometheus`.

`nox -s demo -- --haproxy` runs the whole match, which takes 67 seconds; without `--whole` it is its first minutes.
"""

import argparse
import importlib
import json
import os
import signal
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from errno import ENOSPC
from functools import partial
from pathlib import Path
from urllib.request import urlopen

import trimtab as tt
import trimtab.emulators
from trimtab.errors import TrimtabError

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent)]
from parts.children import LOOPBACK, Children, find_program, port_of  # noqa: E402  # beside this file
from parts.load import WHOLE, match_load  # noqa: E402
from parts.seen import Agreement, Record, seen_run  # noqa: E402
from parts.times import MINUTE, FastClock, FastPrometheus  # noqa: E402

PRESETS = {"aws": "ec2", "azure": "azure", "gcp": "gce"}
MORNING = datetime(2026, 11, 30, 8, 0, tzinfo=UTC)
MATCH = datetime(2026, 11, 30, 20, 30, tzinfo=UTC)
"""A quarter of an hour before the kick-off."""
FACTOR, FACTORS = 120, (30, 60, 120)
SHORT, FEWEST = 16, 5
SCRAPES = 10
"""How often Prometheus looks in each minute of the fleet's clock."""
# on the fleet's clock, as all times that trimtab is told
WORK = timedelta(seconds=6)
SLOTS = 2
PATIENCE = timedelta(minutes=1)
BOOTS = timedelta(seconds=90)
"""How long the emulator lets an instance boot."""
LOOK = timedelta(seconds=12)
"""How long after the end of a minute the controller looks, so that Prometheus has scraped it."""
PEAK = 2.3


class Instances:
    """The processes that stand for the instances of a group."""

    def __init__(self, children: Children, port: int, work: float) -> None:
        self._children, self._port, self._work = children, port, work
        self._addresses: dict[str, str] = {}
        self._made = 0

    def endpoint(self, instance: tt.Instance, settings: tt.HaproxyBalancer) -> tuple[str, int] | None:
        """Where an instance is reached, once it has a process."""
        address = self._addresses.get(instance.id)
        return (address, settings.port) if address else None

    def follow(self, instances: Sequence[tt.Instance], *, settled: bool) -> None:
        """Start those that the cloud has launched, and once HAProxy is done with them end those that it has ended."""
        ids = {each.id for each in instances}
        for new in sorted(ids - self._addresses.keys()):
            self._made += 1
            high, low = divmod(self._made, 250)
            self._addresses[new] = address = f"127.8.{high}.{low + 1}"
            command = [sys.executable, "-I", "-S", HERE / "parts/web.py", address, self._port, SLOTS, self._work]
            self._children.start(f"instance {new}", list(map(str, command)))
        gone = [each for each in self._addresses if each not in ids] if settled else []
        self._children.stop(*(f"instance {each}" for each in gone))
        for each in gone:
            del self._addresses[each]


class Match:
    """One run."""

    def __init__(self, given: argparse.Namespace, folder: Path, children: Children, say: Callable[[str], None]) -> None:
        self._given, self._folder, self._children, self._say = given, folder, children, say
        self._factor: int = given.factor
        self._haproxy_port = port_of(given.port, "HAProxy", "--port")
        self._prometheus_port = port_of(given.prometheus_port, "Prometheus", "--prometheus-port")
        self._exporter_port, self._web_port = (port_of(0, "the demo", "") for _ in range(2))
        self._clock = FastClock(MORNING, self._factor)
        self._instances = Instances(children, self._web_port, WORK.total_seconds() / self._factor)
        self._prometheus = FastPrometheus(f"http://{LOOPBACK}:{self._prometheus_port}", self._clock)

    # what runs

    def start_servers(self) -> None:
        """HAProxy, and Prometheus, which scrapes it."""
        scrape = MINUTE / self._factor / SCRAPES // timedelta(milliseconds=1)
        scraped = {
            "job_name": "haproxy",
            "scrape_interval": f"{scrape}ms",
            "scrape_timeout": f"{scrape}ms",
            "params": {"scope": ["frontend", "backend"]},
            "static_configs": [{"targets": [f"{LOOPBACK}:{self._exporter_port}"]}],
        }
        config = self._folder / "prometheus.yml"
        config.write_text(json.dumps({"scrape_configs": [scraped]}))  # JSON is YAML
        listen = f"--web.listen-address={LOOPBACK}:{self._prometheus_port}"
        data = f"--storage.tsdb.path={self._folder}/prometheus"
        self._children.start("prometheus", [find_program("prometheus"), f"--config.file={config}", data, listen])
        environment = {
            "FOLDER": str(self._folder),
            "PORT": str(self._haproxy_port),
            "EXPORTER": str(self._exporter_port),
            "PATIENCE": str(PATIENCE / self._factor // timedelta(milliseconds=1)),
        }
        self._children.start(
            "haproxy", [find_program("haproxy"), "-db", "-f", HERE / "match.cfg"], environment=environment
        )
        self._children.wait_until((self._folder / "admin.sock").exists, "haproxy")

    def _scrapes(self) -> bool:
        """Whether Prometheus has its first sample, some seconds after its start."""
        try:
            with urlopen(f"http://{LOOPBACK}:{self._prometheus_port}/api/v1/query?query=up", timeout=5) as answer:
                found = json.load(answer)["data"]["result"]
        except OSError:
            return False
        return bool(found) and found[0]["value"][1] == "1"

    def open_cloud(self, stack: ExitStack) -> tt.Cloud:
        """The cloud on the fast clock, with an account in which the fleet finds what it refers to."""
        start = getattr(trimtab.emulators, trimtab.emulators.NAMES[self._given.provider])
        emulator = stack.enter_context(start(clock=self._clock))
        sys.path.insert(0, str(HERE.parent / self._given.provider))  # the account of that cloud's examples
        account = importlib.import_module("account").Account(emulator)
        account.emulated.clock = tt.SystemClock()  # waits for answers in this machine's time
        emulator.doors.run_clock()
        emulator.doors.configure(boot_seconds=BOOTS.total_seconds())
        cloud: tt.Cloud = stack.enter_context(account.connect())
        return cloud

    def load_fleet(self) -> tt.Fleet:
        """The fleet, with the places of this run filled in."""
        places = {
            "PROMETHEUS": f"http://{LOOPBACK}:{self._prometheus_port}",
            "HAPROXY_SOCKET": str(self._folder / "admin.sock"),
            "WEB_PORT": str(self._web_port),
        }
        return tt.load_fleet(HERE / "match.yaml", provider=self._given.provider, env=places)

    # before, during and after the match

    def predict(self, fleet: tt.Fleet, start: datetime) -> tuple[tt.Load, tt.Simulation]:
        """The load of the match, and what the fleet makes of it by the rules of the cloud."""
        load = match_load(start, self._given.minutes, PEAK)
        model = tt.FleetModel(
            capacity=SLOTS / WORK.total_seconds(),
            service_time=WORK,
            patience=PATIENCE,
            # it is seen by HAProxy at the first look after it has booted
            boot=-(-BOOTS // MINUTE) * MINUTE,
            signals={"promql": "requests-per-instance"},
            source="the web service of this demo: two requests at a time, six seconds each on the fleet's clock",
        )
        return load, tt.simulate(fleet["web"], load, preset=PRESETS[self._given.provider], model=model)

    def send_visitors(self, load: tt.Load) -> None:
        """Start what sends the requests of a load."""
        plan = {
            "begin": self._clock.on_machine(load.start).timestamp(),
            "step": MINUTE.total_seconds() / self._factor,
            "rates": [rate * self._factor for rate in load.values],
            "port": self._haproxy_port,
        }
        paths = [self._folder / "plan.json", self._folder / "answers.json"]
        paths[0].write_text(json.dumps(plan))
        self._children.start("visitors", [sys.executable, "-I", "-S", HERE / "parts/visitors.py", *paths], finite=True)

    def follow(self, controller: tt.Controller, live: tt.LiveGroup, load: tt.Load) -> tuple[Record, int]:
        """Let the controller look each minute; what it said, and how many minutes passed without a look."""
        record, late, minute, settled = Record(), 0, 0, True
        while minute < len(load.values):
            self._clock.sleep_until(load.start + minute * MINUTE + LOOK)
            instances = live.instances()
            self._instances.follow(instances, settled=settled)
            tick = controller.tick()
            self._children.check()
            settled = all(each.is_settled for each in tick.haproxies)
            record.add(minute, tick.groups[0], load.start + minute * MINUTE)
            record.paid[minute - 1] = len(instances)
            self._tell(minute, load, tick)
            following = max(minute + 1, (self._clock.now() - load.start - LOOK) // MINUTE)
            late += following - minute - 1
            minute = following
        self._clock.sleep_until(load.end + LOOK)
        return record, late

    def _tell(self, minute: int, load: tt.Load, tick: tt.Tick) -> None:
        group, at = tick.groups[0], f"{load.start + minute * MINUTE:%H:%M}"
        for problem in filter(None, (tick.error, *group.unread, *(each.error for each in tick.haproxies))):
            self._say(f"{at}  {problem}")
        if group.decision is not None and group.decision.change:
            change = f"{group.decision.previous} to {group.decision.size}"
            self._say(f"{at}  {60 * load.values[minute]:4.0f} requests/min  {change}: {group.decision.reasons[0]}")

    def play(self) -> None:
        """All of it."""
        say, given = self._say, self._given
        say(f"{self._factor} seconds of the fleet's clock pass in each second of this machine, in everything:")
        work, boots = WORK.total_seconds(), BOOTS.total_seconds()
        say(f"a request takes {work:g} s ({1000 * work / self._factor:g} ms here), a boot {boots:g} s.")
        with ExitStack() as stack:
            stack.callback(self._prometheus.close)
            self.start_servers()
            cloud, fleet = self.open_cloud(stack), self.load_fleet()
            plan = cloud.plan(fleet)
            say(f"\nThe fleet is made on the emulator of {given.provider}: {len(plan.changes)} objects")
            cloud.apply(plan).raise_for_failures()
            live = cloud.group(fleet.native_name(fleet["web"]))
            self._instances.follow(live.instances(), settled=True)
            sync = tt.HaproxySync(fleet, cloud, endpoint=self._instances.endpoint)
            (synced,) = sync.sync(wait=tt.seconds(20))
            say(str(synced))
            self._children.wait_until(self._scrapes, "prometheus")
            load, predicted = self.predict(fleet, MATCH)
            self._clock.restart(MATCH - 4 * MINUTE)
            say(f"\nPredicted before the match:\n{predicted}\n")
            controller = stack.enter_context(
                tt.Controller(fleet, cloud, [self._prometheus], "sqlite://", self._clock, haproxies=sync)
            )
            self.send_visitors(load)
            record, late = self.follow(controller, live, load)
            self._children.wait("visitors", 30)
            self.report(fleet, predicted, record, late)

    def report(self, fleet: tt.Fleet, predicted: tt.Simulation, record: Record, late: int) -> None:
        """Print what was seen beside what was predicted, and write the page and the picture."""
        answers = json.loads((self._folder / "answers.json").read_text())
        place = f"the emulator of {self._given.provider}, behind HAProxy"
        notes = [f"seen by Prometheus; {self._factor} seconds of the fleet's clock passed in each second"]
        if late:
            passed = "1 minute" if late == 1 else f"{late} minutes"
            hint = f"; --factor {self._factor // 2} gives it more time" if self._factor > min(FACTORS) else ""
            notes.append(f"{passed} passed without a look of the controller: this machine was busy{hint}")
        seen = seen_run(self._prometheus, predicted, record, place, notes)
        (policy,) = (each for each in fleet["web"].policies if isinstance(each, tt.TargetTrackingPolicy))
        measured = self._prometheus.values(policy.metric.query or "", seen.start, seen.minutes)
        agreement = Agreement(seen, predicted, measured)
        sent, refused = sum(answers["sent"]), sum(answers["refused"])
        notes = [*seen.notes, f"visitors: {sent:,.0f} requests, {refused:,.0f} without an answer of 200"]
        notes += [*agreement.lines(), *(f"prediction: {note}" for note in predicted.notes)]
        seen = replace(seen, notes=notes)
        self._say(f"\nSeen:\n{seen}")
        kpis = replace(agreement, seen=seen).kpis(answers, self._factor)
        for name in ("match.html", "match.png"):
            self._say(f"written: {seen.save(self._given.out / name, kpis=kpis, beside=predicted)}")


def arguments(given: Sequence[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--provider", choices=list(PRESETS), default="aws", help="whose cloud to emulate")
    parser.add_argument("--whole", action="store_true", help=f"the whole match, {WHOLE} minutes of the fleet's clock")
    parser.add_argument("--minutes", type=int, default=SHORT, help="only its first minutes")
    parser.add_argument("--factor", type=int, default=FACTOR, choices=FACTORS, help="how much faster time goes")
    parser.add_argument("--port", type=int, default=0, help="of HAProxy on 127.0.0.1; a free one when left out")
    parser.add_argument("--prometheus-port", type=int, default=0, help="of Prometheus; a free one when left out")
    parser.add_argument("--out", metavar="FOLDER", help="where the page and the picture go; a new one when left out")
    found = parser.parse_args(given)
    for option, port in (("--port", found.port), ("--prometheus-port", found.prometheus_port)):
        if not 0 <= port <= 65535:
            parser.error(f"{option} {port} is not between 0 and 65535")
    if not FEWEST <= found.minutes <= WHOLE:
        parser.error(f"--minutes {found.minutes} is not between {FEWEST} and {WHOLE}")
    found.minutes = WHOLE if found.whole else found.minutes
    return found


def main(given: Sequence[str] | None = None) -> None:
    """Play the match."""
    chosen = arguments(given)
    if not sys.platform.startswith("linux"):
        raise SystemExit("this needs Linux: each instance has an address of its own in 127.0.0.0/8")
    for name in ("haproxy", "prometheus"):
        find_program(name)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, _: sys.exit(128 + number))
    try:
        chosen.out = Path(chosen.out or tempfile.mkdtemp(prefix="trimtab-match-"))
        chosen.out.mkdir(parents=True, exist_ok=True)
        # the path of a socket has at most 107 bytes
        place = os.environ.get("TMPDIR", "/tmp")
        with tempfile.TemporaryDirectory(prefix="trimtab-", dir=place) as folder, Children(Path(folder)) as children:
            Match(chosen, Path(folder), children, partial(print, flush=True)).play()
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        hint = "; it writes to the folder for temporary files (TMPDIR) and to --out" if error.errno == ENOSPC else ""
        raise SystemExit(f"the match was broken off: {where}{error.strerror or error}{hint}") from error
    except TrimtabError as error:
        raise SystemExit(f"the match was broken off: {error}") from error


if __name__ == "__main__":
    main()
