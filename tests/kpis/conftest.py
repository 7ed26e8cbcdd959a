"""Tests of KPIs need numpy, which the extra `sim` brings; without it they are left out."""

from importlib.util import find_spec

collect_ignore_glob = [] if find_spec("numpy") else ["test_*.py"]
