"""
Runs applies that are meant to be killed: one line of standard input, one child process.

Imports and clients are made once; each child is a fork that has them already. What a cloud's applies are, its `proof`
says.
"""

import importlib
import os
import sys


def main(cloud, endpoint):
    proof = importlib.import_module(f"tests.providers.{cloud}.proof")
    # no socket and no thread exists yet, so that a fork has all that it needs
    cloud = proof.connect_to(endpoint)
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            run(proof.SCENARIOS[line.strip()], cloud)
        print(child, flush=True)  # noqa: T201
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)  # noqa: T201


def run(scenario, cloud):
    code = 1
    try:
        scenario.run(cloud).raise_for_failures()
        code = 0
    finally:
        os._exit(code)


if __name__ == "__main__":
    main(*sys.argv[1:])
