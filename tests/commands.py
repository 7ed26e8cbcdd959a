"""The command line in front of a cloud in memory, and the fleet that its tests have."""

import io
import json
from dataclasses import dataclass

import trimtab as tt
from trimtab.cli import run
from trimtab.providers.memory.store import MemoryStore

SECRET = "hunter2-the-secret"
FLEET = f"""\
name: shop
defaults:
  template:
    image: ami-1
    size: t3.medium
    user_data: "#!/bin/sh\\necho {{{{ password }}}}"
    variables:
      password: {SECRET}
groups:
  web:
    capacity: {{min: 2, max: 4}}
    policies:
      scale-out: {{change: 1, cooldown: 5m}}
    alarms:
      hot: {{metric: cpu, above: 70, triggers: [scale-out]}}
    schedules:
      morning: {{cron: "0 8 * * 1-5", zone: Europe/Madrid, min: 3}}
      evening: {{cron: "0 18 * * 1-5", zone: Europe/Madrid, min: 2, desired: 2}}
  api:
    capacity: {{min: 1, max: 1}}
"""
VARIABLES = tuple(
    f"TRIMTAB_{name}" for name in ("PROVIDER", "REGION", "SUBSCRIPTION", "RESOURCE_GROUP", "PROJECT", "CONNECT")
)
WITHOUT_API = FLEET[: FLEET.index("  api:")]


class Terminal(io.StringIO):
    """A stream on which somebody sits."""

    def isatty(self):
        return True


@dataclass
class Ended:
    code: int
    out: str
    err: str

    @property
    def data(self):
        return json.loads(self.out)


class Cli:
    """The command line in front of one cloud in memory."""

    def __init__(self, folder):
        self.clock = tt.ManualClock()
        self.store = MemoryStore(self.clock)
        self.folder = folder
        self.asked = []
        self.write(FLEET)

    def write(self, text, name="fleet.yaml"):
        (self.folder / name).write_text(text)
        return str(self.folder / name)

    def connect(self, provider, **settings):
        self.asked.append((provider, settings))
        return tt.connect("memory", store=self.store, clock=self.clock)

    def run(self, *arguments, answer=None):
        """Run a command; with an answer, on a terminal."""
        kind = io.StringIO if answer is None else Terminal
        out, err = kind(), kind()
        code = run(arguments, connect=self.connect, out=out, err=err, source=kind(answer or ""))
        return Ended(code, out.getvalue(), err.getvalue())

    def __call__(self, command, *arguments, answer=None):
        fleet = str(self.folder / "fleet.yaml")
        return self.run(command, fleet, *arguments, "--provider", "memory", answer=answer)

    def edit(self, old, new):
        self.write((self.folder / "fleet.yaml").read_text().replace(old, new))

    @property
    def writes(self):
        return [call for call in self.store.calls if not call.startswith(("list", "read"))]
