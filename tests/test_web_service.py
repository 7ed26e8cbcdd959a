"""The example of a web service, asked as its clients ask it."""

import asyncio
import runpy
import threading
from functools import partial
from pathlib import Path

import pytest

import trimtab as tt
from trimtab.errors import AccessDenied
from trimtab.providers.memory.store import MemoryStore

pytest.importorskip("fastapi", reason="the service is on FastAPI")
pytest.importorskip("httpx", reason="its clients are httpx's")

EXAMPLE = runpy.run_path(str(Path(__file__).parents[1] / "examples" / "web_service.py"))


def ask(*questions):
    """The replies of one service to some requests, each of a method, a path and parameters."""
    store = MemoryStore(tt.ManualClock())

    async def asked():
        connect = partial(tt.connect_async, "memory", store=store, clock=store.clock)
        async with EXAMPLE["client_of"](EXAMPLE["create_app"](connect, EXAMPLE["FLEET"])) as client:
            return [await question(client, store) for question in questions]

    return asyncio.run(asked())


def request(method, path, **parameters):
    async def sent(client, store):
        return await client.request(method, path, params=parameters)

    return sent


async def apply(client, store):
    plan = (await client.get("/plan")).json()
    return await client.post("/apply", params={"fingerprint": plan["fingerprint"]})


def test_a_round():
    plan, applied, again, scaled, status, watched = ask(
        request("GET", "/plan"),
        apply,
        request("GET", "/plan"),
        request("PUT", "/groups/web/size", to=4),
        request("GET", "/status"),
        request("GET", "/watch", looks=3),
    )
    assert plan.json()["summary"] == {"create": 27}
    assert applied.json()["ok"]
    assert again.json()["summary"] == {}
    assert scaled.json() == {"group": "virtualmin-pro-cluster-web", "desired": 4}
    assert status.json()["groups"][0]["desired"] == 4
    assert len(watched.text.splitlines()) == 3


def test_errors_are_replies():
    async def denied(client, store):
        store.fault = lambda *_: AccessDenied("not allowed")
        return await client.put("/groups/web/size", params={"to": 4})

    stale, missing, _, refused = ask(
        request("POST", "/apply", fingerprint="another"), request("PUT", "/groups/db/size", to=1), apply, denied
    )
    assert (stale.status_code, stale.json()["error"]) == (409, "StalePlan")
    assert (missing.status_code, missing.json()["error"]) == (404, "NotFound")
    assert (refused.status_code, refused.json()["error"]) == (502, "AccessDenied")


def test_a_client_that_goes_away_stops_what_it_asked_for():
    """The service makes no further call for it, and answers the next one."""

    async def given_up(client, store):
        plan = (await client.get("/plan")).json()
        reached, go_on = threading.Event(), threading.Event()

        def hold(operation, key):
            if operation.startswith("create"):
                reached.set()
                assert go_on.wait(30)

        store.fault = hold
        question = asyncio.create_task(client.post("/apply", params={"fingerprint": plan["fingerprint"]}))
        assert await asyncio.to_thread(reached.wait, 30)
        question.cancel()
        await asyncio.sleep(0)
        go_on.set()
        with pytest.raises(asyncio.CancelledError):
            await question
        store.fault = None
        return [call for call in store.calls if call.startswith("create")]

    calls, applied, left = ask(given_up, apply, request("GET", "/plan"))
    assert set(calls) == {"create template"}
    assert applied.json()["ok"]
    assert left.json()["summary"] == {}


def test_as_a_script(capsys):
    asyncio.run(EXAMPLE["main"]())
    assert "scale: {'group': 'virtualmin-pro-cluster-web', 'desired': 4}" in capsys.readouterr().out
