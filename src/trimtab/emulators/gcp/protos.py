"""Google's messages as JSON, and back; none of these libraries has types."""

from collections.abc import Callable, Mapping
from typing import Any

import grpc
from google.api import metric_pb2, monitored_resource_pb2
from google.cloud import monitoring_v3
from google.protobuf import empty_pb2
from google.protobuf.json_format import MessageToDict, ParseDict

grpc_server: Callable[..., Any] = grpc.server
generic_handler: Callable[[str, Mapping[str, Any]], Any] = grpc.method_handlers_generic_handler
unary_handler: Callable[..., Any] = grpc.unary_unary_rpc_method_handler
StatusCode: Any = grpc.StatusCode
_to_dict: Callable[[Any], dict[str, Any]] = MessageToDict
_parse: Callable[[Any, Any], Any] = ParseDict
_PLAIN: Mapping[str, Any] = {
    "Empty": getattr(empty_pb2, "Empty"),  # noqa: B009 - made when the module is loaded
    "MetricDescriptor": getattr(metric_pb2, "MetricDescriptor"),  # noqa: B009
    "MonitoredResourceDescriptor": getattr(monitored_resource_pb2, "MonitoredResourceDescriptor"),  # noqa: B009
}


def message_type(name: str) -> Any:
    """The class of a message of Cloud Monitoring."""
    return _PLAIN[name] if name in _PLAIN else getattr(monitoring_v3, name).pb()


def to_body(message: Any) -> dict[str, Any]:
    """A message as its JSON."""
    return _to_dict(message)


def to_bytes(body: Mapping[str, Any], name: str) -> bytes:
    """JSON as a message on the wire."""
    data: bytes = _parse(body, message_type(name)()).SerializeToString()
    return data
