import os
import re
import shutil
from pathlib import Path

import nox

nox.needs_version = ">=2024.4.15"
nox.options.sessions = ["lint", "types", "tests", "docs", "examples", "package"]
nox.options.reuse_existing_virtualenvs = True

PYPROJECT = nox.project.load_toml("pyproject.toml")
PYTHONS = nox.project.python_versions(PYPROJECT)
ALL = ".[aws,azure,gcp,emulators,cli,sim,loadtest,otel,sql,controller,calendar]"
BARE = (
    *("tests/engine", "tests/semantics", "tests/models", "tests/plan", "tests/checks", "tests/providers/memory"),
    "tests/house/test_floors.py",
    *("tests/house/test_front_door.py", "tests/test_config.py", "tests/test_bad_files.py"),
    "tests/test_mutated_files.py",
)
"""The tests of what needs no extra."""


def group(name):
    return nox.project.dependency_groups(PYPROJECT, name)


def run_tests(session, *paths, **env):
    # a worker that has ended takes of what another still has, so that both end together
    workers = ("-n", str(min(os.cpu_count() or 1, 4)), "--dist", "worksteal")
    # what pytest makes of the tests is kept for the next session, whatever the environment says
    env = {"PYTHONWARNINGS": "default", "PYTHONDONTWRITEBYTECODE": "", **env}
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
    # the Python blocks of README.md and of the pages
    pages = Path(session.create_tmp()).resolve() / "pages"
    session.run("python", "-m", "tools.pages", str(pages))
    session.run("mypy", "--strict", str(pages))
    session.run("basedpyright", "--project", str(pages), "--level", "error")
    session.run("mypy", "--strict", "examples/own-checks/acme_checks")


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
    run_tests_of_moto(session)


def run_tests_of_moto(session):
    """Moto's own tests against the AWS emulator: of the checkout that MOTO_TESTS names, else of its source."""
    checkout = os.environ.get("MOTO_TESTS") or sources_of_moto(session)
    if checkout is None:
        session.log(
            "moto's own tests did not run: MOTO_TESTS names no checkout, and its source distribution cannot be had"
        )
        return
    session.install("freezegun")
    session.run("python", "-m", "tests.interop.run_moto", checkout)


def sources_of_moto(session):
    where = Path(session.create_tmp()).resolve() / "moto"
    version = session.run("python", "-c", "import moto; print(moto.__version__)", silent=True).strip()
    fetch = ("pip", "download", "--no-binary", "moto", "--no-deps", "--dest", str(where), f"moto=={version}")
    session.run(*fetch, silent=True, success_codes=[0, 1])
    for archive in where.glob(f"moto-{version}.tar.gz"):
        shutil.unpack_archive(archive, where, filter="data")
    found = where / f"moto-{version}"
    return str(found) if (found / "tests" / "test_autoscaling").is_dir() else None


@nox.session
def interop(session):
    """Other people's clients against the emulators: each that pip installs must be there; Terraform where it is."""
    session.install(ALL, *group("test"), "apache-libcloud")
    # the AWS CLI wants a botocore of its own
    home = Path(session.create_tmp()).resolve() / "awscli"
    if not (home / "bin" / "aws").exists():
        session.run("python", "-m", "venv", str(home))
        session.run(str(home / "bin" / "python"), "-m", "pip", "install", "-q", "awscli", external=True)
    if shutil.which("terraform") is None or not os.environ.get("TF_PLUGINS"):
        session.log("Terraform did not run: there is no program, or TF_PLUGINS names no mirror of its providers")
    run_tests(session, "tests/interop", TRIMTAB_INTEROP="1", TRIMTAB_AWSCLI=str(home / "bin" / "aws"))
    if session.posargs == ["moto"]:
        run_tests_of_moto(session)


LOWEST = (
    *("tests/models", "tests/plan", "tests/checks", "tests/house/test_front_door.py", "tests/test_config.py"),
    *("tests/test_bad_files.py", "tests/test_cli.py", "tests/test_files.py", "tests/store"),
    "tests/loadtests",
)
"""What each dependency has a part in: models, files, tables of checks, commands, the store, load tests."""


@nox.session
def lowest(session):
    """What needs no cloud, with each dependency at its lower bound."""
    bounds = Path(session.create_tmp()) / "lowest.txt"
    project = PYPROJECT["project"]
    extras = project["optional-dependencies"]
    wanted = [*project["dependencies"], *(each for name in extras if name != "emulators" for each in extras[name])]
    # a constraint names no extra
    lines = [re.sub(r"\[.*\]", "", each).replace(">=", "==") for each in wanted if ">=" in each]
    bounds.write_text("\n".join(lines) + "\n")
    session.install(
        ".[aws,azure,gcp,cli,sim,loadtest,otel,sql,controller,calendar]", *group("test"), "--constraint", str(bounds)
    )
    # an old typer warns of what a new click has given up; what people read on standard error is held without that
    run_tests(session, *LOWEST, PYTHONWARNINGS="ignore")


@nox.session
def tests_bare(session):
    """What needs no extra, with none installed."""
    session.install(".", *group("test"))
    run_tests(session, *BARE)


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
        part = script.name == "account.py" or (script.parent / "__init__.py").exists()
        if alone and not part:  # what the scripts of a folder share is none
            if script.parent.name == "haproxy" and not os.environ.get("TRIMTAB_SERVERS"):
                needed = ("haproxy", *(["prometheus"] if script.name == "match.py" else []))
                path = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin"
                if missing := [name for name in needed if shutil.which(name, path=path) is None]:
                    session.warn(f"left out, since {' and '.join(missing)} is not installed: {script}")
                    continue
            where = ["--emulator"] if script.parent.name in ("aws", "azure", "gcp") else []
            where = ["--out", session.create_tmp()] if script.name == "match.py" else where
            session.run("python", "-W", "error", str(script), *where, silent=True)


@nox.session
def package(session):
    """Build, install the wheel alone, and use it; so do the GitHub Action and the hook of pre-commit."""
    session.install("build")
    target = Path(session.create_tmp())
    session.run("python", "-m", "build", "--outdir", str(target), silent=True)
    wheel = max(target.glob("*.whl"), key=lambda path: path.stat().st_mtime)
    session.install("--force-reinstall", str(wheel))
    session.run("python", "-c", "import trimtab; trimtab.connect('memory').close(); print(trimtab.__version__)")
    session.run("python", "-m", "trimtab", success_codes=[1], silent=True)
    session.install(f"{wheel}[cli]")
    session.run("trimtab", "--version")
    session.install("pre-commit")
    session.run("python", "-m", "tools.integrations")


@nox.session
def demo(session):
    """The main job, without an account: plan, apply, drift, heal, destroy; `-- --haproxy`: a match behind HAProxy."""
    session.install(ALL)
    session.run("python", "examples/demo.py", *session.posargs)


@nox.session
def bench(session):
    """Calls, import cost and wall time beside named peers measured in the same run."""
    session.install(ALL, *group("test"))
    session.run("python", "-m", "bench", *session.posargs)


@nox.session
def renew(session):
    """Write anew what is generated: limits of the vendors' models (Azure's are in TRIMTAB_SHARED), texts of fields."""
    session.install(ALL)
    clouds = session.posargs or ("aws", "gcp", *(["azure"] if os.environ.get("TRIMTAB_SHARED") else []))
    session.run("python", "-m", "tools.constraints", *clouds)
    session.run("python", "-m", "tools.natives", *clouds)
    session.run("python", "-m", "tools.fields")
    session.run("python", "-m", "tools.signatures")
    session.run("python", "-m", "tools.shape")
    session.run("python", "-m", "tools.agents")
    session.run("python", "-m", "trimtab", "schema", "--out", "schemas/fleet.schema.json")
