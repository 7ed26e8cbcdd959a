"""What is wrong where instances cannot be made, or do not serve."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from trimtab.explaining.case import RECENT, DiagnosisCase
from trimtab.explaining.results import Diagnosis, DiagnosisCause, Symptom
from trimtab.phrases import in_words
from trimtab.providers.base import Activity, Failure, Instance, InstanceState

_LAUNCHES = {
    Failure.QUOTA: (
        DiagnosisCause.QUOTA,
        ("the account's quota is used up", "the account's quota was used up"),
        "ask for more quota, or use another size or region",
    ),
    Failure.SHORTAGE: (
        DiagnosisCause.SHORTAGE,
        ("the cloud has no such machine there now", "the cloud had no such machine there"),
        "allow more zones (`placement.zones`), or more sizes (`purchase.sizes`)",
    ),
    Failure.IMAGE: (
        DiagnosisCause.IMAGE,
        ("the image of the template is gone", "the image of the template was gone"),
        "name an image that exists in `template.image`, and roll it out",
    ),
}

"""By failure its cause, what is so while instances are missing and was so where they no longer are, and what helps."""
_OTHERS = (DiagnosisCause.LAUNCHES, ("instances cannot be made", "instances could not be made"), "mend what it says")


def launches(case: DiagnosisCase) -> Iterator[Diagnosis]:
    """Instances cannot be made."""
    state = case.gathered.state
    failed = [each for each in case.gathered.activities if each.failure and case.begin <= each.at <= case.end]
    failed += [_as_activity(each, case.end) for each in state.instances if each.failure]
    recent = [each for each in failed if case.is_short or case.end - each.at <= RECENT]
    for failure in dict.fromkeys(each.failure for each in recent if each.failure):
        some = [each for each in recent if each.failure is failure]
        if failure is Failure.OTHER and not case.is_short:
            continue
        cause, (now, then), fix = _LAUNCHES.get(failure, _OTHERS)
        run = f"{state.running} of {state.desired} {state.unit} run"
        some_run = f"{now}{_named(case, some)}: {run}"
        all_run = f"{then}{_named(case, some)}; by now {run}"
        yield Diagnosis(
            cause=cause,
            symptom=Symptom.TOO_LITTLE,
            text=some_run if case.is_short else all_run,
            evidence=_failures(some),
            fix=fix,
        )


def _as_activity(instance: Instance, now: datetime) -> Activity:
    """An instance that could not be made and is kept in the list, as if its cloud had told of it."""
    text = f"{instance.id} could not be made"
    return Activity(
        id=instance.id,
        at=now,
        status="failed",
        description=text,
        cause=instance.error,
        failure=instance.failure,
        short=instance.short,
    )


def _named(case: DiagnosisCase, some: Sequence[Activity]) -> str:
    """What the cloud had none of, as far as it says."""
    names = dict.fromkeys(str(each.short.of(case.group)) for each in some if each.short is not None)
    return f" ({in_words(list(names), ' and ')})" if names else ""


def _failures(some: Sequence[Activity]) -> tuple[str, ...]:
    newest = max(some, key=lambda each: each.at)
    count = f"failed {len(some)} times, the last at" if len(some) > 1 else "failed at"
    return (f"{count} {newest.at:%Y-%m-%d %H:%M %Z}: {newest.description}; {newest.cause}",)


def unreachable(case: DiagnosisCase) -> Iterator[Diagnosis]:
    """Instances run and are sent no requests."""
    bad = [
        instance
        for instance in case.gathered.state.instances
        if instance.failure is None
        and instance.state is InstanceState.RUNNING
        and (instance.healthy is False or instance.serving is False)
    ]
    if not bad:
        return
    names = in_words([instance.id for instance in bad[:5]])
    more = f" and {len(bad) - 5} more" if len(bad) > 5 else ""
    whose = "the health check" if any(each.healthy is False for each in bad) else "the load balancer"
    yield Diagnosis(
        cause=DiagnosisCause.UNREACHABLE,
        symptom=Symptom.UNSTEADY,
        text=f"{len(bad)} of {len(case.gathered.state.instances)} instances run and get no requests",
        evidence=(f"{whose} says so of {names}{more}",),
        fix="look at the start script, the port and the path of the health check, and `health_check.grace`",
    )
