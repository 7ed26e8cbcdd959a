"""An emulator from the command line: prints the environment to use, then serves until it is stopped."""

import argparse
import signal
import sys
import threading
from contextlib import ExitStack
from pathlib import Path

import trimtab.emulators
from trimtab.errors import MissingExtra


def main(arguments: list[str] | None = None) -> int:
    """Run an emulator until a signal comes; answers the exit code."""
    parser = argparse.ArgumentParser(prog="python -m trimtab.emulators", description=__doc__)
    parser.add_argument("cloud", choices=sorted(trimtab.emulators.NAMES), help="which cloud to emulate")
    parser.add_argument("--port", type=int, default=0, help="where to listen on 127.0.0.1; 0 is a free port")
    parser.add_argument("--log", type=Path, help="a file for one line per API call; by default standard error")
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
        for name, value in emulator.environment.items():
            sys.stdout.write(f"{name}={value}\n")
        sys.stdout.flush()
        stop.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
