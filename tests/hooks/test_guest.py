"""Handlers in Python inside an instance."""

import threading

import pytest

import trimtab as tt
from tests.hooks.metadata import AwsService, AzureService, GoogleService, scheduled
from trimtab.errors import InvalidArgument, Unreachable


def listening(tmp_path, service, *handlers, **given):
    return tt.GuestHooks(handlers, url=service.url, state=str(tmp_path / "state.json"), **given)


def test_azure_is_answered_once_the_handler_is_done(tmp_path):
    seen = []

    @tt.on_terminate(groups=["web"])
    def drain(notice):
        assert service.approved == []
        seen.append(notice)

    with AzureService() as service:
        service.change(events=(scheduled(), scheduled("Freeze", event="F")))
        guest = listening(tmp_path, service, drain, group="web")
        (handled,) = guest.poll()
        assert (handled.outcome, handled.message) == ("handled", "C7061BAC-AFDC-4513-B24B-AA5F13A16123")
        assert service.approved == [handled.message]
        assert guest.poll() == ()
    (notice,) = seen
    assert (notice.provider, notice.kind, notice.instance) == ("azure", "scheduled-event", "web_0")
    assert notice.reference["EventType"] == "Terminate"
    assert notice.deadline > notice.at


def test_azure_a_handler_that_raises_leaves_the_event_its_time(tmp_path):
    @tt.on_terminate
    def drain(notice):
        raise OSError("busy")

    with AzureService() as service:
        service.change(events=(scheduled(),))
        (handled,) = listening(tmp_path, service, drain, cloud="azure").poll()
        assert (handled.outcome, service.approved) == ("failed", [])
        assert handled.why.endswith("raised OSError: busy")


def test_google_and_aws_are_told_nothing(tmp_path):
    kinds = []

    @tt.on_terminate
    def drain(notice):
        kinds.append((notice.provider, notice.kind.value))

    with GoogleService() as service:
        service.change(preempted="TRUE")
        assert [each.outcome.value for each in listening(tmp_path, service, drain).poll()] == ["handled"]
    with AwsService() as service:
        service.change(state="Terminated")
        listening(tmp_path, service, drain).poll()
    assert kinds == [("gcp", "preemption"), ("aws", "lifecycle-hook")]


def test_running_until_it_is_stopped(tmp_path):
    stop, told = threading.Event(), []

    @tt.on_terminate
    def drain(notice):
        stop.set()

    with GoogleService() as service:
        guest = listening(tmp_path, service, drain, on_handled=told.append)
        thread = threading.Thread(target=guest.run, args=(stop,), kwargs={"every": tt.seconds(0)})
        thread.start()
        service.wait_for(GoogleService.is_waited_on)
        service.change(preempted="TRUE", etag="e2")
        thread.join(30)
        assert not thread.is_alive()
    assert [each.notice.kind for each in told] == [tt.HookKind.PREEMPTION]


def test_a_service_that_is_away(tmp_path):
    @tt.on_terminate
    def drain(notice):
        """Is never called."""

    with AzureService() as service:
        guest = listening(tmp_path, service, drain, cloud="azure")
    with pytest.raises(Unreachable):
        guest.poll()
    with pytest.raises(Unreachable, match="no metadata service answers"):
        listening(tmp_path, service, drain)
    with pytest.raises(Unreachable):
        listening(tmp_path, service, drain, cloud="azure")


def test_what_no_metadata_service_tells(tmp_path):
    @tt.on_launch
    def configure(notice):
        """Is never called."""

    @tt.on_terminate
    def drain(notice):
        """Is never called."""

    with pytest.raises(InvalidArgument, match="takes launches, of which no metadata service tells"):
        tt.GuestHooks([configure])
    with pytest.raises(InvalidArgument, match="cloud: 'memory' has no metadata service"):
        tt.GuestHooks([drain], cloud="memory")
