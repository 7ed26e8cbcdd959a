"""Handlers: how functions are marked, which notices they take, and how they are found in modules."""

from dataclasses import replace

import pytest

import trimtab as tt
from tests.hooks.notices import NOTICE
from trimtab.errors import ConfigError, InvalidArgument
from trimtab.hooks.handlers import call_handlers, gather_handlers, handlers_of, load_handlers

END = replace(NOTICE, transition=tt.HookTransition.TERMINATE)


def nothing(notice):
    """A handler that has nothing to do."""


@pytest.mark.parametrize(
    ("mark", "notice", "takes"),
    [
        (tt.on_launch, NOTICE, True),
        (tt.on_launch, END, False),
        (tt.on_terminate, END, True),
        (tt.on_launch(groups=["web"]), NOTICE, True),
        (tt.on_launch(groups=["shop-web"]), NOTICE, True),
        (tt.on_launch(groups=["api"]), NOTICE, False),
        (tt.on_launch(hook="configure"), NOTICE, True),
        (tt.on_launch(hook="other"), NOTICE, False),
        (tt.on_terminate(kinds=["interruption"]), END, False),
        (tt.on_terminate(kinds=["interruption"]), replace(END, kind=tt.HookKind.INTERRUPTION), True),
        (tt.on_terminate, replace(END, kind=tt.HookKind.PREEMPTION), True),
        (tt.on_terminate, replace(END, kind=tt.HookKind.REBALANCE), False),
        (tt.on_terminate(kinds=["maintenance"]), replace(END, kind=tt.HookKind.MAINTENANCE), True),
    ],
)
def test_which_notices_a_handler_takes(mark, notice, takes):
    def handler(notice):
        """A function of its own: marks add up."""

    (found,) = gather_handlers([mark(handler)])
    assert found.takes(notice) is takes


def test_a_function_may_be_marked_twice():
    @tt.on_launch
    @tt.on_terminate(on_error="abandon")
    def both(notice):
        """For both."""

    assert [mark.transition.value for mark in handlers_of(both)] == ["terminate", "launch"]
    assert [mark.on_error.value for mark in handlers_of(both)] == ["abandon", "abandon"]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: tt.on_launch(lambda: None), "takes one argument: notice"),
        (lambda: tt.on_launch(7), "is a plain function"),
        (lambda: tt.on_launch(type("Handler", (), {})), "is a plain function"),
        (lambda: tt.on_launch(on_error="retry"), "on_error: 'retry' is not known; use continue, abandon"),
        (lambda: tt.on_terminate(kinds=["reboot"]), "kinds: 'reboot' is not known"),
        (lambda: tt.on_terminate(kinds="interruption"), "kinds: give a list"),
        (lambda: tt.on_launch(groups="web"), "groups: give a list"),
        (lambda: gather_handlers([]), "none is given"),
        (lambda: gather_handlers([nothing]), "is not marked"),
    ],
)
def test_what_is_no_handler(make, message):
    with pytest.raises(InvalidArgument, match=message):
        make()


async def waits(notice):
    """A coroutine is never awaited."""


def test_a_coroutine_is_no_handler():
    with pytest.raises(InvalidArgument, match="is a plain function"):
        tt.on_launch(waits)


def test_the_first_that_gives_up_ends_the_row():
    called = []

    def handler(name, answer):
        def function(notice):
            called.append(name)
            return answer

        return gather_handlers([tt.on_launch(function)])[0]

    answer = call_handlers([handler("a", None), handler("b", "abandon"), handler("c", None)], NOTICE)
    assert (called, answer.result) == (["a", "b"], tt.HookResult.ABANDON)


def test_handlers_of_a_module_in_the_order_of_their_lines(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "acme_hooks.py").write_text(
        "import trimtab as tt\n@tt.on_terminate\ndef b(notice): ...\n@tt.on_launch\ndef a(notice): ...\nagain = a\n"
    )
    (tmp_path / "acme_nothing.py").write_text("x = 1\n")
    (tmp_path / "acme_broken.py").write_text("raise SystemExit(4)\n")
    assert [handler.function.__name__ for handler in load_handlers(["acme_hooks"])] == ["b", "a"]
    for name, message in (
        ("acme_nothing", "defines no handler"),
        ("acme_broken", "cannot be imported: SystemExit: 4"),
        ("acme_missing", "cannot be imported: ModuleNotFoundError"),
    ):
        with pytest.raises(ConfigError, match=message):
            load_handlers([name])


def test_a_notice_says_what_it_is():
    assert str(NOTICE) == "launch of i-1 in web (lifecycle-hook configure)"
    assert NOTICE.to_dict()["deadline"] is None
