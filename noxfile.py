import os
from pathlib import Path

import nox

nox.needs_version = ">=2024.4.15"
nox.options.sessions = ["lint", "types", "tests", "docs", "examples", "package"]
nox.options.reuse_existing_virtualenvs = True

PYPROJECT = nox.project.load_toml("pyproject.toml")
PYTHONS = nox.project.python_versions(PYPROJECT)
ALL = ".[aws,azure,gcp,emulators,cli,sim]"


def group(name):
    return nox.project.dependency_groups(PYPROJECT, name)


def run_tests(session, *paths, **env):
    # a worker that has ended takes of what another still has, so that both end together
    workers = ("-n", str(min(os.cpu_count() or 1, 4)), "--dist", "worksteal")
    env = {"PYTHONWARNINGS": "default", **env}
    session.run("python", "-m", "pytest", *workers, *(session.posargs or paths), env=env)


@nox.session
def lint(session):
    session.install(*group("lint"))
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")


@nox.session
def types(session):
    session.install(ALL, *group("types"))
    session.run("mypy")
    session.run("mypy", "--strict", "tests/typing/api.py")
    session.run("mypy", "--strict", "examples/toy-provider/trimtab_toy")


@nox.session
def tests(session):
    """All tests, on the Python that runs nox; of a complete run, which branches of the product it takes."""
    session.install(ALL, *group("test"))
    if session.posargs:
        run_tests(session)
        return
    where = Path(session.create_tmp()).resolve()
    # each process of the run begins to measure before it imports anything
    measured = {
        "COVERAGE_PROCESS_START": str(Path("pyproject.toml").resolve()),
        "COVERAGE_FILE": str(where / "coverage"),
    }
    session.run("coverage", "erase", env=measured)
    run_tests(session, "tests", **measured)
    session.run("coverage", "combine", "--quiet", env={"COVERAGE_FILE": measured["COVERAGE_FILE"]})
    session.run("coverage", "report", env={"COVERAGE_FILE": measured["COVERAGE_FILE"]})


@nox.session
def exhaustive(session):
    """The same tests, every sweep whole, and of each law twenty times the examples: 2,000 where `tests` takes 100."""
    session.install(ALL, *group("test"))
    run_tests(session, "tests", TRIMTAB_EXHAUSTIVE="1")


@nox.session
def tests_bare(session):
    """What needs no extra, with none installed."""
    session.install(".", *group("test"))
    run_tests(
        session,
        *("tests/engine", "tests/semantics", "tests/models", "tests/plan", "tests/checks", "tests/providers/memory"),
        "tests/house/test_floors.py",
        *("tests/house/test_front_door.py", "tests/test_config.py", "tests/test_bad_files.py"),
        "tests/test_mutated_files.py",
    )


@nox.session(python=PYTHONS)
def tests_on(session):
    """All tests, on each Python of the classifiers that is installed."""
    session.install(ALL, *group("test"))
    run_tests(session, "tests")


@nox.session
def docs(session):
    """Build with warnings as errors, then run every code block."""
    session.install(ALL, *group("docs"), *group("test"))
    session.run("sphinx-build", "-W", "--keep-going", "-q", "-b", "html", "docs", "docs/_build/html")
    session.run("python", "-m", "pytest", "-q", "docs", "README.md", "--override-ini", "testpaths=docs")


@nox.session
def examples(session):
    """Run every script in examples/ against the emulators."""
    session.install(ALL)
    session.install(*group("test"))
    for script in sorted(Path("examples").glob("**/*.py")):
        alone = not any((folder / "pyproject.toml").exists() for folder in script.parents[:-1])  # no distribution
        if alone and script.name != "account.py":  # what the scripts of its folder share
            where = ["--emulator"] if script.parent.name in ("aws", "azure", "gcp") else []
            session.run("python", "-W", "error", str(script), *where, silent=True)


@nox.session
def package(session):
    """Build, install the wheel alone, and use it."""
    session.install("build")
    target = Path(session.create_tmp())
    session.run("python", "-m", "build", "--outdir", str(target), silent=True)
    wheel = max(target.glob("*.whl"), key=lambda path: path.stat().st_mtime)
    session.install("--force-reinstall", str(wheel))
    session.run("python", "-c", "import trimtab; trimtab.connect('memory').close(); print(trimtab.__version__)")
    session.run("python", "-m", "trimtab", success_codes=[1], silent=True)
    session.install(f"{wheel}[cli]")
    session.run("trimtab", "--version")


@nox.session
def demo(session):
    """The main job, without an account: plan, apply, drift, heal, destroy on the AWS emulator."""
    session.install(ALL)
    session.run("python", "examples/demo.py", *session.posargs)


@nox.session
def bench(session):
    """Calls, import cost and wall time beside named peers measured in the same run."""
    session.install(ALL, *group("test"))
    session.run("python", "-m", "bench", *session.posargs)
