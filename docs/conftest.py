"""Every Python block of the pages and of README.md runs, on the cloud in memory or on the AWS emulator."""

from pathlib import Path
from types import SimpleNamespace

from sybil import Sybil
from sybil.parsers.myst import PythonCodeBlockParser

ROOT = Path(__file__).parent.parent


def _runs(*patterns, **more):
    return Sybil(parsers=[PythonCodeBlockParser()], path=str(ROOT), patterns=patterns, **more)


PAGES = _runs("README.md", "docs/*.md", excludes=["docs/testing.md"])
# this page is about the fixtures, so it has them
TESTING = _runs("docs/testing.md", fixtures=["trimtab_memory", "trimtab_aws"])


def pytest_configure(config):
    """Collect README.md too, which is above this folder."""
    config.pluginmanager.register(SimpleNamespace(pytest_collect_file=(PAGES + TESTING).pytest()), "trimtab-pages")
