"""TT5xx: names and tags that one cloud takes and another does not."""

import re
from collections.abc import Callable, Iterator, Mapping

from trimtab.checks.finding import Remark
from trimtab.checks.rule import Subject

MOST_TAGS = 50
"""As many as EC2 and Azure take on one resource."""
OWN_TAGS = 3
"""Of them, those that are the fleet's mark."""
_GCE_NAME = re.compile(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?")
_GCE_KEY = re.compile(r"[a-z][-_a-z0-9]{0,62}")
_GCE_VALUE = re.compile(r"[-_a-z0-9]{0,63}")
_AZURE_NAME = re.compile(r"[A-Za-z0-9_]([-A-Za-z0-9_.]{0,62}[A-Za-z0-9_])?")
_AZURE_KEY = re.compile(r"[^<>%&\\?/]*")
_AWS_NAME = re.compile(r"[\x20-\x39\x3b-\x7e]{1,255}")
PREFIX = 58
"""What may stand before the suffix of an instance's name: computer names on Azure, base instance names on Google."""


# TT501


def find_names(subject: Subject) -> Iterator[Remark]:
    """Names of groups in the cloud that break a cloud's rule."""
    name = subject.fleet.native_name(subject.group)
    broken = [
        f"{cloud}: {rule}" for cloud in subject.clouds if cloud in _NAMES for rule in _NAMES[cloud](subject, name)
    ]
    if broken:
        path = "native_name" if subject.group.native_name else ""
        text = f"{name!r} ({len(name)} characters) does not fit {'; '.join(broken)}"
        mend = "choose a shorter, plain `native_name`: lower-case letters, digits and hyphens, at most 58"
        yield Remark(path, text, mend)


def _aws(subject: Subject, name: str) -> Iterator[str]:
    if not _AWS_NAME.fullmatch(name):
        yield "printable ASCII without a colon, at most 255"


def _azure(subject: Subject, name: str) -> Iterator[str]:
    if not _AZURE_NAME.fullmatch(name):
        yield "letters, digits, `-`, `_` and `.`, at most 64"
    elif len(name) > PREFIX and subject.group.azure.computer_name_prefix is None:
        yield f"at most {PREFIX} before the number of a Linux instance; `azure.computer_name_prefix` gives another"


def _gcp(subject: Subject, name: str) -> Iterator[str]:
    if not _GCE_NAME.fullmatch(name):
        yield "lower-case letters, digits and hyphens, a letter first, at most 63"
    elif len(name) > PREFIX and subject.group.gcp.base_instance_name is None:
        yield f"at most {PREFIX} before the suffix of an instance; `gcp.base_instance_name` gives another"


_NAMES: Mapping[str, Callable[[Subject, str], Iterator[str]]] = {"aws": _aws, "azure": _azure, "gcp": _gcp}


# TT502


def find_tags(subject: Subject) -> Iterator[Remark]:
    """Tags of a group or its instances that break a cloud's rule."""
    for path, tags in (("tags", subject.group.tags), ("template.tags", subject.group.template.tags)):
        for cloud in subject.clouds:
            if cloud in _TAGS and (bad := [key for key, value in tags.items() if not _TAGS[cloud](key, value)]):
                text = f"{cloud} does not take {', '.join(f'{key}: {tags[key]}' for key in bad)}: {_TAG_RULES[cloud]}"
                yield Remark(path, text, "write them so that every cloud takes them, or leave them out there")
    both = {**subject.group.tags, **subject.group.template.tags}
    if len(both) + OWN_TAGS > MOST_TAGS and {"aws", "azure"} & {*subject.clouds}:
        text = (
            f"{len(both)} tags, with the {OWN_TAGS} of the fleet's mark, are more than the {MOST_TAGS} of aws and azure"
        )
        yield Remark("tags", text, f"keep to {MOST_TAGS - OWN_TAGS}")


_TAGS: Mapping[str, Callable[[str, str], bool]] = {
    "aws": lambda key, value: not key.lower().startswith("aws:"),
    "azure": lambda key, value: bool(_AZURE_KEY.fullmatch(key)),
    "gcp": lambda key, value: bool(_GCE_KEY.fullmatch(key) and _GCE_VALUE.fullmatch(value)),
}
_TAG_RULES = {
    "aws": "keys do not begin with `aws:`",
    "azure": "keys are without < > % & \\ ? /",
    "gcp": "labels are lower-case letters, digits, `-` and `_`, a letter first, at most 63",
}
