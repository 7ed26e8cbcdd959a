from datetime import UTC, datetime, timedelta
from itertools import islice

from tests.semantics.adapters import adapter
from trimtab.engine import schedules
from trimtab.errors import InvalidModel
from trimtab.models import Schedule

FAR = timedelta(days=40 * 366)


def moment(text):
    return datetime.fromisoformat(text)


def written(at):
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


@adapter("next_fires")
def next_fires(given):
    start = "starts" if given.get("cron") else "at"
    fields = {"cron": given.get("cron"), start: given.get("start_time"), "ends": given.get("end_time")}
    schedule = Schedule.model_validate(
        {
            "name": "it",
            "zone": given.get("time_zone") or "UTC",
            "min": 1,
            **{name: value for name, value in fields.items() if value},
        }
    )
    after = moment(given["after"])
    found = schedules.schedule_fires(schedule, after, after + FAR)
    return {"next_utc": [written(at) for at in islice(found, given["count"])]}


def window_of(given, zone):
    fields = {"cron": given.get("start"), "until": given.get("end"), "duration": given.get("duration")}
    return Schedule.model_validate(
        {
            "name": "it",
            "zone": zone,
            "min": 1,
            **{name: value for name, value in fields.items() if value not in (None, "")},
        }
    )


@adapter("window_active")
def window_active(given):
    window = window_of(given, given.get("time_zone") or "UTC")
    return {"active": schedules.is_active(window, moment(given["at"]))}


@adapter("validate_schedule", "schedule")
def validate_schedule(given):
    if given["schedule"] is None:  # a policy without one
        return {"valid": True}
    try:
        window = window_of(given["schedule"], "UTC")
    except InvalidModel:
        return {"valid": False}
    return {"valid": window.is_window}
