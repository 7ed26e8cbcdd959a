"""What a launch template or a group has and no fleet file can write, in plain words; pure."""

import base64
import binascii
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from trimtab.plan import Resource, revealed
from trimtab.providers.aws.kinds import AUTO_SCALING_GROUP
from trimtab.providers.bodies import start_fields

GZIP = b"\x1f\x8b"
"""How what is gzipped begins: https://www.rfc-editor.org/rfc/rfc1952#section-2.3.1"""


class Unsaid(NamedTuple):
    """One such thing."""

    leaf: str
    """Where it is in the native body."""
    field: str
    """The field of the model that it would be."""
    what: str
    """What it is."""

    def stays(self) -> str:
        """Said where it is left to others."""
        text = f"{self.what}, which a fleet file cannot write"
        return f"{text}: without `{self.field}` in `unmanaged` the next plan {TAKES}"

    def goes(self) -> str:
        """Said of a plan that takes it away."""
        return f"{self.field}: {self.what}, which a fleet file cannot write; this plan {TAKES}: {self._keep()}"

    def is_lost(self, template: str) -> str:
        """Said where the template that has it is copied to another, which `unmanaged` cannot give it."""
        text = f"{self.what}, which a fleet file cannot write, so that launch template {template} is made without it"
        return f"{text}; to keep it make {template} with it by other means, and {self._keep()}"

    def _keep(self) -> str:
        return f"write `unmanaged: [{self.field}]` to keep it"


TAKES = "takes it away from new instances"


def unsaid(item: Resource) -> Iterator[Unsaid]:
    """The things in a launch template, a launch configuration or a group that no fleet file can write."""
    body = revealed(item.body)
    if item.key.kind == AUTO_SCALING_GROUP.name:
        yield from _of_group(body)
    else:
        yield from _of_template(body.get("LaunchTemplateData") or {})


def _of_template(data: Mapping[str, Any]) -> Iterator[Unsaid]:
    what = what_of_script(data.get("UserData"))
    if what:
        yield Unsaid("LaunchTemplateData.UserData", "template.user_data", what)
    if data.get("InstanceRequirements") and not data.get("InstanceType"):
        what = f"instance types by attributes ({words_of_requirements([data['InstanceRequirements']])})"
        yield Unsaid("LaunchTemplateData.InstanceType", "template.size", what)


def _of_group(body: Mapping[str, Any]) -> Iterator[Unsaid]:
    overrides = (body.get("MixedInstancesPolicy") or {}).get("LaunchTemplate", {}).get("Overrides") or ()
    requirements = [each["InstanceRequirements"] for each in overrides if each.get("InstanceRequirements")]
    if requirements:
        what = f"instance types by attributes ({words_of_requirements(requirements)})"
        yield Unsaid("MixedInstancesPolicy.LaunchTemplate.Overrides", "purchase.sizes", what)


def what_of_script(text: str | None) -> str:
    """What a start script is that is no text; empty where it is text, or there is none."""
    script = b""
    try:
        script = base64.b64decode(text or "")
        script.decode()
    except (binascii.Error, ValueError):
        if start_fields(script):
            return ""
        return "a gzipped start script" if script.startswith(GZIP) else "a start script that is not text"
    return ""


def words_of_requirements(several: Sequence[Mapping[str, Any]]) -> str:
    """What attributes are asked for: `2 to 4 vCPUs, 4096 MiB of memory or more`."""
    return " or ".join(dict.fromkeys(map(_words, several)))


def _words(requirements: Mapping[str, Any]) -> str:
    known = {"VCpuCount": "vCPUs", "MemoryMiB": "MiB of memory"}
    words = [_range(requirements[name], unit) for name, unit in known.items() if requirements.get(name)]
    others = sorted(name for name, value in requirements.items() if name not in known and value)
    return ", ".join([*words, *others])


def _range(given: Mapping[str, Any], unit: str) -> str:
    low, high = given.get("Min", 0), given.get("Max")
    if high is None:
        return f"{low} {unit} or more"
    return f"{low} {unit}" if low == high else f"{low} to {high} {unit}"
