"""The instance template: what a new instance is made of."""

import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BeforeValidator, Discriminator, Field, GetJsonSchemaHandler, Tag, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from trimtab.models.base import Filled, Model, SecretHolder, exactly_one, refuse
from trimtab.models.connect import EnvironmentVariable
from trimtab.models.script_size import MAX_BYTES, TOO_LARGE, check_size

Tags = Mapping[Annotated[str, Field(min_length=1, max_length=128)], Annotated[str, Field(max_length=256)]]

Metadata = Mapping[Annotated[str, Field(pattern=r"^[a-zA-Z_0-9-]{1,127}$")], str]

VARIABLE = r"[A-Za-z_][A-Za-z0-9_]*"
"""The name of an environment variable."""
StatefulAddress = Literal["stateful", "kept"]
"""`stateful`: an instance has its address while it is in the group; `kept`: the address stays reserved after it."""
Architecture = Literal["x86_64", "arm64"]
ARCHITECTURES: tuple[Architecture, ...] = ("x86_64", "arm64")
PART_BEGINNINGS = (*("#!", "#cloud-config", "#cloud-boothook", "#include", "#part-handler", "## template: jinja"),)
"""
How a part begins that cloud-init knows.

https://docs.cloud-init.io/en/latest/explanation/format.html
"""
OperatingSystem = Literal[
    "ubuntu-20.04",
    "ubuntu-22.04",
    "ubuntu-24.04",
    "debian-11",
    "debian-12",
    "debian-13",
    "rocky-8",
    "rocky-9",
    "almalinux-8",
    "almalinux-9",
    "rhel-8",
    "rhel-9",
    "amazon-linux-2",
    "amazon-linux-2023",
    "windows-server-2019",
    "windows-server-2022",
    "windows-server-2025",
]
"""The operating systems that have a neutral word."""

Agent = Literal["memory", "disk", "node-exporter", "collectd", "trimtab-listener"]
"""What a new instance can have beside its start script: what measures, and what hears that it is to end."""


class Image(Model):
    """
    The image of new instances: by operating system, by id, by a vendor's alias, or the newest that matches.

    In a file, text is an id or an alias; an operating system is `{os: ubuntu-22.04}`, on any cloud; a match is
    `{newest: "name-*", owner: "099720109477"}`.
    """

    id: str | None = Field(default=None, min_length=1)
    """The vendor's id, or an alias such as an SSM parameter path (AWS), a URN (Azure), a family (Google)."""
    newest: str | None = Field(default=None, min_length=1)
    """The newest image whose name matches, `*` and `?` allowed; kept once the group is created."""
    os: OperatingSystem | None = None
    """The newest image that its publisher has of an operating system; kept once the group is created."""
    owner: str | None = Field(default=None, min_length=1)
    """Who publishes it: an account id or alias (AWS), a publisher (Azure), a project (Google)."""
    architecture: str | None = Field(default=None, min_length=1)
    """`x86_64` or `arm64`, for `newest` and `os`; for `os` that of the size, else `x86_64`, when left out."""

    @model_validator(mode="after")
    def _check(self) -> "Image":
        exactly_one(self, "id", "newest", "os")
        if self.id is not None and (self.owner or self.architecture):
            refuse("`owner` and `architecture` go with `newest`", "owner" if self.owner else "architecture")
        if self.os is not None and self.owner:
            refuse("`owner` goes with `newest`; of `os` the publisher is known", "owner")
        if self.os is not None and self.architecture not in (None, *ARCHITECTURES):
            refuse(f"write one of {', '.join(ARCHITECTURES)}, not {self.architecture!r}", "architecture")
        return self

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"anyOf": [{"type": "string", "minLength": 1}, super().__get_pydantic_json_schema__(schema, handler)]}


def _image(value: object) -> object:
    return {"id": value} if isinstance(value, str) else value


class DiskType(StrEnum):
    """Neutral classes of disk, each of which every cloud has."""

    STANDARD = "standard"
    SSD = "ssd"
    FAST_SSD = "fast-ssd"


class Disk(Model):
    """One disk of an instance."""

    device: str | None = Field(default=None, min_length=1)
    """Device name (AWS, `/dev/sda1`) or number (Azure); the boot disk when left out."""
    size_gb: Annotated[int, Field(ge=1, le=65536)] | None = None
    """Size in GiB; the image's when left out."""
    type: Annotated[DiskType | Filled, Field(union_mode="left_to_right")] | None = None
    """`standard`, `ssd`, `fast-ssd`, or a vendor's own word such as `gp2`; the vendor's default when left out."""
    encrypted: bool | None = None
    """Encrypted at rest; the account's default when left out."""
    key: str | None = Field(default=None, min_length=1)
    """Encryption key, by name or by the vendor's id; the vendor's own key when left out."""
    iops: Annotated[int, Field(ge=100)] | None = None
    """I/O operations a second, for the types that take them."""
    throughput: Annotated[int, Field(ge=1)] | None = None
    """MiB a second, for the types that take it."""
    keep: bool = False
    """Keep the disk when the instance goes."""
    stateful: bool = False
    """Give the disk back to its instance when that is repaired or made anew (Google); `keep` also when it goes."""

    if TYPE_CHECKING:

        def __init__(
            self,
            *,
            device: str | None = None,
            size_gb: int | None = None,
            type: DiskType | Literal["standard", "ssd", "fast-ssd"] | str | None = None,
            encrypted: bool | None = None,
            key: str | None = None,
            iops: int | None = None,
            throughput: int | None = None,
            keep: bool = False,
            stateful: bool = False,
        ) -> None: ...


def _bound(value: object) -> object:
    return {"min": value} if isinstance(value, int | float) and not isinstance(value, bool) else value


class _Range(Model):
    """A minimum and a maximum, for which a number stands that is a minimum."""

    @model_validator(mode="after")
    def _check(self) -> "_Range":
        low, high = getattr(self, "min", 0), getattr(self, "max", None)
        if high is not None and low > high:
            refuse(f"`min` {low:g} is above `max` {high:g}", "min")
        return self

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        number = {"type": "integer" if cls.model_fields["min"].annotation is int else "number", "minimum": 0}
        return {"anyOf": [number, super().__get_pydantic_json_schema__(schema, handler)]}


class CountRange(_Range):
    """At least so many, and at most. In a file a number is a minimum: `2` is `{min: 2}`."""

    min: Annotated[int, Field(ge=0, le=1024)]
    """At least so many."""
    max: Annotated[int, Field(ge=0, le=1024)] | None = None
    """At most so many; without a limit when left out."""


class MemoryRange(_Range):
    """At least so many GiB, and at most. In a file a number is a minimum: `4` is `{min: 4}`."""

    min: Annotated[float, Field(ge=0, le=65536)]
    """At least so many GiB."""
    max: Annotated[float, Field(ge=0, le=65536)] | None = None
    """At most so many GiB; without a limit when left out."""


class SizeRequirement(Model):
    """
    What an instance has to have, in place of the name of an instance type.

    AWS chooses among all types that fit, each time it starts an instance. Elsewhere the smallest of the catalogue that
    fits is taken when the group is created, and kept.
    """

    cpus: Annotated[CountRange, BeforeValidator(_bound)] | None = None
    """Virtual processors: a minimum, or a range."""
    memory_gb: Annotated[MemoryRange, BeforeValidator(_bound)] | None = None
    """Memory in GiB: a minimum, or a range."""
    burstable: bool | None = None
    """Whether the processor is shared and bursts by credits (`t3`, `Standard_B`, `e2-medium`); either when left out."""
    architecture: Architecture | None = None
    """`x86_64` or `arm64`; that of the image when left out, and `x86_64` where that says none."""
    gpu: Annotated[CountRange, BeforeValidator(_bound)] | None = None
    """GPUs: a minimum, or a range; none when left out."""
    choices: Annotated[int, Field(ge=1, le=20)] = 1
    """Among how many sizes the cloud may choose, where it takes a list (Azure, Google); AWS chooses among all."""

    if TYPE_CHECKING:

        def __init__(
            self,
            *,
            cpus: CountRange | int | None = None,
            memory_gb: MemoryRange | float | None = None,
            burstable: bool | None = None,
            architecture: Literal["x86_64", "arm64"] | None = None,
            gpu: CountRange | int | None = None,
            choices: int = 1,
        ) -> None: ...

    @model_validator(mode="after")
    def _check(self) -> "SizeRequirement":
        if self.cpus is None and self.memory_gb is None:
            refuse("give `cpus`, `memory_gb` or both: {cpus: 2, memory_gb: 4}")
        return self

    def __str__(self) -> str:
        words = [
            f"cpus {_text(self.cpus)}" if self.cpus else "",
            f"memory {_text(self.memory_gb)} GiB" if self.memory_gb else "",
        ]
        words += [{True: "burstable", False: "not burstable", None: ""}[self.burstable], self.architecture or ""]
        words += [f"gpu {_text(self.gpu)}" if self.gpu else ""]
        return ", ".join(word for word in words if word)


def _text(bound: CountRange | MemoryRange) -> str:
    if bound.max is None:
        return f"{bound.min:g} or more"
    return f"{bound.min:g}" if bound.min == bound.max else f"{bound.min:g} to {bound.max:g}"


def _which(value: object) -> str:
    return "requirement" if isinstance(value, SizeRequirement | Mapping) else "native"


Size = Annotated[
    Annotated[str, Field(min_length=1), Tag("native")] | Annotated[SizeRequirement, Tag("requirement")],
    Discriminator(_which),
]
"""An instance type in the vendor's words, or what one has to have."""


def _variable(value: object) -> object:
    if isinstance(value, str):
        refuse("a password does not stand in a fleet; write {env: NAME}, the environment variable that has it")
    return value


class InstanceTemplate(SecretHolder):
    """What a new instance is made of; a change never replaces running instances by itself."""

    image: Annotated[Image, BeforeValidator(_image)]
    """The image to start from: `{os: ubuntu-22.04}`, the vendor's id or alias, or `{newest: NAME*}`."""
    size: Size
    """What an instance has to have, `{cpus: 2, memory_gb: 4}`, or the vendor's instance type, such as `t3.medium`."""
    user_data: str | None = Field(default=None, min_length=1, repr=False)
    """
    Start script. With `variables` it is a Jinja2 template of variables, `if` and simple filters; a variable
    that is missing is an error. `${...}` is left to the shell: the environment comes in by `variables`.
    """
    user_data_parts: tuple[Annotated[str, Field(min_length=1)], ...] = Field(default=(), repr=False)
    """
    In place of `user_data`: parts that cloud-init takes in this order, each a script (`#!/bin/sh`), a `#cloud-config`
    or another form that it tells by the first line. In a file `{file: setup.sh}` takes a part's text from a file.
    """
    variables: Mapping[str, str | int | float | bool] | None = Field(default=None, repr=False)
    """Values for the start script, or for its parts."""
    agents: tuple[Agent, ...] = ()
    """
    What is installed before the start script runs: `memory` and `disk`, whatever measures them on the cloud,
    `node-exporter`, `collectd`, and `trimtab-listener`, which hears that the instance is to end.
    """
    ssh_key: str | None = Field(default=None, min_length=1)
    """Key pair name (AWS) or public key (Azure, Google)."""
    admin_password: Annotated[EnvironmentVariable, BeforeValidator(_variable)] | None = None
    """
    The administrator's password on Azure, which Windows needs: `{env: NAME}`, never the password itself. It is sent
    when the group is created, and neither kept nor compared.
    """
    security_groups: tuple[Filled, ...] = ()
    """Security groups (AWS), network security group (Azure), network tags (Google)."""
    role: str | None = Field(default=None, min_length=1)
    """Instance profile (AWS), managed identity (Azure), service account (Google)."""
    disks: tuple[Disk, ...] = ()
    """The boot disk and further disks; those of the image when left out."""
    public_address: bool | None = None
    """Whether instances get a public address; the subnet's default when left out."""
    internal_address: StatefulAddress | None = None
    """Whether an instance has the same internal address when it is repaired or made anew; a new one when left out."""
    external_address: StatefulAddress | None = None
    """Whether an instance has the same public address when it is repaired or made anew; a new one when left out."""
    metadata_token: bool | None = None
    """Require session tokens of the metadata service (IMDSv2 on AWS)."""
    metadata_hops: Annotated[int, Field(ge=1, le=64)] | None = None
    """How many network hops a metadata reply may take (AWS)."""
    metadata: Metadata = Field(default_factory=dict, repr=False)
    """What programs of an instance read from its metadata server, by key (Google), beside script and key."""
    detailed_monitoring: bool | None = None
    """Host metrics each minute where the vendor's default is longer (AWS)."""
    tags: Tags = Field(default_factory=dict)
    """Tags of instances and disks, on top of the group's."""

    if TYPE_CHECKING:

        def __init__(
            self,
            *,
            image: Image | str,
            size: str | SizeRequirement,
            user_data: str | None = None,
            user_data_parts: Sequence[str] = ...,
            variables: Mapping[str, str | int | float | bool] | None = None,
            agents: Sequence[Literal["memory", "disk", "node-exporter", "collectd", "trimtab-listener"]] = ...,
            ssh_key: str | None = None,
            admin_password: EnvironmentVariable | None = None,
            security_groups: Sequence[str] = ...,
            role: str | None = None,
            disks: Sequence[Disk] = ...,
            public_address: bool | None = None,
            internal_address: Literal["stateful", "kept"] | None = None,
            external_address: Literal["stateful", "kept"] | None = None,
            metadata_token: bool | None = None,
            metadata_hops: int | None = None,
            metadata: Mapping[str, str] = ...,
            detailed_monitoring: bool | None = None,
            tags: Mapping[str, str] = ...,
        ) -> None: ...

    @model_validator(mode="after")
    def _check(self) -> "InstanceTemplate":
        if self.variables is not None and self.user_data is None and not self.user_data_parts:
            refuse("`variables` fill in `user_data`, which is missing; add it, or remove them", "variables")
        self.render_user_data()
        self._check_parts()
        for index, word in enumerate(self.agents):
            if word in self.agents[:index]:
                refuse(f"`{word}` is listed twice; leave one out", "agents", index)
        if self.admin_password is not None and not re.fullmatch(VARIABLE, self.admin_password.env):
            refuse("write the name of an environment variable, such as ADMIN_PASSWORD", "admin_password", "env")
        devices = [disk.device for disk in self.disks]
        for index, device in enumerate(devices):
            if device in devices[:index]:
                refuse(f"two disks are called {device or 'the boot disk'}; give each its own `device`", "disks", index)
        asked = self.requirement.architecture if self.requirement else None
        if self.image.os is not None and self.image.architecture and asked not in (None, self.image.architecture):
            refuse(f"the image is {self.image.architecture}; write the same, or leave it out", "size", "architecture")
        return self

    @property
    def requirement(self) -> SizeRequirement | None:
        """What an instance has to have; `None` where its type is named."""
        return self.size if isinstance(self.size, SizeRequirement) else None

    @property
    def size_name(self) -> str | None:
        """The vendor's instance type; `None` where it is chosen by what an instance has to have."""
        return self.size if isinstance(self.size, str) else None

    @property
    def architecture(self) -> Architecture | None:
        """The processor that the image and the size are for, as far as one of them says it."""
        asked = self.requirement.architecture if self.requirement else None
        return asked or (
            "arm64" if self.image.architecture == "arm64" else "x86_64" if self.image.architecture == "x86_64" else None
        )

    def used_variables(self) -> frozenset[str]:
        """The names of the variables that the start script has in it."""
        scripts = self.user_data_parts if self.user_data is None else (self.user_data,)
        if not scripts or self.variables is None:
            return frozenset()
        from trimtab.models.script import variables_of

        return frozenset().union(*map(variables_of, scripts))

    def render_user_data(self, **more: Any) -> str | None:
        """The start script with its variables filled in; `None` when there is none."""
        if self.user_data is None:
            return None
        if self.variables is None:
            check_size(self.user_data)
            return self.user_data
        from trimtab.models.script import render  # Jinja2 is slow to import, and few scripts have variables

        return render(self.user_data, {**self.variables, **more})

    def render_user_data_parts(self) -> tuple[str, ...]:
        """The parts for cloud-init with their variables filled in, in their order."""
        if self.variables is None or not self.user_data_parts:
            return self.user_data_parts
        from trimtab.models.script import render

        parts = enumerate(self.user_data_parts)
        return tuple(render(part, self.variables, ("user_data_parts", index)) for index, part in parts)

    def _check_parts(self) -> None:
        if self.user_data_parts and self.user_data is not None:
            refuse(
                "give `user_data` or `user_data_parts`, not both; a script can be one of the parts", "user_data_parts"
            )
        parts = self.render_user_data_parts()
        if sum(len(part.encode(errors="surrogatepass")) for part in parts) > MAX_BYTES:
            refuse(TOO_LARGE, "user_data_parts")
        for index, part in enumerate(parts):
            if text := _wrong_beginning(part):
                refuse(text, "user_data_parts", index)


def _wrong_beginning(part: str) -> str:
    """Why cloud-init does not know a part by its beginning; empty where it does. The text is in no message."""
    if part.startswith(PART_BEGINNINGS):
        return ""
    start = part.lstrip("\ufeff")
    if not start.strip():
        return "the part is empty, also once variables are filled in; leave it out"
    if start != part and start.startswith(PART_BEGINNINGS):
        return "the part begins with a byte order mark, behind which cloud-init finds no form; save it without"
    lines = start.splitlines()
    place = next((at for at, line in enumerate(lines) if line.lstrip().startswith(PART_BEGINNINGS)), None)
    text = "cloud-init tells a part by its first line"
    if place is None:
        return f"{text}; begin it with `#!/bin/sh` or `#cloud-config`"
    return f"{text}, and its form stands in line {place + 1}; " + (
        "move it to the beginning of line 1" if place else "take the space before it away"
    )
