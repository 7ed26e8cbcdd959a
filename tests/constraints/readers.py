"""What reads the vendors' models, where they are at hand."""

import importlib
import os
from pathlib import Path

import pytest


def reader(cloud):
    if cloud == "azure":
        shared = os.environ.get("TRIMTAB_SHARED")
        if not shared:
            pytest.skip("TRIMTAB_SHARED is not set: Azure's type files are there")
        assert Path(shared, "contracts", "azure").is_dir()
    return importlib.import_module(f"tools.constraints.{cloud}")
