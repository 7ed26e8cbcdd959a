"""HTTP as the emulators speak it: a connection serves one request after another, whatever stands in them."""

import http.client
import json
import socket

import pytest

pytest.importorskip("moto")


@pytest.fixture
def address(aws_emulator):
    aws_emulator.doors.reset()
    return "127.0.0.1", int(aws_emulator.endpoint.rsplit(":", 1)[1])


def talk(address, *parts, wait=5):
    """What is answered to raw bytes, until the other end hangs up or says nothing more."""
    with socket.create_connection(address, timeout=wait) as connection:
        for part in parts:
            connection.sendall(part)
        connection.shutdown(socket.SHUT_WR)
        found = b""
        while more := connection.recv(65536):
            found += more
        return found


def request(address, path="/_trimtab/clock", method="GET", length=None, body=b"", more=""):
    size = len(body) if length is None else length
    head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{address[1]}\r\nContent-Length: {size}\r\n{more}\r\n"
    return head.encode() + body


def ask(connection):
    connection.request("GET", "/_trimtab/clock")
    return json.loads(connection.getresponse().read())


def test_one_connection_serves_several_requests(address):
    connection = http.client.HTTPConnection(*address)
    sockets = set()
    for _ in range(3):
        assert ask(connection)["now"]
        sockets.add(connection.sock)
    connection.close()
    assert len(sockets) == 1


def test_two_requests_in_one_packet_have_two_answers(address):
    assert talk(address, request(address) * 2).count(b"HTTP/1.1 200") == 2


def test_a_client_that_waits_is_told_once_to_go_on(address):
    text = talk(address, request(address, more="Expect: 100-continue\r\n"))
    assert text.count(b"100 Continue") == 1
    assert text.count(b"HTTP/1.1 200") == 1


@pytest.mark.parametrize("length", [500, -1, "abc"])
def test_a_body_that_is_not_as_long_as_it_says_is_refused(address, length):
    text = talk(address, request(address, method="POST", length=length, body=b'{"advance": 60}'))
    assert text.startswith(b"HTTP/1.1 400")
    assert b'"now"' in talk(address, request(address))


@pytest.mark.parametrize("status", [204, 304])
def test_what_has_no_body_sends_none(aws_emulator, address, status):
    reply = (status, {"Content-Type": "text/html"}, b"<html>proxy</html>")
    aws_emulator.doors.fault("reply_before", service="autoscaling", reply=reply)
    form = b"Action=DescribeAutoScalingGroups&Version=2011-01-01"
    signed = (
        "Content-Type: application/x-www-form-urlencoded\r\nAuthorization: AWS4-HMAC-SHA256 "
        "Credential=a/20260101/us-east-1/autoscaling/aws4_request, SignedHeaders=host, Signature=b\r\n"
    )
    first = request(address, "/", "POST", body=form, more=signed)
    text = talk(address, first + request(address))
    assert text.startswith(f"HTTP/1.1 {status}".encode())
    assert b"proxy" not in text
    assert text.count(b"HTTP/1.1 200") == 1


@pytest.mark.parametrize("body", [b"", b"[]", b"7", b'{"set": []}'])
def test_a_door_that_cannot_make_sense_of_a_body_says_so(address, body):
    text = talk(address, request(address, method="POST", body=body))
    assert text.startswith(b"HTTP/1.1 400")
    assert b'{"error": ' in text


def test_a_request_that_cannot_be_read_is_answered_and_noted(aws_emulator, address):
    more = "Content-Encoding: gzip\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    text = talk(address, request(address, "/", "POST", body=b"no gzip", more=more))
    assert text.startswith(b"HTTP/1.1 4")
    assert talk(address, request(address)).startswith(b"HTTP/1.1 200")


def test_a_server_that_stops_hangs_up():
    from trimtab.emulators import AwsEmulator

    with AwsEmulator() as emulator:
        port = int(emulator.endpoint.rsplit(":", 1)[1])
        connection = http.client.HTTPConnection("127.0.0.1", port)
        ask(connection)
    with pytest.raises((ConnectionError, http.client.HTTPException)):
        ask(connection)
    connection.close()
