"""The command line."""

from trimtab.cli.main import app, run

__all__ = ["app", "run"]
