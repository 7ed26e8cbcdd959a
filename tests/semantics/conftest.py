import os
from pathlib import Path

import pytest

from tests.semantics.cases import read_cases


def _folder(config):
    given = config.getoption("--cases")
    if given:
        return Path(given)
    shared = os.environ.get("TRIMTAB_SHARED")
    return Path(shared) / "semantics" if shared else None


def pytest_generate_tests(metafunc):
    if "case" not in metafunc.fixturenames:
        return
    folder = _folder(metafunc.config)
    if folder is None:
        reason = "neither --cases nor TRIMTAB_SHARED is given: the case files are not at hand"
        metafunc.parametrize("case", [pytest.param(None, marks=pytest.mark.skip(reason=reason), id="none")])
        return
    cases = list(read_cases(folder)) if folder.is_dir() else []
    if not cases:
        raise pytest.UsageError(f"{folder} holds no case files")
    metafunc.parametrize("case", cases, ids=[case.id for case in cases])
