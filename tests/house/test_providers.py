"""A provider is a folder: few files outside it know its name."""

import inspect

import pytest

from tests.house.rooms import naming_a_cloud
from trimtab.declarations import declarations_of, load
from trimtab.models.built_in import BUILT_IN

MOST = 3


def test_few_files_name_a_provider():
    """Beside doors, which re-export, and the overloads of `connect`."""
    naming = naming_a_cloud()
    assert 0 < len(naming) <= MOST, naming


@pytest.mark.parametrize("name", BUILT_IN)
def test_a_declared_path_leads_somewhere(name):
    declared = declarations_of(name)
    assert declared.name == name
    assert all(callable(load(path)) for path in (declared.connect, *declared.checks.values()))
    assert load(declared.pure).location


@pytest.mark.parametrize("name", BUILT_IN)
def test_declared_options_are_those_that_connect_takes(name):
    declared = declarations_of(name)
    takes = inspect.signature(load(declared.connect)).parameters
    assert [option.name for option in declared.options] == [
        option for option in takes if option not in ("clock", "workers", "listener")
    ]
    assert declared.place_option in takes
