"""
An emulator from the command line: prints how to use it, then serves until it is stopped.

The account is furnished: what groups refer to is there, under the names of the examples.
"""

import argparse
import signal
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import trimtab.emulators
from trimtab.errors import MissingExtra


def main(arguments: list[str] | None = None) -> int:
    """Run an emulator until a signal comes; answers the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m trimtab.emulators", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("cloud", choices=sorted(trimtab.emulators.NAMES), help="which cloud to emulate")
    parser.add_argument("--port", type=int, default=0, help="where to listen on 127.0.0.1; 0 is a free port")
    parser.add_argument("--log", type=Path, help="a file for one line per API call; by default standard error")
    parser.add_argument("--empty", action="store_true", help="begin with an account in which nothing is")
    given = parser.parse_args(arguments)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with ExitStack() as stack:
        log = stack.enter_context(given.log.open("a", encoding="utf-8")) if given.log else sys.stderr
        try:
            start = getattr(trimtab.emulators, trimtab.emulators.NAMES[given.cloud])
        except MissingExtra as error:
            parser.error(str(error))
        emulator = stack.enter_context(start(port=given.port, log=log))
        furniture = {} if given.empty else emulator.furnish()
        for line in _words(given.cloud, emulator, furniture):
            sys.stdout.write(line + "\n")
        sys.stdout.flush()
        stop.wait()
    return 0


def _words(cloud: str, emulator: Any, furniture: Mapping[str, str]) -> Iterator[str]:
    """The environment, and as comments of the shell what there is and what to try with it."""
    for name, value in emulator.environment.items():
        yield f"{name}={value}"
    yield "#"
    yield f"# It listens at {emulator.endpoint}"
    yield f"# Its control API (clock, metrics, faults, requests): {emulator.endpoint}/_trimtab/"
    for kind, what in furniture.items():
        yield f"#   {kind}: {what}"
    if not furniture:
        yield "#   the account is empty"
    yield "# In another terminal, export the lines above, and try:"
    yield f"#   trimtab plan examples/virtualmin/fleet.yaml --provider {cloud}"
    yield "# Ctrl+C stops it."


if __name__ == "__main__":
    sys.exit(main())
