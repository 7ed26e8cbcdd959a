import os
import subprocess

import pytest


def required(what):
    """Leave a test out for want of a client; `nox -s interop` brings them all, and there it fails."""
    if os.environ.get("TRIMTAB_INTEROP"):
        pytest.fail(f"{what}, which this session installs")
    pytest.skip(what)


@pytest.fixture
def aws(aws_emulator):
    """A furnished account."""
    aws_emulator.reset()
    aws_emulator.furnish()
    return aws_emulator


@pytest.fixture
def gcp(gcp_emulator):
    """A furnished project."""
    gcp_emulator.reset()
    gcp_emulator.furnish()
    return gcp_emulator


@pytest.fixture
def run(aws):
    """Runs a program in the environment that the AWS emulator prints; answers what it wrote."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "TF_VAR_"))}
    # the programs answer in pages and in the words of the terminal where they may
    environment = {**kept, **aws.environment, "AWS_PAGER": "", "LC_ALL": "C.UTF-8"}

    def started(*command, cwd=None, codes=(0,), **more):
        done = subprocess.run(command, cwd=cwd, env={**environment, **more}, capture_output=True, text=True)
        assert done.returncode in codes, f"{command}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    return started
