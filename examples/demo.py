"""
A fleet's whole life on this machine: plan, apply, load, drift, heal, destroy.

The commands are those of the command line; the cloud is trimtab's emulator, which the vendor's real SDK talks to
on loopback. No account, no network. Run it with `nox -s demo`, or `python examples/demo.py --provider azure`.
With `--haproxy` it is a match instead: a fleet behind a real HAProxy; `examples/haproxy/match.py` says more.
"""

import argparse
import importlib
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import trimtab as tt
from trimtab.cli import run
from trimtab.emulators import AwsEmulator, AzureEmulator, GcpEmulator

HERE = Path(__file__).parent
WEB = "virtualmin-pro-cluster-web"
EMULATORS = {"aws": AwsEmulator, "azure": AzureEmulator, "gcp": GcpEmulator}


class Demo:
    """Runs commands one after the other and stops at the first that does not do what it is to show."""

    def __init__(self, account: Any, fleet: Path) -> None:
        self._account = account
        self._fleet = str(fleet)

    def say(self, text: str) -> None:
        """Print a heading."""
        print(f"\n=== {text}", flush=True)

    def trimtab(self, *arguments: str, code: int = 0) -> None:
        """Run `trimtab ARGUMENTS`, which is to end with `code`."""
        cloud = ["--provider", self._account.provider] if arguments[0] != "check" else []
        print(f"\n$ trimtab {' '.join([arguments[0], 'fleet.yaml', *arguments[1:]])}\n", flush=True)
        ended = run([arguments[0], self._fleet, *arguments[1:], *cloud], connect=self._connect)
        if ended != code:
            sys.exit(f"this was to end with exit code {code}, not {ended}")

    def _connect(self, provider: str, **settings: Any) -> tt.Cloud:
        return self._account.connect(**settings)

    def show(self) -> None:
        """The whole life."""
        self.say("The file is checked without a cloud.")
        self.trimtab("check", "--exit-zero")
        self.say("In an empty account the plan creates everything (exit code 2: there are changes).")
        self.trimtab("plan", code=2)
        self.say("Applied, and waited for until the instances run.")
        self.trimtab("apply", "--yes")
        self.say("Planned again: nothing to do.")
        self.trimtab("plan")
        self.load()
        self.say("Somebody changes three things by hand. The plan names exactly these.")
        self._account.drift()
        self.trimtab("plan", code=2)
        self.say("Applying heals them.")
        self.trimtab("apply", "--yes")
        self.trimtab("plan")
        self.say("How the fleet stands.")
        self.trimtab("status")
        self.say("Everything goes, and nothing is left.")
        self.trimtab("destroy", "--yes")
        self.trimtab("destroy", "--yes")
        if left := self._account.what_is_left():
            sys.exit(f"this is still there: {', '.join(left)}")

    def load(self) -> None:
        """A busy hour and a quiet one: the cloud's own alarms and policies move the size."""
        with self._account.connect() as cloud:
            web = cloud.group(WEB)
            self.say("Half an hour at 90 % CPU: the cloud adds instances by its alarms or its target, and says why.")
            begin = web.read().desired
            self._hold(web, cpu=90)
            busy = web.read().desired
            if not begin < busy:
                sys.exit(f"web was to grow from {begin}, and is {busy}")
            self.say("An hour at 5 %: they go again, as far as the office hours let them.")
            self._hold(web, cpu=5, times=10)
            quiet = web.read().desired
            if not quiet < busy:
                sys.exit(f"web was to shrink from {busy}, and is {quiet}")
            print(f"\nweb: {begin} -> {busy} -> {quiet}")
        self.say("No plan puts the size back: it belongs to the policies.")
        self.trimtab("plan")

    def _hold(self, web: Any, *, cpu: float, times: int = 5) -> None:
        seen = {activity.id for activity in web.activities(limit=100)}
        for _ in range(3 * times):
            self._account.load(WEB, cpu)
            self._account.pass_time(timedelta(minutes=2))
        for activity in reversed(web.activities(limit=100)):
            if activity.id not in seen and "MetricFailure" not in activity.description:
                print(f"{activity.at:%H:%M} {activity.description}\n      {activity.cause.strip()}")


def main() -> None:
    """Run the demo."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--provider", choices=list(EMULATORS), default="aws", help="whose cloud to emulate")
    parser.add_argument(
        "--haproxy", action="store_true", help="a match behind a real HAProxy; more options: see match.py"
    )
    given, more = parser.parse_known_args()
    provider = given.provider
    if given.haproxy:
        sys.path.insert(0, str(HERE / "haproxy"))
        importlib.import_module("match").main(["--provider", provider, "--whole", *more])
        return
    if more:
        parser.error(f"unknown: {' '.join(more)}")
    sys.path.insert(0, str(HERE / provider))  # the account of that cloud's examples
    module = importlib.import_module("account")
    with EMULATORS[provider]() as emulator:
        Demo(module.Account(emulator), module.FLEET).show()


if __name__ == "__main__":
    main()
