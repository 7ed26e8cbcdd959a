"""What is logged: calls at debug, changes at info, retries at warning, never what a start script holds."""

import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest

import trimtab as tt
from tests.conftest import make_fleet, make_group
from tests.providers.emulated import CLOUDS, emulated, fleet_for
from trimtab.errors import InvalidRequest, Throttled
from trimtab.logs import log
from trimtab.providers.memory.store import MemoryStore
from trimtab.providers.retry import Caller

SECRET = "Zhunter2hunter2"


@pytest.fixture
def records(caplog):
    """What is logged from here on, each record as its logger, level and text."""
    caplog.set_level(logging.DEBUG, logger="trimtab")
    return lambda: [(each.name, each.levelname, each.getMessage()) for each in caplog.records]


def lines(records, name, level):
    return [text for logger, word, text in records() if (logger, word) == (f"trimtab.{name}", level)]


def test_changes_plans_and_applies_are_information(records):
    clock = tt.ManualClock()
    with tt.connect("memory", clock=clock) as cloud:
        plan = cloud.plan(make_fleet(make_group("web", policies={}, alarms={}, schedules={})))
        cloud.apply(plan, "accepted")
    assert lines(records, "plans", "INFO") == [
        "virtualmin on memory: plan: 2 to create",
        "virtualmin on memory: apply: 2 done",
    ]
    assert lines(records, "changes", "INFO") == [
        "web: create template virtualmin-web (local): done",
        "web: create group virtualmin-web (local): done",
    ]
    assert not lines(records, "changes", "WARNING")


def test_what_fails_is_a_warning_without_what_was_sent(records):
    """Also where the cloud repeats it."""
    clock = tt.ManualClock()
    store = MemoryStore(clock)
    template = {"image": "ami-1", "size": "t3.small", "user_data": SECRET}
    error = InvalidRequest(f"cannot make sense of {SECRET}", provider="memory", operation="create", code="Bad")
    store.fault = lambda name, _: error if name == "create template" else None
    with tt.connect("memory", store=store, clock=clock) as cloud:
        cloud.apply(cloud.plan(make_fleet(make_group("web", template=template))))
    first, *others = lines(records, "changes", "WARNING")
    assert "create template virtualmin-web (local): failed: memory create: cannot make sense of" in first
    assert others
    assert all("not tried" in text for text in others)
    assert SECRET not in str(records())


def test_each_attempt_of_a_call_is_a_line_and_each_retry_a_warning(records):
    errors = [Throttled(f"slower, {SECRET}", code="Busy", after=tt.seconds(3))]
    caller = Caller(clock=tt.ManualClock(), workers=1, listener=log)
    caller.provider = "aws"

    def attempt():
        if errors:
            raise errors.pop()

    caller.retried("describe", attempt, target=["eu-west-1", "web"])
    first, second = lines(records, "calls", "DEBUG")
    assert first.startswith("aws describe eu-west-1 web: Throttled (Busy) in 0.")
    assert first.endswith(" s, attempt 1")
    assert second.startswith("aws describe eu-west-1 web: answered in 0.")
    assert second.endswith(" s, attempt 2")
    [warning] = lines(records, "calls", "WARNING")
    assert warning == "describe: attempt 1 failed: Throttled (Busy); again in 3.0 s"
    assert SECRET not in str(records())


def test_the_library_configures_nothing():
    """Neither what is logged nor a failure is printed, and the root logger stays as it is."""
    code = (
        "import logging, trimtab as tt\n"
        "store = tt.connect('memory').provider.connection\n"
        "from trimtab.errors import AccessDenied\n"
        "with tt.connect('memory', store=store) as cloud:\n"
        "    fleet = tt.parse_fleet('name: shop\\ngroups: {web: {capacity: {min: 1, max: 1},'\n"
        "        ' template: {image: ami-1, size: t3.small}}}')\n"
        "    plan = cloud.plan(fleet)\n"
        "    store.fault = lambda name, key: AccessDenied('no')\n"
        "    assert cloud.apply(plan, 'accepted').failures\n"
        "root, own = logging.getLogger(), logging.getLogger('trimtab')\n"
        "assert not root.handlers and own.level == logging.NOTSET and own.propagate\n"
        "assert [type(each) for each in own.handlers] == [logging.NullHandler]\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(tt.__file__).parents[1])}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, env=environment)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


# every provider tells of the same things


@pytest.fixture(scope="module", params=["memory", *CLOUDS])
def told(request):
    """The events of a life on each provider, its log, and the requests that its emulator had meanwhile."""
    events, handler = [], _Kept()
    logger = logging.getLogger("trimtab")
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    try:
        if request.param == "memory":
            with tt.connect("memory", clock=tt.ManualClock(), listener=events.append) as cloud:
                requests = None
                live(cloud, make_fleet(make_group("web", template={**TEMPLATE, "image": "ami-1", "size": "t3.small"})))
        else:
            with emulated(request.param) as world, world.connect(listener=events.append) as cloud:
                fleet = fleet_for(world, **TEMPLATE)
                world.emulator.doors.clear_requests()
                live(cloud, fleet)
                requests = [each for each in world.emulator.doors.requests() if each.operation]
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
    return request.param, events, handler.texts, requests


TEMPLATE = {"user_data": f"#!/bin/sh\necho {SECRET}"}


def live(cloud, fleet):
    cloud.apply(cloud.plan(fleet), "accepted").raise_for_failures()
    cloud.status(fleet)
    cloud.apply(cloud.destroy(fleet), "accepted", allow_delete=True).raise_for_failures()


class _Kept(logging.Handler):
    def __init__(self):
        super().__init__()
        self.texts = []

    def emit(self, record):
        self.texts.append(record.getMessage())


def test_what_starts_ends_and_calls_are_as_many_as_the_cloud_counted(told):
    provider, events, _, requests = told
    plans = [each.fleet for each in events if isinstance(each, tt.PlanStarted)]
    assert len(plans) >= 3
    assert len(set(plans)) == 1
    for started, ended in (
        (tt.PlanStarted, tt.PlanEnded),
        (tt.ApplyStarted, tt.ApplyEnded),
        (tt.ChangeStarted, tt.ChangeEnded),
        (tt.CallStarted, tt.CallEnded),
    ):
        counts = [sum(isinstance(each, kind) for each in events) for kind in (started, ended)]
        assert counts[0] == counts[1] > 0
    calls = [each for each in events if isinstance(each, tt.CallEnded)]
    assert {each.provider for each in calls} == {provider}
    assert requests is None or len(calls) == len(requests), sorted(each.operation for each in requests)
    assert provider == "memory" or all(each.target for each in calls)


def test_no_log_holds_a_start_script(told):
    _, events, texts, _ = told
    assert any("create" in text for text in texts)
    assert not [text for text in texts if SECRET in text]
    calls = [each for each in events if isinstance(each, tt.CallStarted | tt.CallEnded)]
    assert SECRET not in repr(calls)
