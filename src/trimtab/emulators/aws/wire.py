"""AWS requests off the wire, and replies onto it, with moto's parsers and serializers."""

import gzip
import io
import json
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from xml.sax.saxutils import escape

from botocore.model import OperationNotFoundError
from botocore.utils import parse_timestamp
from moto.core.parse import PROTOCOL_PARSERS
from moto.core.request import determine_request_protocol
from moto.core.serialize import SerializationContext, get_serializer_class
from moto.core.utils import get_service_model
from moto.moto_server.werkzeug_app import BackendRequest

from trimtab.emulators.shared.calls import EmulatorReply
from trimtab.emulators.shared.errors import ServiceError
from trimtab.emulators.shared.serving import read_body

_CREDENTIAL = re.compile(r"Credential=[^/]+/\d+/([^/]+)/([^/]+)/aws4_request")
_CODE = re.compile(rb"<Code>(.*?)</Code>")
_READS = ("Describe", "Get", "List")
# the signing name is not the SDK's name of the service; the two load balancing APIs share one
_SERVICES = {"monitoring": "cloudwatch", "servicequotas": "service-quotas"}
_VERSIONS = {
    "2016-11-15": "ec2",
    "2011-01-01": "autoscaling",
    "2010-08-01": "monitoring",
    "2015-12-01": "elasticloadbalancing",
    "2012-06-01": "elasticloadbalancing",
}
"""The services by the version of their API, for signatures of version 2, which do not name the service."""
_PARSED = {"autoscaling", "cloudwatch", "ec2", "elbv2", "ssm", "sts", "iam", "elb", "service-quotas"}


@dataclass(frozen=True, slots=True)
class Request:
    """One API call: `model` and `protocol` are empty for services that only moto knows."""

    service: str
    operation: str
    region: str
    params: dict[str, Any]
    environ: dict[str, Any] = field(repr=False)
    body: bytes = field(default=b"", repr=False)
    protocol: str = "query"
    model: Any = field(default=None, repr=False)

    @property
    def is_write(self) -> bool:
        """Whether the call may change something."""
        return not self.operation.startswith(_READS) and not self.params.get("DryRun")

    @property
    def key(self) -> str:
        """The same text for the same question."""
        return f"{self.service} {self.operation} {self.region} {self.text}"

    @property
    def text(self) -> str:
        """The parameters as text."""
        return json.dumps(self.params, sort_keys=True, default=_plain)

    @property
    def shown(self) -> Any:
        """The parameters as JSON values."""
        return plain(self.params)

    @property
    def subject(self) -> str:
        """The names and ids among the parameters."""
        words = []
        for name, value in self.params.items():
            if isinstance(value, str) and name.endswith(("Name", "Id", "Prefix")):
                words.append(value)
            elif isinstance(value, list) and name.endswith(("Names", "Ids")):
                words.append(",".join(str(each) for each in value[:3]) + (",..." if len(value) > 3 else ""))
        return "/".join(word.replace(" ", "_") for word in words)


def read_request(environ: dict[str, Any]) -> Request:
    """What a signed HTTP request asks for."""
    body = _body(environ)
    environ["wsgi.input"] = io.BytesIO(body)
    raw: Any = BackendRequest(environ)
    values: Mapping[str, Any] = raw.values
    if (key := values.get("AWSAccessKeyId")) and "HTTP_AUTHORIZATION" not in environ:
        signing = _VERSIONS.get(str(values.get("Version")), "ec2")
        environ["HTTP_AUTHORIZATION"] = f"AWS4-HMAC-SHA256 Credential={key}/20260101/us-east-1/{signing}/aws4_request"
    region, signing = _scope(environ)
    service = _service(signing, str(values.get("Version", "")))
    operation = str(values.get("Action") or environ.get("HTTP_X_AMZ_TARGET", "").rpartition(".")[2])
    environ["wsgi.input"] = io.BytesIO(body)
    if service not in _PARSED or not operation:
        protocol = "json" if "json" in (raw.content_type or "") or "HTTP_X_AMZ_TARGET" in environ else "query"
        return Request(service, operation or environ.get("PATH_INFO", ""), region, {}, environ, body, protocol)
    return _parsed(service, operation, region, raw, environ, body)


def replay(request: Request, account: str) -> dict[str, Any]:
    """The request as it came, for moto, in an account of its own."""
    body = {"wsgi.input": io.BytesIO(request.body), "CONTENT_LENGTH": str(len(request.body))}
    return {**request.environ, **body, "HTTP_X_MOTO_ACCOUNT_ID": account}


def result(request: Request, answer: Mapping[str, Any] | None) -> EmulatorReply:
    """A good answer in the protocol that was asked in."""
    number = str(uuid.uuid4())
    serializer = get_serializer_class(request.service, request.protocol)(
        operation_model=request.model, context=SerializationContext(number)
    )
    response = serializer.serialize(dict(answer or {}))
    # the serializer says no more than `text` of JSON
    kind = {"Content-Type": "application/x-amz-json-1.0"} if request.protocol == "json" else {}
    headers = (*{**response["headers"], **kind}.items(), ("x-amzn-RequestId", number))
    return EmulatorReply(response["status_code"], in_own_namespace(_bytes(response["body"])), headers)


def in_own_namespace(body: bytes) -> bytes:
    """A reply in the namespace that EC2 writes, which ends in a slash; moto's does not."""
    return body.replace(b'ec2.amazonaws.com/doc/2016-11-15"', b'ec2.amazonaws.com/doc/2016-11-15/"', 1)


def nothing(request: Request) -> EmulatorReply:
    """What a read answers when there is nothing."""
    shape = request.model.output_shape
    lists: dict[str, list[Any]] = {name: [] for name, member in shape.members.items() if member.type_name == "list"}
    return result(request, lists)


def failure(request: Request, error: ServiceError) -> EmulatorReply:
    """An error in the protocol that was asked in."""
    kind, number = "Sender" if error.status < 500 else "Receiver", str(uuid.uuid4())
    headers = [("x-amzn-RequestId", number)]
    if request.protocol == "json":
        body = json.dumps({"__type": error.code, **({"message": error.message} if error.message else {})})
        headers += [("Content-Type", "application/x-amz-json-1.0")]
        headers += [("x-amzn-query-error", f"{error.code};{kind}")]
    elif request.protocol == "ec2":
        body = f"<Response><Errors>{_error_xml(error)}</Errors><RequestID>{number}</RequestID></Response>"
        headers += [("Content-Type", "text/xml")]
    else:
        inner = _error_xml(error).replace("<Error>", f"<Error><Type>{kind}</Type>")
        body = f"<ErrorResponse>{inner}<RequestId>{number}</RequestId></ErrorResponse>"
        headers += [("Content-Type", "text/xml")]
    return EmulatorReply(error.status, body.encode(), tuple(headers), error.code)


def code_of(status: int, headers: Mapping[str, str], body: bytes) -> str | None:
    """The vendor's error code in a reply that moto made."""
    if status < 400:
        return None
    if query_error := headers.get("x-amzn-query-error"):
        return query_error.partition(";")[0]
    if match := _CODE.search(body):
        return match.group(1).decode()
    try:
        return str(json.loads(body)["__type"]).rpartition("#")[2]
    except (ValueError, KeyError, TypeError):
        return str(status)


def plain(params: Any) -> Any:
    """Parameters as JSON values."""
    return json.loads(json.dumps(params, default=_plain))


def _parsed(service: str, operation: str, region: str, raw: Any, environ: dict[str, Any], body: bytes) -> Request:
    model = get_service_model(service)
    protocol = determine_request_protocol(model, raw.content_type)
    try:
        operation_model = model.operation_model(operation)
    except OperationNotFoundError:
        return Request(service, operation, region, {}, environ, body, protocol)
    parser = PROTOCOL_PARSERS[protocol](operation_model, timestamp_parser=_moment)
    parts: Any = {
        "method": raw.method,
        "values": raw.values,
        "headers": raw.headers,
        "body": body,
        "url_path": raw.path,
        "url_params": {},
    }
    return Request(service, operation, region, parser.parse(parts), environ, body, protocol, operation_model)


def _body(environ: dict[str, Any]) -> bytes:
    """What was sent; the SDK compresses what is large, such as a thousand values for PutMetricData."""
    body = read_body(environ)
    if environ.pop("HTTP_CONTENT_ENCODING", "") == "gzip":
        body = gzip.decompress(body)
        environ["CONTENT_LENGTH"] = str(len(body))
    return body


def _scope(environ: Mapping[str, Any]) -> tuple[str, str]:
    match = _CREDENTIAL.search(environ.get("HTTP_AUTHORIZATION", ""))
    return (match.group(1), match.group(2)) if match else ("us-east-1", "unsigned")


def _service(signing: str, version: str) -> str:
    if signing == "elasticloadbalancing":
        return "elb" if version == "2012-06-01" else "elbv2"
    return _SERVICES.get(signing, signing)


def _moment(value: Any) -> datetime:
    moment = parse_timestamp(value)
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def _error_xml(error: ServiceError) -> str:
    message = f"<Message>{escape(error.message)}</Message>" if error.message else ""
    return f"<Error><Code>{escape(error.code)}</Code>{message}</Error>"


def _bytes(body: Any) -> bytes:
    return body if isinstance(body, bytes) else str(body).encode()


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
