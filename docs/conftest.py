"""Every Python block of the pages and of README.md runs, on the cloud in memory or on the AWS emulator."""

from pathlib import Path

from sybil import Sybil
from sybil.parsers.myst import PythonCodeBlockParser

import trimtab.testing.fixtures

ROOT = Path(__file__).parent.parent


def _runs(*patterns, **more):
    return Sybil(parsers=[PythonCodeBlockParser()], path=str(ROOT), patterns=patterns, **more)


PAGES = _runs("README.md", "docs/*.md", "docs/checks/*.md", excludes=["docs/testing.md"])
# this page is about the fixtures, so it has them
TESTING = _runs("docs/testing.md", fixtures=["trimtab_memory", "trimtab_aws"])


class Pages:
    """Collects pages wherever they are: README.md is above this folder."""

    pytest_collect_file = staticmethod((PAGES + TESTING).pytest())


def pytest_configure(config):
    if not config.pluginmanager.has_plugin("trimtab"):  # run from the sources, not installed
        config.pluginmanager.register(trimtab.testing.fixtures, "trimtab")
    config.pluginmanager.register(Pages(), "trimtab-pages")
