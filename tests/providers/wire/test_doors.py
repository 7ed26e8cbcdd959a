"""
Every operation that is called, through the vendor's own SDK, answered by whoever is not the cloud: an error of ours.

What scenes of a fleet seldom come to (rollouts, single instances, hooks, quotas, traffic) is called here as well.
"""

import pytest
import requests
from botocore.awsrequest import AWSResponse

from tests.laws import sampled
from tests.providers.aws.operations import MODELS, model_of
from tests.providers.killing import noting
from tests.providers.wire.bodies import PLAIN
from trimtab.clock import ManualClock
from trimtab.errors import ProviderError, UnreadableReply
from trimtab.events import silent
from trimtab.providers.aws.client import Calls as AwsCalls
from trimtab.providers.aws.replies import SHAPES
from trimtab.providers.azure.replies import EXPECTED, Form, check_reply
from trimtab.providers.gcp.client import Calls as GcpCalls
from trimtab.providers.gcp.replies import KINDS, LISTS, listed_items
from trimtab.providers.replies import Reply, ReplyContext

pytestmark = pytest.mark.sweep

OTHERS = {
    "xml": (
        200,
        {"Content-Type": "text/xml"},
        b"<DescribeTagsResponse><requestId>1</requestId></DescribeTagsResponse>",
    ),
    "json": (200, {"Content-Type": "application/json", "x-amzn-RequestId": "1"}, b'{"Reservations": [{}]}'),
}
REPLIES = {**{bad.name: bad.reply for bad in PLAIN}, **{f"another's {name}": reply for name, reply in OTHERS.items()}}


def replies_for(operation):
    """A few bad replies to an operation, each time the same; all in the exhaustive run."""
    return sampled(REPLIES.items(), 3, operation)


class Body:
    """What botocore reads a reply from."""

    def __init__(self, text):
        self.text = text

    def stream(self, **_):
        yield self.text


class Answered(AwsCalls):
    """Calls of which each is answered with one reply, without a wire."""

    reply = (200, {}, b"")

    def _new_client(self, *args):
        client = super()._new_client(*args)
        client.meta.events.register("before-send", self.answer)
        return client

    def answer(self, *, request, **_):
        status, head, text = self.reply
        return AWSResponse(request.url, status, head, Body(text))


def least(shape):
    """The least that an operation is called with."""
    kind = shape.type_name
    if kind == "structure":
        return {name: least(shape.members[name]) for name in shape.required_members}
    if kind == "list":
        return [least(shape.member)]
    plain = {"string": "a" * max(1, shape.metadata.get("min", 1)), "boolean": True, "timestamp": 0, "map": {}}
    return (shape.enum or [""])[0] or plain.get(kind, 1) if kind == "string" else plain.get(kind, 1)


def test_on_aws(monkeypatch):
    for name, value in (("ACCESS_KEY_ID", "a"), ("SECRET_ACCESS_KEY", "b")):
        monkeypatch.setenv(f"AWS_{name}", value)
    calls = Answered(
        session=None, region="us-east-1", endpoint="http://127.0.0.1:9", clock=ManualClock(), workers=1, listener=silent
    )
    for operation in sorted(SHAPES):
        model = model_of(operation)
        given = least(model.input_shape) if model.input_shape else {}
        takes_nothing = model.output_shape is None and model.service_model.resolved_protocol == "json"
        for name, reply in replies_for(operation):
            calls.reply = reply
            if takes_nothing and name == "empty":  # which is a good reply
                continue
            with noting(f"{operation}: {name}"), pytest.raises(ProviderError):
                calls.call(MODELS[operation][0], operation, "us-east-1", **given)
    calls.close()


def test_on_azure():
    base = "https://management.azure.com"
    for operation in sorted(name for name, one in EXPECTED.items() if one.form is not Form.SENT):
        for name, (status, head, text) in REPLIES.items():
            found = Reply(status, text, {key.lower(): value for key, value in head.items()})
            with noting(f"{operation}: {name}"), pytest.raises(UnreadableReply):
                check_reply(ReplyContext("azure", operation), found, base, "web")


class Adapter(requests.adapters.BaseAdapter):
    """Answers each request of a session with one reply."""

    reply = (200, {}, b"")

    def send(self, request, **_):
        found = requests.Response()
        found.status_code, found._content = self.reply[0], self.reply[2]
        found.headers.update(self.reply[1])
        found.request, found.url = request, request.url
        return found

    def close(self):
        pass


def test_on_google_cloud():
    adapter = Adapter()
    calls = GcpCalls(
        project="p",
        location="europe-west1",
        credentials=None,
        endpoint="http://127.0.0.1:9",
        monitoring_endpoint="http://127.0.0.1:9",
        clock=ManualClock(),
        workers=1,
        listener=silent,
    )
    for operation in sorted({*KINDS, *LISTS}):
        collection = operation.split(".")[0]
        calls._client(collection).transport._session.mount("http://", adapter)
        for name, reply in replies_for(operation):
            adapter.reply = reply
            with noting(f"{operation}: {name}"), pytest.raises(ProviderError):
                ask(calls, operation)
    calls.close()


def ask(calls, operation):
    given = names_of(calls, operation)
    if operation in LISTS:
        return calls._pages(operation, given, listed_items)
    return calls.get(operation, **given)


def names_of(calls, operation):
    """The fields that a request has to have, each a word."""
    kind = calls._method(operation).__annotations__["request"].__args__[0]
    fields = kind.pb(kind()).DESCRIPTOR.fields
    needed = [field for field in fields if field.name != "project" and field.type == field.TYPE_STRING]
    optional = {"filter", "order_by", "page_token", "service_project_number", "include_all_scopes", "view", "fields"}
    return {field.name: "web" for field in needed if field.name not in optional and not field.has_presence}
