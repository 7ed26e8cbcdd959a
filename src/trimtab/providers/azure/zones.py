"""Time zones: IANA names in fleets, the names of Windows in autoscale settings."""

from tzlocal.windows_tz import tz_win, win_tz

UTC = "UTC"


def windows_zone(zone: str) -> str | None:
    """The name that Windows has for an IANA zone; `None` where it has none. Several zones share one (CLDR)."""
    return UTC if zone in ("UTC", "Etc/UTC") else tz_win.get(zone)


def iana_zones(windows: str) -> tuple[str, ...]:
    """The IANA zones that share a name of Windows, the one that stands for all of them first."""
    if windows == UTC:
        return (UTC,)
    first = win_tz.get(windows)
    others = sorted(zone for zone, name in tz_win.items() if name == windows and zone != first)
    return ((first,) if first else ()) + tuple(others)
