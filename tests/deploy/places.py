"""What is in `deploy/`, and the programs of others that judge it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.measuring import unmeasured
from tests.servers import missing

DEPLOY = Path(__file__).parents[2] / "deploy"


def judged(program, *arguments, package, **more):
    """What a program says of a file; where it is not installed the test is left out, or fails where it is required."""
    # what pip installs lies beside the Python that runs the tests
    places = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    path = shutil.which(program, path=places)
    if path is None:
        missing(f"{program} is not installed ({package})")
    with unmeasured():
        done = subprocess.run([path, *map(str, arguments)], capture_output=True, text=True, check=False, **more)
    return done.returncode, done.stdout + done.stderr
