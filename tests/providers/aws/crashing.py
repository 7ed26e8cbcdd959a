"""
Runs applies that are meant to be killed: one line of standard input, one child process.

Imports and clients are made once; each child is a fork that has them already.
"""

import os
import sys

from tests.providers.aws.proof import SCENARIOS, connect_to


def main(endpoint):
    # no socket and no thread exists yet, so that a fork has all that it needs
    cloud = connect_to(endpoint)
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            run(cloud, line.strip())
        print(child, flush=True)  # noqa: T201
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)  # noqa: T201


def run(cloud, name):
    code = 1
    try:
        SCENARIOS[name].run(cloud).raise_for_failures()
        code = 0
    finally:
        os._exit(code)


if __name__ == "__main__":
    main(sys.argv[1])
