"""The instance template: what a new instance is made of."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, GetJsonSchemaHandler, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from trimtab.models.base import Model, SecretHolder, exactly_one, refuse
from trimtab.models.script_size import check_size

Tags = Mapping[Annotated[str, Field(min_length=1, max_length=128)], Annotated[str, Field(max_length=256)]]


class Image(Model):
    """
    The image of new instances: one by id, by a vendor's alias, or the newest that matches.

    In a file, text is an id or an alias; a match is `{newest: "name-*", owner: "099720109477"}`.
    """

    id: str | None = Field(default=None, min_length=1)
    """The vendor's id, or an alias such as an SSM parameter path (AWS), a URN (Azure), a family (Google)."""
    newest: str | None = Field(default=None, min_length=1)
    """The newest image whose name matches, `*` and `?` allowed; kept once the group is created."""
    owner: str | None = Field(default=None, min_length=1)
    """Who publishes it: an account id or alias (AWS), a publisher (Azure), a project (Google)."""
    architecture: str | None = Field(default=None, min_length=1)
    """`x86_64` or `arm64`, for `newest`."""

    @model_validator(mode="after")
    def _check(self) -> "Image":
        exactly_one(self, "id", "newest")
        if self.id is not None and (self.owner or self.architecture):
            refuse("`owner` and `architecture` go with `newest`", "owner" if self.owner else "architecture")
        return self

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"anyOf": [{"type": "string", "minLength": 1}, handler(schema)]}


def _image(value: object) -> object:
    return {"id": value} if isinstance(value, str) else value


class DiskType(StrEnum):
    """Neutral classes of disk."""

    STANDARD = "standard"
    SSD = "ssd"
    FAST_SSD = "fast-ssd"


class Disk(Model):
    """One disk of an instance."""

    device: str | None = Field(default=None, min_length=1)
    """Device name (AWS, `/dev/sda1`) or number (Azure); the boot disk when left out."""
    size_gb: Annotated[int, Field(ge=1, le=65536)] | None = None
    """Size in GiB; the image's when left out."""
    type: DiskType | None = None
    encrypted: bool | None = None
    """Encrypted at rest; the account's default when left out."""
    key: str | None = Field(default=None, min_length=1)
    """Encryption key, by the vendor's id; the vendor's own key when left out."""
    iops: Annotated[int, Field(ge=100)] | None = None
    throughput: Annotated[int, Field(ge=1)] | None = None
    """MiB a second."""
    keep: bool = False
    """Keep the disk when the instance goes."""


class InstanceTemplate(SecretHolder):
    """What a new instance is made of; a change never replaces running instances by itself."""

    image: Annotated[Image, BeforeValidator(_image)]
    size: str = Field(min_length=1)
    """The vendor's instance type: `t3.medium`, `Standard_B2s`, `e2-medium`."""
    user_data: str | None = Field(default=None, min_length=1, repr=False)
    """
    Start script. With `variables` it is a Jinja2 template of variables, `if` and simple filters; a variable
    that is missing is an error. `${...}` is left to the shell: the environment comes in by `variables`.
    """
    variables: Mapping[str, str | int | float | bool] | None = Field(default=None, repr=False)
    """Values for the start script."""
    ssh_key: str | None = Field(default=None, min_length=1)
    """Key pair name (AWS) or public key (Azure, Google)."""
    security_groups: tuple[str, ...] = ()
    """Security groups (AWS), network security group (Azure), network tags (Google)."""
    role: str | None = Field(default=None, min_length=1)
    """Instance profile (AWS), managed identity (Azure), service account (Google)."""
    disks: tuple[Disk, ...] = ()
    public_address: bool | None = None
    """Whether instances get a public address; the subnet's default when left out."""
    metadata_token: bool | None = None
    """Require session tokens of the metadata service (IMDSv2 on AWS)."""
    metadata_hops: Annotated[int, Field(ge=1, le=64)] | None = None
    """How many network hops a metadata reply may take (AWS)."""
    detailed_monitoring: bool | None = None
    """Host metrics each minute where the vendor's default is longer (AWS)."""
    tags: Tags = Field(default_factory=dict)
    """Tags of instances and disks, on top of the group's."""

    @model_validator(mode="after")
    def _check(self) -> "InstanceTemplate":
        if self.variables is not None and self.user_data is None:
            refuse("`variables` fill in `user_data`, which is missing", "variables")
        self.render_user_data()
        devices = [disk.device for disk in self.disks]
        for index, device in enumerate(devices):
            if device in devices[:index]:
                refuse(f"two disks are called {device or 'the boot disk'}", "disks", index)
        return self

    def used_variables(self) -> frozenset[str]:
        """The names of the variables that the start script has in it."""
        if self.user_data is None or self.variables is None:
            return frozenset()
        from trimtab.models.script import variables_of

        return variables_of(self.user_data)

    def render_user_data(self, **more: Any) -> str | None:
        """The start script with its variables filled in; `None` when there is none."""
        if self.user_data is None:
            return None
        if self.variables is None:
            check_size(self.user_data)
            return self.user_data
        from trimtab.models.script import render  # Jinja2 is slow to import, and few scripts have variables

        return render(self.user_data, {**self.variables, **more})
