"""Calendar files in a fleet file: which days they give, and what is refused of them."""

from datetime import UTC, datetime

import pytest

import trimtab as tt
from trimtab.errors import ConfigError

pytest.importorskip("recurring_ical_events", reason="the extra `calendar` is not installed")
YEAR = datetime.now(UTC).year
FLEET = """
name: shop
groups:
  web:
    capacity: {{min: 1, max: 4}}
    template: {{image: ami-1, size: t3.small}}
    schedules:
      day: {{cron: "0 8 * * *", zone: {zone}, duration: 9h, min: 3, skip_dates: [{dates}]}}
"""


def event(*lines):
    return "\r\n".join(("BEGIN:VEVENT", "UID:" + lines[0], "DTSTAMP:20200101T000000Z", *lines, "END:VEVENT"))


def dates_of(folder, *events, zone="Europe/Madrid", listed="holidays.ics", name="holidays.ics"):
    head = ("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//test//EN")
    (folder / name).write_text("\r\n".join((*head, *events, "END:VCALENDAR", "")), newline="")
    file = folder / "fleet.yaml"
    file.write_text(FLEET.format(zone=zone, dates=listed))
    fleet = tt.load_fleet(file)
    assert tt.parse_fleet(tt.dump_fleet(fleet)) == fleet
    return fleet["web"].schedules[0].skip_dates


def test_an_all_day_event_ends_before_its_end(tmp_path):
    found = event(f"DTSTART;VALUE=DATE:{YEAR}1224", f"DTEND;VALUE=DATE:{YEAR}1227")
    assert dates_of(tmp_path, found) == (f"{YEAR}-12-24..{YEAR}-12-26",)


def test_a_timed_event_is_the_days_that_it_touches_in_the_schedules_zone(tmp_path):
    found = event(f"DTSTART:{YEAR}0704T230000Z", f"DTEND:{YEAR}0705T010000Z")
    assert dates_of(tmp_path, found, zone="Europe/Madrid") == (f"{YEAR}-07-05",)
    assert dates_of(tmp_path, found, zone="UTC") == (f"{YEAR}-07-04..{YEAR}-07-05",)
    assert dates_of(tmp_path, found, zone="America/New_York") == (f"{YEAR}-07-04",)


def test_what_comes_again_is_read_for_five_years_less_its_exceptions(tmp_path):
    start, but = "DTSTART;VALUE=DATE:20100501", f"EXDATE;VALUE=DATE:{YEAR + 2}0501"
    found = dates_of(tmp_path, event(start, "RRULE:FREQ=YEARLY", but), listed="holidays.ics, 2020-01-06")
    assert found == ("2020-01-06", *(f"{YEAR + n}-05-01" for n in (0, 1, 3, 4, 5)))


def test_a_cancelled_event_gives_no_day(tmp_path):
    off = event(f"DTSTART;VALUE=DATE:{YEAR}0301", "STATUS:CANCELLED")
    assert dates_of(tmp_path, off, event(f"DTSTART;VALUE=DATE:{YEAR}0302")) == (f"{YEAR}-03-02",)


@pytest.mark.parametrize(
    ("given", "listed", "text"),
    [
        (event(f"DTSTART:{YEAR}0301T000000Z", "RRULE:FREQ=HOURLY"), "holidays.ics", "within the day"),
        (event("DTSTART;VALUE=DATE:20010301"), "holidays.ics", "has no event from"),
        ("nothing", "holidays.ics", "not a calendar|has no event"),
        (event(f"DTSTART;VALUE=DATE:{YEAR}0301"), "other.ics", "not found"),
        (event(f"DTSTART;VALUE=DATE:{YEAR}0301"), "../holidays.ics", "outside of the fleet file's folder"),
        (event(f"DTSTART;VALUE=DATE:{YEAR}0301"), f"holidays.ics, {YEAR}-03-01", "name the same day"),
    ],
)
def test_what_is_refused_names_the_line(tmp_path, given, listed, text):
    with pytest.raises(ConfigError, match=text) as refusal:
        dates_of(tmp_path, given, listed=listed)
    assert "fleet.yaml:8" in str(refusal.value)
