"""What has to hold before a rollout goes on, asked of the cloud, of instances, and of programs."""

import json
import os
import signal
import ssl
import subprocess
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import assert_never

from trimtab.errors import ProviderError, Unsupported
from trimtab.models import (
    AlarmGate,
    BalancerGate,
    CommandGate,
    Fleet,
    Gate,
    HealthGate,
    HttpGate,
    MetricGate,
    Rollout,
    ScalingGroup,
)
from trimtab.phrases import in_words
from trimtab.plan import Note
from trimtab.providers.alarms import alarm_name
from trimtab.providers.base import Instance, InstanceState
from trimtab.providers.rolling import Limits, Progress, RolloutActions
from trimtab.providers.run import RolloutRun
from trimtab.rollout.deciding import GateVerdict
from trimtab.rollout.ranks import p_value

AT_ONCE = 16
"""Instances that are asked at the same time."""
_LAST = (CommandGate, MetricGate)
"""Gates that are asked once the others have held for the bake."""
_LONGEST = 200
"""Characters of a program's last words that are told."""


@dataclass(frozen=True)
class Situation:
    """
    What gates are asked about.

    Attributes:
        fleet: The group's fleet.
        group: The group.
        run: The run.
        progress: The group as it stands.
        limits: How far the rollout goes at once.
        now: The moment.
    """

    fleet: Fleet
    group: ScalingGroup
    run: RolloutRun
    progress: Progress
    limits: Limits
    now: datetime

    @property
    def fresh(self) -> tuple[Instance, ...]:
        """The instances with the new template."""
        return self.progress.of(fresh=True, limits=self.limits)

    @property
    def old(self) -> tuple[Instance, ...]:
        """Those with another one."""
        return self.progress.of(fresh=False, limits=self.limits)


@dataclass
class Gates:
    """
    Asks gates.

    Args:
        rollouts: The provider's part.
        allow_commands: Whether programs that a fleet file names may run.
    """

    rollouts: RolloutActions
    allow_commands: bool = False
    _context: ssl.SSLContext | None = field(default=None, repr=False)

    def ask(self, spec: Rollout, about: Situation, *, last: bool) -> list[GateVerdict]:
        """What each gate says; those that are asked once only when `last`, and only where the others hold."""
        always: list[Gate] = [HealthGate(), *(gate for gate in spec.gates if not isinstance(gate, _LAST))]
        verdicts = [self._ask(gate, about) for gate in always]
        if last and all(verdict.holds for verdict in verdicts):
            verdicts += [self._ask(gate, about) for gate in spec.gates if isinstance(gate, _LAST)]
        return verdicts

    def alarms(self, spec: Rollout, about: Situation) -> list[GateVerdict]:
        """What the alarms say, which are watched all the time."""
        return [self._alarms(gate, about) for gate in spec.gates if isinstance(gate, AlarmGate)]

    def _ask(self, gate: Gate, about: Situation) -> GateVerdict:
        match gate:
            case HealthGate():
                return _health(about)
            case BalancerGate():
                return _balancer(about)
            case AlarmGate():
                return self._alarms(gate, about)
            case HttpGate():
                return self._http(gate, about)
            case CommandGate():
                return self._command(gate, about)
            case MetricGate():
                return self._metric(gate, about)
            case _:
                assert_never(gate)

    def _alarms(self, gate: AlarmGate, about: Situation) -> GateVerdict:
        own = {alarm.name: alarm_name(about.fleet, about.group, alarm.name) for alarm in about.group.alarms}
        names = {own.get(name, name): name for name in gate.alarms}
        try:
            states = self.rollouts.firing(about.progress.state.location, list(names))
        except ProviderError as error:
            return GateVerdict("alarm", None, str(error))
        firing = [names[name] for name, fires in states.items() if fires]
        if firing:
            verb = "fires" if len(firing) == 1 else "fire"
            return GateVerdict("alarm", holds=False, text=f"{in_words(firing)} {verb}", is_final=True)
        if missing := [names[name] for name in names if name not in states]:
            return GateVerdict("alarm", None, f"no alarm is called {in_words(missing)}; write one that there is")
        return GateVerdict("alarm", holds=True)

    def _http(self, gate: HttpGate, about: Situation) -> GateVerdict:
        fresh = about.fresh
        if not fresh:
            return GateVerdict("http", holds=True)
        with ThreadPoolExecutor(max_workers=min(AT_ONCE, len(fresh)), thread_name_prefix="trimtab-gate") as pool:
            answers = list(pool.map(lambda instance: self._answer(gate, instance), fresh))
        bad = [f"{instance.id}: {answer}" for instance, answer in zip(fresh, answers, strict=True) if answer]
        return GateVerdict("http", holds=not bad, text=bad[0] if bad else "")

    def _answer(self, gate: HttpGate, instance: Instance) -> str:
        """What is wrong with an instance's answer; empty where nothing is."""
        address = instance.private_address if gate.address == "private" else instance.public_address
        if not address:
            return f"it has no {gate.address} address"
        port = gate.port or (443 if gate.protocol == "https" else 80)
        host = f"[{address}]" if ":" in address else address
        url = f"{gate.protocol}://{host}:{port}{gate.path}"
        try:
            request = urllib.request.Request(url, headers={"User-Agent": "trimtab"})
            opener = urllib.request.build_opener(_AsItIs(), urllib.request.HTTPSHandler(context=self._unchecked()))
            with opener.open(request, timeout=gate.timeout.total_seconds()) as reply:
                status = reply.status
        except urllib.error.HTTPError as error:
            status = error.code
        except (OSError, ValueError) as error:
            return f"{url} gave no answer: {getattr(error, 'reason', None) or error}"
        return "" if status == gate.status else f"{url} answered {status} and not {gate.status}"

    def _unchecked(self) -> ssl.SSLContext:
        """Instances are asked by their address, which no certificate names."""
        if self._context is None:
            self._context = ssl.create_default_context()
            self._context.check_hostname = False
            self._context.verify_mode = ssl.CERT_NONE
        return self._context

    def _command(self, gate: CommandGate, about: Situation) -> GateVerdict:
        if not self.allow_commands:
            text = f"{gate.run[0]!r} may not run; allow it with allow_commands=True (--allow-commands)"
            return GateVerdict("command", None, text)
        with tempfile.TemporaryDirectory(prefix="trimtab-") as folder:
            path = Path(folder) / "inventory.json"
            path.write_text(json.dumps(inventory(about), indent=2))
            try:
                code, said = _run(gate, {**os.environ, **environment(about), "TRIMTAB_INVENTORY": str(path)})
            except OSError as error:
                return GateVerdict("command", holds=False, text=f"{gate.run[0]}: {error.strerror}", is_final=True)
        if code == 0:
            return GateVerdict("command", holds=True)
        why = "took too long" if code is None else f"ended with exit code {code}"
        return GateVerdict("command", holds=False, text=f"{gate.run[0]} {why}{said}", is_final=True)

    def _metric(self, gate: MetricGate, about: Situation) -> GateVerdict:
        state, since = about.progress.state, about.run.since
        sides = []
        for side in (about.fresh, about.old):
            try:
                ids = [instance.id for instance in side]
                sides.append(self.rollouts.samples(state.location, state.name, gate.metric, ids, since) if ids else [])
            except ProviderError as error:
                return GateVerdict("metric", None, str(error))
        new, old = sides
        if not about.old:
            return GateVerdict("metric", holds=True, text="no old instance is left to compare with")
        if min(len(new), len(old)) < gate.samples:
            text = f"{gate.metric.name}: {len(new)} and {len(old)} of {gate.samples} values of new and of old instances"
            return GateVerdict("metric", None, text)
        p = p_value(new, old) if gate.worse == "higher" else p_value(old, new)
        if p >= gate.significance:
            return GateVerdict("metric", holds=True)
        text = f"{gate.metric.name} is {gate.worse} on new instances than on old ones (p {_told(p)})"
        return GateVerdict("metric", holds=False, text=text, is_final=True)


def _told(p: float) -> str:
    return f"= {p:.4f}" if p >= 0.0001 else "< 0.0001"


class _AsItIs(urllib.request.HTTPRedirectHandler):
    """An answer that sends on elsewhere is the answer."""

    def redirect_request(self, *_: object, **__: object) -> None:
        return None


def _health(about: Situation) -> GateVerdict:
    bad = [each.id for each in about.fresh if each.state is InstanceState.RUNNING and each.healthy is False]
    coming = [each.id for each in about.fresh if each.state is InstanceState.PENDING]
    if bad or coming:
        text = f"{in_words((bad or coming)[:5])} {'unhealthy' if bad else 'not running yet'}"
        return GateVerdict("health", holds=False, text=text)
    return GateVerdict("health", holds=True)


def _balancer(about: Situation) -> GateVerdict:
    waiting = [each.id for each in about.fresh if each.serving is False]
    return GateVerdict(
        "balancer", holds=not waiting, text=f"{in_words(waiting[:5])} get no requests" if waiting else ""
    )


def missing_alarms(rollouts: RolloutActions, fleet: Fleet, location: str) -> Iterator[Note]:
    """
    A note on each gate that names an alarm which neither its group has nor the cloud.

    Args:
        rollouts: The provider's part; asked once for each region, and not at all without an alarm of somebody else's.
        fleet: As it is for this provider.
        location: Where groups are that do not say.
    """
    foreign: dict[str, list[tuple[ScalingGroup, str, str]]] = {}
    for group in fleet.groups:
        own = {alarm.name for alarm in group.alarms}
        for index, gate in enumerate(spec.gates if (spec := group.rollout) else ()):
            for name in gate.alarms if isinstance(gate, AlarmGate) else ():
                if name not in own:
                    foreign.setdefault(group.location or location, []).append((group, f"rollout.gates.{index}", name))
    for place, asked in foreign.items():
        try:
            missing = set(rollouts.missing_alarms(place, sorted({name for _, _, name in asked})))
        except (ProviderError, Unsupported):  # a start says so
            continue
        for group, path, name in asked:
            if name in missing:
                text = f"{path}.alarms: no alarm is called {name!r}, so that no rollout starts; write one that there is"
                yield Note(text, group.name, place=fleet.position(group.name, f"{path}.alarms"))


def inventory(about: Situation) -> list[Mapping[str, object]]:
    """The instances, as a command finds them in the file `TRIMTAB_INVENTORY`."""
    return [
        {
            "id": each.id,
            "new": each.id in about.progress.fresh,
            "zone": each.zone,
            "private_address": each.private_address,
            "public_address": each.public_address,
        }
        for each in about.progress.state.instances
    ]


def environment(about: Situation) -> dict[str, str]:
    """What a command finds in its environment besides."""
    fresh = about.fresh
    return {
        "TRIMTAB_FLEET": about.fleet.name,
        "TRIMTAB_GROUP": about.group.name,
        "TRIMTAB_NATIVE_NAME": about.progress.state.name,
        "TRIMTAB_ROLLOUT": about.run.id,
        "TRIMTAB_STEP": str(about.run.step + 1),
        "TRIMTAB_NEW_INSTANCES": " ".join(each.id for each in fresh),
        "TRIMTAB_NEW_ADDRESSES": " ".join(each.private_address for each in fresh if each.private_address),
    }


def _run(gate: CommandGate, env: Mapping[str, str]) -> tuple[int | None, str]:
    """The exit code, `None` after the timeout, and the end of what was said."""
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            gate.run,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=dict(env),
            start_new_session=True,
        )
        code: int | None
        try:
            code = process.wait(gate.timeout.total_seconds())
        except subprocess.TimeoutExpired:
            code = None
        finally:
            # and what it started itself
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        return code, "".join(_last_words(output.fileno()))


def _last_words(number: int) -> Iterator[str]:
    size = os.fstat(number).st_size
    os.lseek(number, max(0, size - _LONGEST), os.SEEK_SET)
    text = " ".join(os.read(number, _LONGEST).decode(errors="replace").split())
    if text:
        yield f": {text}"
