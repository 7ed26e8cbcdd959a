"""
Runs moto's own tests against trimtab's AWS emulator: `python -m tests.interop.run_moto CHECKOUT`; none is copied here.

Each test that fails must be named in docs/emulators.md, where the difference is argued, and each named must fail.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "emulators.md"
ASKED = ("tests/test_autoscaling", "tests/test_cloudwatch", "tests/test_ec2/test_launch_templates.py")


def main(checkout: str) -> int:
    """Run them; answers the exit code."""
    passed, failed = outcomes(Path(checkout))
    argued = set(re.findall(r"`(test_\w+)`", PAGE.read_text(encoding="utf-8")))
    names = {name.partition("[")[0] for name in failed}
    print(f"{len(passed)} of {len(passed) + len(failed)} of moto's tests end as on moto itself")
    for name in sorted(names - argued):
        print(f"{name} fails, and docs/emulators.md does not say why")
    for name in sorted(argued - names):
        print(f"{name} is named in docs/emulators.md, and does not fail")
    return 1 if names ^ argued or not passed else 0


def outcomes(checkout: Path) -> tuple[list[str], list[str]]:
    """The names of the tests that pass and of those that fail."""
    with tempfile.TemporaryDirectory() as folder:
        # beside its package, the tests would import the checkout's moto
        shutil.copytree(checkout / "tests", Path(folder) / "tests")
        report = Path(folder) / "report.xml"
        paths = os.pathsep.join((str(ROOT / "src"), str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")))
        plain = ("-q", "-p", "no:cacheprovider", "-c", os.devnull, "--rootdir", folder, "-W", "ignore", "--tb=no")
        command = [sys.executable, "-m", "pytest", *plain, "-p", "moto_here", f"--junitxml={report}", *ASKED]
        subprocess.run(command, cwd=folder, env={**os.environ, "PYTHONPATH": paths}, check=False)
        cases = list(ElementTree.parse(report).iter("testcase"))
    bad = [case.get("name", "") for case in cases if case.find("failure") is not None or case.find("error") is not None]
    good = [case.get("name", "") for case in cases if len(case) == 0]
    return good, bad


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
