"""No page of a browser drives an emulator: requests for other hosts and from other origins are refused, on the wire."""

import http.client
import json
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

pytest.importorskip("werkzeug")

from trimtab.emulators.shared.origins import is_own


@pytest.fixture(scope="module", params=["aws", "azure", "gcp"])
def emulator(request: pytest.FixtureRequest) -> Iterator[Any]:
    """Each cloud's emulator."""
    pytest.importorskip({"aws": "moto", "azure": "azure.mgmt.compute", "gcp": "google.cloud.compute_v1"}[request.param])
    import trimtab.emulators

    name = {"aws": "AwsEmulator", "azure": "AzureEmulator", "gcp": "GcpEmulator"}[request.param]
    with ExitStack() as stack:
        yield stack.enter_context(getattr(trimtab.emulators, name)())


def ask(emulator: Any, path: str, method: str = "GET", body: str | None = None, **head: str) -> tuple[int, Any]:
    """Status and text of a request whose headers are written as they are given."""
    port = int(emulator.endpoint.rpartition(":")[2])
    given = {name.replace("_", "-"): value.replace("PORT", str(port)) for name, value in head.items()}
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.putrequest(method, path, skip_host="Host" in given)
        for name, value in given.items():
            connection.putheader(name, value)
        text = (body or "").encode()
        connection.putheader("Content-Length", str(len(text)))
        connection.endheaders(text)
        reply = connection.getresponse()
        return reply.status, reply.read().decode()
    finally:
        connection.close()


FOREIGN = {
    "another name": {"Host": "evil.example:PORT"},
    "another name that leads here": {"Host": "127.0.0.1.evil.example:PORT"},
    "a name below localhost": {"Host": "localhost.evil.example:PORT"},
    "another address": {"Host": "192.168.0.1:PORT"},
    "every address": {"Host": "0.0.0.0:PORT"},
    "another port": {"Host": "127.0.0.1:1"},
    "no port": {"Host": "127.0.0.1"},
    "no host": {"Host": ""},
    "a user": {"Host": "127.0.0.1:PORT@evil.example:PORT"},
    "no number": {"Host": "127.0.0.1:x"},
    "no address": {"Host": "[::1:PORT"},
    "a path": {"Host": "127.0.0.1:PORT/x"},
    "a page elsewhere": {"Origin": "https://evil.example"},
    "a page elsewhere at this port": {"Origin": "http://evil.example:PORT"},
    "a page without an origin": {"Origin": "null"},
    "a page of another port": {"Origin": "http://127.0.0.1:1"},
    "a page of another port of localhost": {"Origin": "http://localhost:3000"},
    "a page by https": {"Origin": "https://127.0.0.1:PORT"},
    "an empty origin": {"Origin": ""},
    "a picture in a page": {"Sec-Fetch-Site": "cross-site"},
    "a picture in a page of this machine": {"Sec-Fetch-Site": "same-site"},
}
OWN = {
    "a program": {},
    "by name": {"Host": "localhost:PORT"},
    "by name in capitals": {"Host": "LOCALHOST:PORT"},
    "by address": {"Host": "127.0.0.1:PORT"},
    "by another address of loopback": {"Host": "127.0.0.2:PORT"},
    "by IPv6": {"Host": "[::1]:PORT"},
    "its own page": {"Origin": "http://127.0.0.1:PORT", "Sec-Fetch-Site": "same-origin"},
    "a person": {"Sec-Fetch-Site": "none"},
}


@pytest.mark.parametrize("head", FOREIGN.values(), ids=FOREIGN)
@pytest.mark.parametrize(("method", "door"), [("POST", "clock"), ("GET", "requests"), ("DELETE", "faults")])
def test_control_doors_are_closed_to_pages(emulator: Any, head: dict[str, str], method: str, door: str) -> None:
    """Nothing happens, and the reply says why."""
    before = emulator.doors.now()
    status, text = ask(emulator, f"/_trimtab/{door}", method, json.dumps({"advance": 86400}), **head)
    assert status == 403
    assert "this emulator" in json.loads(text)["error"]
    assert (emulator.doors.now() - before).total_seconds() < 3600


@pytest.mark.parametrize("head", FOREIGN.values(), ids=FOREIGN)
def test_the_clouds_own_api_is_closed_to_pages(emulator: Any, head: dict[str, str]) -> None:
    before = emulator.doors.count()["total"]
    status, _ = ask(emulator, "/subscriptions/x?Action=DeleteAutoScalingGroup", **head)
    assert status == 403
    assert emulator.doors.count()["total"] == before


@pytest.mark.parametrize("head", OWN.values(), ids=OWN)
def test_programs_on_this_machine_are_answered(emulator: Any, head: dict[str, str]) -> None:
    assert ask(emulator, "/_trimtab/clock", **head)[0] == 200
    status, _ = ask(emulator, "/_trimtab/clock", "POST", json.dumps({"advance": 1}), **head)
    assert status == 200


def test_an_origin_has_no_path_and_no_user() -> None:
    assert is_own("http://localhost:80", 80)
    assert is_own("http://localhost", 80)
    for origin in ("http://localhost/", "http://a@localhost", "//localhost", "localhost", "http://localhost?x"):
        assert not is_own(origin, 80)
