"""The neutral words of images and sizes in one cloud's own: a group as that cloud's code reads it; pure."""

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

from trimtab.declarations import declarations_of
from trimtab.declarations.catalogue import (
    DEFAULT_ARCHITECTURE,
    Catalogue,
    CatalogueSize,
    SizeRequest,
    catalogue_of,
    image_problem,
    images_of,
)
from trimtab.models import Image, ScalingGroup, SizeOption, SizeRequirement
from trimtab.models.base import Model
from trimtab.phrases import in_words
from trimtab.plan import Resource, digest
from trimtab.providers.pinning import Settled, SettledRemark, pin, pinned

IMAGE, SIZE = "template.image.os", "template.size"
BETWEEN = ","
"""What stands between the sizes that a mark keeps."""


def settle(
    group: ScalingGroup, provider: str, *, region: str = "", holder: Resource | None = None, fleet: str = ""
) -> Settled:
    """
    A group in a cloud's own words.

    Args:
        group: The group.
        provider: The cloud.
        region: Where it lives.
        holder: What bears the mark that keeps the choice of a group that is there.
        fleet: Whose mark counts.
    """
    image = _settle_image(group, provider)
    # the image in the cloud's own words says no more which processor it is for
    architecture = group.template.architecture or DEFAULT_ARCHITECTURE
    size = _settle_size(image.group, architecture, provider, region, holder, fleet)
    return Settled(
        group=size.group,
        kept=size.kept,
        notes=size.notes,
        unused=(*image.unused, *size.unused),
        problems=(*image.problems, *size.problems),
        image_plan=image.image_plan,
    )


# images


def _settle_image(group: ScalingGroup, provider: str) -> Settled:
    image, architecture = group.template.image, group.template.architecture or DEFAULT_ARCHITECTURE
    if image.os is None:
        return Settled(group=group)
    if problem := image_problem(provider, image.os, architecture):
        unused = (SettledRemark("template.image.architecture", f"{provider} has no such image"),)
        return Settled(group=group, problems=(SettledRemark(IMAGE, problem),), unused=unused)
    row = images_of(provider).get((image.os, architecture))
    native = row.image if row else Image.model_construct(os=image.os, architecture=architecture)
    return Settled(group=_with(group, image=native), image_plan=row.plan if row else {})


def _with(group: ScalingGroup, **fields: object) -> ScalingGroup:
    return group.model_copy(update={"template": group.template.model_copy(update=fields)})


# sizes


def _settle_size(
    group: ScalingGroup, architecture: str, provider: str, region: str, holder: Resource | None, fleet: str
) -> Settled:
    requirement, catalogue = group.template.requirement, catalogue_of(provider)
    if requirement is None:
        return Settled(group=group)
    if declarations_of(provider).selects_sizes or catalogue is None:
        return Settled(group=group, unused=tuple(_left_to_the_cloud(requirement, provider)))
    wanted = SizeRequest(requirement, architecture, group.purchase.spot, region)
    word = digest([requirement.model_dump(mode="json"), wanted.architecture, wanted.spot])[:8]
    kept = tuple(filter(None, pinned(holder, fleet, "size", word).split(BETWEEN)))
    chosen = _choose(catalogue, wanted)
    names = kept or chosen
    if not names:
        return _without_size(group, catalogue, wanted)
    sizes = [catalogue.find(name) for name in names]
    told = [_newer(chosen, kept)] if kept and chosen and kept != chosen else []
    told += [] if kept else [_first_choice(catalogue, wanted, names)]
    return Settled(
        group=_sized(group, names),
        kept=pin("size", word, BETWEEN.join(names)),
        notes=(*told, *_more_than_asked(requirement, sizes[0])),
        unused=tuple(_idle(catalogue, wanted, chosen)),
    )


def _newer(chosen: tuple[str, ...], kept: tuple[str, ...]) -> SettledRemark:
    text = f"the catalogue has {in_words(chosen)} for it now; refresh the size to take it (now {in_words(kept)})"
    return SettledRemark(SIZE, text)


@lru_cache(maxsize=256)
def _choose(catalogue: Catalogue, wanted: SizeRequest) -> tuple[str, ...]:
    """The smallest sizes that fit, as many as may be chosen among; groups often want the same."""
    some = zip(range(wanted.requirement.choices), catalogue.fitting(wanted), strict=False)
    return tuple(size.name for _, size in some)


def _sized(group: ScalingGroup, names: tuple[str, ...]) -> ScalingGroup:
    group = _with(group, size=names[0])
    if not names[1:]:
        return group
    sizes = tuple(SizeOption(size=name) for name in names)
    return group.model_copy(update={"purchase": group.purchase.model_copy(update={"sizes": sizes})})


def _without_size(group: ScalingGroup, catalogue: Catalogue, wanted: SizeRequest) -> Settled:
    nearest = catalogue.nearest(wanted)
    if nearest is None:
        return Settled(group=group, problems=(SettledRemark(SIZE, "the catalogue has no sizes"),))
    where = f" in {wanted.region}" if wanted.region else ""
    spot = " as spot" if wanted.spot else ""
    text = f"no size{where} has {wanted.requirement} on {wanted.architecture}{spot}; the nearest is {_text(nearest)}"
    named = "name it by `size`" if nearest.caution else "ask for less, or name a size"
    compared = tuple(_compared(wanted.requirement, nearest))
    return Settled(
        group=_sized(group, (nearest.name,)), problems=(SettledRemark(SIZE, f"{text}; {named}"),), notes=compared
    )


def _compared(requirement: SizeRequirement, nearest: CatalogueSize) -> Iterator[SettledRemark]:
    """What the nearest size has of each thing that is asked for."""
    values = {"cpus": nearest.cpus, "memory_gb": nearest.memory_gb, "gpu": nearest.gpus}
    for name, value in values.items():
        for end in ("min", "max"):
            if getattr(getattr(requirement, name), end, None) is not None:
                yield SettledRemark(f"{SIZE}.{name}.{end}", f"the nearest size has {value:g}")
    if requirement.burstable is not None:
        yield SettledRemark(f"{SIZE}.burstable", f"the nearest size is {'' if nearest.burstable else 'not '}burstable")
    if requirement.architecture is not None:
        yield SettledRemark(f"{SIZE}.architecture", f"the nearest size is {nearest.architecture}")
    if requirement.choices > 1:
        yield SettledRemark(f"{SIZE}.choices", "no size fits")


def _text(size: CatalogueSize) -> str:
    gpus = f", {size.gpus} GPUs" if size.gpus else ""
    return f"{size.name} ({size.cpus} vCPUs, {size.memory_gb:g} GiB{gpus}{f', {size.caution}' if size.caution else ''})"


def _first_choice(catalogue: Catalogue, wanted: SizeRequest, names: tuple[str, ...]) -> SettledRemark:
    what = f"{names[0]}, the smallest" if not names[1:] else f"{', '.join(names)}, the smallest"
    text = f"{what} of the catalogue of {catalogue.date} that {'fits' if not names[1:] else 'fit'}; kept from then on"
    unknown = wanted.region and wanted.region not in catalogue.regions
    return SettledRemark(SIZE, f"{text}; whether {wanted.region} has it is not known" if unknown else text)


def _more_than_asked(requirement: SizeRequirement, size: CatalogueSize | None) -> Iterator[SettledRemark]:
    """The minimums that the choice exceeds: a smaller size does not fit otherwise."""
    if size is None:
        return
    values = {"cpus": size.cpus, "memory_gb": size.memory_gb, "gpu": size.gpus}
    for name, value in values.items():
        bound = getattr(requirement, name)
        if bound is not None and value > bound.min:
            yield SettledRemark(f"{SIZE}.{name}.min", f"{size.name} has {value:g}, and nothing smaller fits")


def _idle(catalogue: Catalogue, wanted: SizeRequest, chosen: tuple[str, ...]) -> Iterator[SettledRemark]:
    """What of a requirement changes no choice."""
    for path, less in _less(wanted.requirement):
        if _choose(catalogue, wanted._replace(requirement=less)) == chosen:
            yield SettledRemark(f"{SIZE}.{path}", "the choice is the same without it")


def _less(requirement: SizeRequirement) -> Iterator[tuple[str, SizeRequirement]]:
    """The requirement without each thing that it can do without; what it says of the processor is the image's too."""
    for name in ("cpus", "memory_gb", "gpu"):
        bound: Model | None = getattr(requirement, name)
        if bound is not None and getattr(bound, "max") is not None:  # noqa: B009
            yield f"{name}.max", _changed(requirement, {name: bound.model_copy(update={"max": None})})
    for name, default in (("burstable", None), ("choices", 1)):
        if getattr(requirement, name) != default:
            yield name, _changed(requirement, {name: default})


def _changed(requirement: SizeRequirement, fields: Mapping[str, object]) -> SizeRequirement:
    return requirement.model_copy(update=fields)


def _left_to_the_cloud(requirement: SizeRequirement, provider: str) -> Iterable[SettledRemark]:
    if catalogue_of(provider) is not None and requirement.choices > 1:
        yield SettledRemark(f"{SIZE}.choices", f"{provider} chooses among all sizes that fit")
