"""What botocore's service models state about the bodies that trimtab writes on AWS."""

import html
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import botocore.session

from tools.constraints.writing import Stated, is_written
from trimtab.declarations.limits import Count, Length, OneOf, Pattern, Range
from trimtab.providers.aws.kinds import KINDS

SHAPES = {
    ("launch-template", ""): ("ec2", "CreateLaunchTemplateRequest"),
    ("autoscaling-group", ""): ("autoscaling", "CreateAutoScalingGroupType"),
    ("autoscaling-group", "WarmPoolConfiguration"): ("autoscaling", "PutWarmPoolType"),
    ("scaling-policy", ""): ("autoscaling", "PutScalingPolicyType"),
    ("scheduled-action", ""): ("autoscaling", "PutScheduledUpdateGroupActionType"),
    ("metric-alarm", ""): ("cloudwatch", "PutMetricAlarmInput"),
}
"""The shape of each kind's body, and of what is written by a call of its own and is part of it."""
MOST_WORDS = 40
_PRINTABLE = "control characters are not allowed"
_SURROGATES = "\\uD800\\uDC00-\\uDBFF\\uDFFF"
_MEANINGS = {"[\\u0020-\\uD7FF\\uE000-\\uFFFD\\uD800\\uDC00-\\uDBFF\\uDFFF\\r\\n\\t]*": _PRINTABLE}


@cache
def model(service: str) -> Any:
    return botocore.session.get_session().get_service_model(service)


def version() -> dict[str, str]:
    """By which version of what the rows are stated."""
    return {"botocore": botocore.__version__}


def stated() -> Iterator[Stated]:
    """Each limit that a model states for a leaf which some row of a kind is about."""
    for (kind, prefix), (service, name) in SHAPES.items():
        shape = model(service).shape_for(name)
        yield from _of_shape(kind, prefix, shape, f"botocore {service}:{name}", ())


def text_of(at: str) -> str:
    """What a model says of a member in sentences, without markup: `botocore service:Shape.member`."""
    service, _, path = at.removeprefix("botocore ").partition(":")
    shape, _, member = path.partition(".")
    words = model(service).shape_for(shape).members[member].documentation
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", words))).strip()


def _of_shape(kind: str, path: str, shape: Any, at: str, around: tuple[str, ...]) -> Iterator[Stated]:
    if path and not is_written(KINDS[kind], path):
        return
    if path:
        yield from _limits(kind, path, shape, at)
    if shape.type_name == "structure" and shape.name not in around:
        for name, member in shape.members.items():
            inner = f"{path}.{name}" if path else name
            yield from _of_shape(
                kind, inner, member, f"botocore {_service(at)}:{shape.name}.{name}", (*around, shape.name)
            )
    elif shape.type_name == "list":
        yield from _of_shape(kind, f"{path}[*]", shape.member, at, around)


def _limits(kind: str, path: str, shape: Any, at: str) -> Iterator[Stated]:
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    if shape.type_name == "string":
        # a long list, such as that of instance types, grows between versions: what it lacks may be there
        if shape.enum and len(shape.enum) <= MOST_WORDS:
            yield Stated(kind, path, OneOf(tuple(shape.enum)), at)
        if (least, most) != (None, None) and (least or most is not None):
            yield Stated(kind, path, Length(least or None, most), at)
        pattern = shape.metadata.get("pattern")
        if pattern:
            regex = pattern.replace(_SURROGATES, "\\U00010000-\\U0010FFFF")
            yield Stated(kind, path, Pattern(regex, _MEANINGS.get(pattern, "")), at)
    elif shape.type_name == "list" and (least or most is not None):
        yield Stated(kind, path, Count(least or None, most), at)
    elif shape.type_name in ("integer", "long", "float", "double") and (least is not None or most is not None):
        yield Stated(kind, path, Range(least, most), at)


def _service(at: str) -> str:
    return at.removeprefix("botocore ").partition(":")[0]
