"""Replies that are not the cloud's: what proxies, portals and broken connections make of them."""

import json
import xml.etree.ElementTree as ET
from dataclasses import dataclass

HTML = b"<!DOCTYPE html><html><body><h1>Sign in</h1><p>to go on</p></body></html>"


@dataclass(frozen=True)
class Bad:
    """
    One way in which a reply is bad.

    `certain`: nobody can take it for a good one, so that whoever does has said something untrue.
    """

    name: str
    reply: tuple | None
    certain: bool = True


def page(status, **headers):
    return status, {"Content-Type": "text/html; charset=utf-8", **headers}, HTML


def of_json(body):
    return 200, {"Content-Type": "application/json"}, body


PLAIN = (
    Bad("HTML with 200", page(200)),
    Bad("XHTML with 200", (200, {"Content-Type": "text/xml"}, b"<html><body><p>Sign in</p></body></html>")),
    Bad("HTML with 403", page(403)),
    Bad("HTML with 404", page(404)),
    Bad("HTML with 429", page(429, **{"Retry-After": "\u00b2".encode().decode("latin-1")})),
    Bad("HTML with 503", page(503, **{"Retry-After": "9" * 30})),
    Bad("empty", of_json(b"")),
    Bad("a list", of_json(b"[]")),
    Bad("null", of_json(b"null")),
    Bad("text", (200, {"Content-Type": "text/plain"}, b"OK")),
    Bad("an error that is no object", (400, {"Content-Type": "application/json"}, b'{"error": []}')),
)


def bad_replies(operation, genuine, rng):
    """Every bad reply to an operation, out of the genuine replies to all."""
    own = genuine[operation]
    found = list(PLAIN)
    if len(own.body) > 3:
        found.append(Bad("cut off", _like(own, own.body[: len(own.body) // 2]), certain=not _is_binary(own.body)))
    others = [name for name in sorted(genuine) if _differs(genuine[name], own)]
    if others:
        other = rng.choice(others)
        found.append(Bad(f"the reply to {other}", _like(own, genuine[other].body)))
    if (body := mistyped(own.body, rng)) is not None:
        found.append(Bad("wrong types inside", _like(own, body), certain=False))
    return found


def _like(own, body):
    kept = {name: value for name, value in own.headers if name.lower() != "content-length"}
    return own.status, kept, body


def _is_binary(body):
    return not body.lstrip().startswith((b"{", b"[", b"<"))


def _differs(other, own):
    """Whether nobody can take one for the other: another root, kind or id, of the same protocol."""
    if other.status >= 300 or _is_binary(other.body) != _is_binary(own.body) or not other.body:
        return False
    return _told_by(other.body) != _told_by(own.body)


def _told_by(body):
    if body.lstrip().startswith(b"<"):
        return ET.fromstring(body).tag
    if _is_binary(body):
        return body[:1]
    found = json.loads(body)
    if isinstance(found, list):
        return "list"
    if isinstance(found.get("value"), list):
        return json.dumps([sorted(one) for one in found["value"]][:1])
    return json.dumps([found.get("kind"), found.get("type"), sorted(found)])


def mistyped(body, rng):
    """The body with one value of another type; `None` where that cannot be said in its format."""
    text = body.lstrip()
    if text.startswith(b"<"):
        root = ET.fromstring(body)
        numbers = [part for part in root.iter() if part.text and part.text.replace("T", "").replace(":", "").isdigit()]
        if not numbers:
            return None
        rng.choice(numbers).text = "a word"
        return ET.tostring(root)
    if not text.startswith((b"{", b"[")):
        return None
    found = json.loads(body)
    places = list(_places(found))
    if not places:
        return None
    holder, name = rng.choice(places)
    holder[name] = rng.choice(_others(holder[name]))
    return json.dumps(found).encode()


def _places(value):
    if isinstance(value, dict):
        for name, item in value.items():
            yield value, name
            yield from _places(item)
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield value, number
            yield from _places(item)


def _others(value):
    every = ["a word", 5, True, [], {}, ["a"], {"a": 1}, None]
    return [one for one in every if type(one) is not type(value)]
