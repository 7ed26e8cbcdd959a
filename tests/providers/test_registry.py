"""From a provider's name to a connection: what is broken on the way is one error that says where."""

from dataclasses import replace

import pytest

from tests.conftest import make_fleet
from trimtab.clock import ManualClock
from trimtab.declarations import Declarations
from trimtab.errors import ConfigError, MissingExtra, Unauthenticated, UnreadableReply, Unsupported
from trimtab.providers import registry
from trimtab.providers.guard import guarded
from trimtab.testing import import_replies, pure, translate


@pytest.mark.parametrize(
    ("connect", "words"),
    [
        ("nowhere_at_all:connect", "ModuleNotFoundError: No module named 'nowhere_at_all'"),
        ("trimtab.providers.memory.provider:no_such_name", "AttributeError"),
    ],
)
def test_a_provider_that_does_not_load_is_an_error_that_names_it(monkeypatch, connect, words):
    monkeypatch.setattr(registry, "declarations_of", lambda name: Declarations(name=name, connect=connect))
    with pytest.raises(ConfigError, match=f"the provider 'mine' does not load from {connect}: {words}"):
        registry.connect_provider("mine", clock=ManualClock())


def test_what_the_extra_brings_is_asked_for_by_its_name(monkeypatch):
    declared = Declarations(name="mine", connect="nowhere_at_all:connect", extra="mine", sdk=("nowhere_at_all",))
    monkeypatch.setattr(registry, "declarations_of", lambda name: declared)
    with pytest.raises(MissingExtra, match=r"trimtab\[mine\]"):
        registry.connect_provider("mine", clock=ManualClock())


def test_an_error_that_has_no_fix_is_passed_on_as_it_is():
    provider = registry.connect_provider("memory", clock=ManualClock())
    cause = OSError("no token")
    refusal = Unauthenticated("who are you", provider="memory")

    def read(fleet):
        raise refusal from cause

    resources = type("Refusing", (), {"read": staticmethod(read)})()
    with pytest.raises(Unauthenticated) as caught:
        guarded(replace(provider, resources=resources), ManualClock()).resources.read(make_fleet())
    assert caught.value is refusal
    assert caught.value.__cause__ is cause


def test_rollouts_stand_behind_the_door_too():
    provider = registry.connect_provider("memory", clock=ManualClock())

    def read(places):
        return {}["Status"]

    rollouts = type("Stumbling", (), {"read": staticmethod(read)})
    with pytest.raises(UnreadableReply, match="a reply could not be read: it lacks 'Status'"):
        guarded(replace(provider, rollouts=rollouts), ManualClock()).rollouts().read([])


def test_a_provider_without_code_of_its_own_for_tests_says_so(monkeypatch):
    monkeypatch.setattr(pure, "declarations_of", lambda name: Declarations(name=name, connect="x:y"))
    with pytest.raises(Unsupported, match="mine declares no code that runs without a cloud"):
        translate(make_fleet(), "mine")
    with pytest.raises(Unsupported, match="mine declares no code"):
        import_replies("mine", {})
