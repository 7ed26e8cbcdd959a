"""What a provider declares of itself, as data that needs no SDK."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from pydantic import BaseModel

from trimtab.declarations.advice import Advice
from trimtab.declarations.support import Support


@dataclass(frozen=True, slots=True)
class Option:
    """
    A setting that `trimtab.connect` takes for one provider.

    Attributes:
        name: The keyword.
        text: What it says, and what is used when it is left out.
        in_file: Whether the block `connect:` of a fleet file may give it; objects and addresses of APIs it may not.
    """

    name: str
    text: str
    in_file: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedSize:
    """
    Whether a cloud records how many instances of a group there are, and from when on.

    Attributes:
        is_measured: Whether it has the metric `instances`.
        counts_booting: Whether that counts instances as soon as there are any, before they are in service.
        switch_on: What to do where that has no datapoints, as the end of a sentence.
    """

    is_measured: bool = False
    counts_booting: bool = False
    switch_on: str = "say how many there were: `size=NUMBER`, or the metric that records it"


@dataclass(frozen=True, slots=True, kw_only=True)
class NameRule:
    """
    Which names a group may have in a cloud.

    Attributes:
        fits: What the whole name must match.
        text: The same in words.
        prefix: How long it may be where it also begins the names of instances; `None` where it does not.
        prefix_setting: The field of the provider's settings block that gives instances another beginning.
        prefix_text: Why it is so short then, and what to do.
    """

    fits: re.Pattern[str]
    text: str
    prefix: int | None = None
    prefix_setting: str = ""
    prefix_text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TagRule:
    """
    Which tags a cloud takes.

    Attributes:
        key: What a whole key must match.
        value: What a whole value must match.
        text: The same in words.
        most: How many there may be on one resource; `None` where no number is known.
    """

    key: re.Pattern[str]
    value: re.Pattern[str]
    text: str
    most: int | None = None


class RegionForm(NamedTuple):
    """How a cloud writes its regions; what fits the form may still not exist."""

    cloud: str
    """The cloud, in a sentence."""
    form: str
    """A regular expression for the whole name."""
    example: str
    """One that exists."""

    def problem(self, region: str) -> str | None:
        """Why a name cannot be a region; `None` when it can."""
        if re.fullmatch(self.form, region):
            return None
        return f"{region!r} is not a region of {self.cloud}; write one such as {self.example}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Portability:
    """
    What differs between clouds and is no feature of a group: checks read it.

    Attributes:
        name: Which names groups may have; `None` where every name does.
        region: How its regions are written; `None` where anything is one.
        own_images: What only names of its images look like; `None` where they look like any.
        own_ids: What only ids of this cloud look like, as a whole text; `None` where it has none of its own.
        tags: Which tags there may be; `None` where every tag does.
        subnets_are_zonal: Whether a subnet is in one zone.
        balancer_judges_at_once: Whether a load balancer's verdict counts from an instance's first second.
        has_agents: Whether metrics of the agent kind take an agent.
        measured_by_host: Metrics of the agent kind that take none there all the same.
        beyond_full: Metrics in per cent that may be above 100.
    """

    name: NameRule | None = None
    region: RegionForm | None = None
    own_images: re.Pattern[str] | None = None
    own_ids: re.Pattern[str] | None = None
    tags: TagRule | None = None
    subnets_are_zonal: bool = False
    balancer_judges_at_once: bool = False
    has_agents: bool = True
    measured_by_host: frozenset[str] = frozenset()
    beyond_full: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class NativePart:
    """
    A native body of which a fleet file may write leaves as they stand, under `native` of the provider's block.

    Attributes:
        kind: The native kind, as in keys.
        at: Where in its body the leaves begin; empty for the body itself.
        items: The list of the group of which each item has such a body, `policies` or `alarms`; empty for the group.
        clears: Whether an update can take a leaf away that nothing else says how to clear.
    """

    kind: str
    at: str = ""
    items: str = ""
    clears: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Natives:
    """
    The way out where the model has no word: leaves of native bodies as they stand.

    Attributes:
        package: The package whose file `native.json` is the vendor's model of the bodies; `nox -s renew` writes it.
        parts: The bodies, by the words under `native`.
        api: What the vendor's interface is called in a sentence.
        reserved: What of a body trimtab alone writes: whose and which it is, and what would go against its fields.
        ignores_case: Whether the case of the words of enumerations means nothing.
    """

    package: str
    parts: Mapping[str, NativePart]
    api: str
    reserved: frozenset[str] = frozenset()
    ignores_case: bool = False


@dataclass(frozen=True, kw_only=True)
class Declarations:
    """
    One provider.

    Paths are written `module:name` and imported when they are needed, so that this record loads no SDK.

    Attributes:
        name: What `trimtab.connect` and `--provider` call it.
        connect: The function that connects it: takes the options, `clock`, `workers` and `listener`, and returns a
            `trimtab.providers.Provider`.
        options: What `connect` takes besides.
        place_option: The option that says where groups without a location live.
        extra: The extra of trimtab that brings its SDK; empty when it needs none, or brings its own.
        sdk: The packages whose absence means that the extra is missing.
        advised: Whether checks advise for it when no provider is named; of those that come with trimtab.
        preset: How its autoscaler decides: the name of one of `trimtab.engine.PRESETS`.
        capabilities: How well it does each feature of the model; one that is missing is told to be unsupported.
        rollouts: Who does the parts of a rollout that its driver does not do, `module:name` of a mapping from
            `ROLLOUT_PARTS` to `RolloutSupport`; empty where the driver does all.
        instances: How well it does what a group is asked to do to one of its instances, by
            `INSTANCE_OPERATIONS`; one that is missing is refused.
        inert: Fields that rightly change nothing in the cloud, by pattern, each with its reason.
        settings: The block of settings that only it has: under the provider's name in a group for those that come
            with trimtab, else under `settings:`.
        checks: What finds a check's remarks in it, in place of the check's own function: by the check's code.
        advice: To which of its groups a check applies, and what it says there; by the check's code where that is not
            what it says of any cloud.
        portability: What differs there and is no feature.
        id_rule: What an id is there, so that any other text is a name; empty where nothing is looked up.
        references: By field, how what it names is found.
        sign_in: What to do where nobody is signed in, as the end of a sentence.
        natives: Of which native bodies a fleet file may write leaves as they stand; `None` where of none.
        pure: What runs without a cloud; a `trimtab.providers.pure.PureCode`. Empty when there is none.
        images: What the neutral words of operating systems are there, a list of `ImageRow`; empty where every word is
            taken as it is.
        disks: The types of disks that it has, a list of `DiskRow`; empty where every word is taken as it is.
        agents: What the words of `template.agents` become there, a `CloudAgents` of `trimtab.providers.agents`; empty
            where each takes nothing.
        sizes: Its catalogue of sizes, `package:file`; empty where every requirement is taken as it is.
        selects_sizes: Whether the cloud itself chooses among all sizes that fit a requirement.
        moves_mix: Whether running instances are replaced by the cloud itself where the on-demand part is another one.
        sizes_mix: Whether the on-demand part has a size of its own, as a native group that is resized.
        eviction_shrinks: Whether a spot instance that is taken away leaves the size of its group as well.
        recorded_size: The metric of how many instances are in service.
    """

    name: str
    connect: str
    options: tuple[Option, ...] = ()
    place_option: str = "location"
    extra: str = ""
    sdk: tuple[str, ...] = ()
    advised: bool = True
    preset: str = "neutral"
    capabilities: Mapping[str, Support] = field(default_factory=dict)
    rollouts: str = ""
    instances: Mapping[str, Support] = field(default_factory=dict)
    inert: Mapping[str, str] = field(default_factory=dict)
    settings: type[BaseModel] | None = None
    checks: Mapping[str, str] = field(default_factory=dict)
    advice: Mapping[str, Advice] = field(default_factory=dict)
    portability: Portability = field(default_factory=Portability)
    id_rule: str = ""
    references: Mapping[str, str] = field(default_factory=dict)
    sign_in: str = ""
    natives: Natives | None = None
    pure: str = ""
    images: str = ""
    disks: str = ""
    agents: str = ""
    sizes: str = ""
    selects_sizes: bool = False
    moves_mix: bool = False
    sizes_mix: bool = False
    eviction_shrinks: bool = False
    recorded_size: RecordedSize = field(default_factory=RecordedSize)
