"""The command line."""

from trimtab.cli.application import make_application
from trimtab.cli.main import run

__all__ = ["make_application", "run"]
