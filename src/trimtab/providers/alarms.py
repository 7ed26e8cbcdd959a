"""What alarms are called in a cloud, who is to see them, and whom they tell."""

from collections.abc import Callable, Sequence

from trimtab.models import Alarm, Fleet, ScalingGroup
from trimtab.plan import digest


def alarm_name(fleet: Fleet, group: ScalingGroup, alarm: str) -> str:
    """An alarm's name in the cloud: unique in a region, and with the fleet's name first to be found by."""
    return f"{fleet.name}-{group.name}-{alarm}"


def is_alert(alarm: Alarm) -> bool:
    """Whether an alarm is to be seen by people: it notifies, or it does nothing else."""
    return bool(alarm.notify or alarm.notify_ok or not alarm.triggers)


def notification_targets(alarm: Alarm) -> list[str]:
    """Whom an alarm tells, each once."""
    return list(dict.fromkeys((*alarm.notify, *alarm.notify_ok)))


def is_web_address(target: str) -> bool:
    """Whether a target is an address of the web rather than an e-mail address."""
    return "://" in target


def is_address(target: str) -> bool:
    """Whether a target is an https address or an e-mail address."""
    return target.startswith("https://") or ("@" in target and not is_web_address(target) and " " not in target)


def address_name(native: str, target: str) -> str:
    """What the thing of ours is called that tells one address for a group."""
    return f"{native}-{digest(target)[:8]}"


def addresses_of(alarms: Sequence[Alarm], is_native: Callable[[str], bool]) -> list[str]:
    """The addresses that alarms tell and that need something of ours that tells them, each once."""
    told = dict.fromkeys(target for alarm in alarms for target in notification_targets(alarm))
    return [target for target in told if not is_native(target)]


def places_of(alarms: Sequence[Alarm], target: str) -> list[str]:
    """The fields of the group that name an address, each with its place in the list."""
    return [
        f"alarms.{alarm.name}.{name}.{getattr(alarm, name).index(target)}"
        for alarm in alarms
        for name in ("notify", "notify_ok")
        if target in getattr(alarm, name)
    ]


def naming_fields(alarms: Sequence[Alarm], target: str) -> str:
    """The fields of the group that name an address, as `Resource.sources` has them."""
    fields = (
        f"alarms.{alarm.name}.{name}"
        for alarm in alarms
        for name in ("notify", "notify_ok")
        if target in getattr(alarm, name)
    )
    return " ".join(fields)
