"""
The regions of Google Cloud and the letters of their zones.

https://cloud.google.com/compute/docs/regions-zones as of November 2026: 42 regions with three zones and Iowa with four.
Beside them are the AI zones of https://cloud.google.com/compute/docs/regions-zones/ai-zones, where nothing is put that
does not ask for them.
"""

from collections.abc import Mapping

_THREE = ("a", "b", "c")
_LATER = ("b", "c", "d")
"""The zones of the two regions whose first was closed."""
ZONES: Mapping[str, tuple[str, ...]] = {
    "us-central1": ("a", "b", "c", "f"),
    "us-east1": _LATER,
    "europe-west1": _LATER,
    **dict.fromkeys(
        (
            *("africa-south1", "asia-east1", "asia-east2", "asia-northeast1", "asia-northeast2", "asia-northeast3"),
            *("asia-south1", "asia-south2", "asia-southeast1", "asia-southeast2", "asia-southeast3"),
            *("australia-southeast1", "australia-southeast2", "europe-central2", "europe-north1", "europe-north2"),
            *("europe-southwest1", "europe-west2", "europe-west3", "europe-west4", "europe-west6", "europe-west8"),
            *("europe-west9", "europe-west10", "europe-west12", "me-central1", "me-central2", "me-west1"),
            *("northamerica-northeast1", "northamerica-northeast2", "northamerica-south1", "southamerica-east1"),
            *(
                "southamerica-west1",
                "us-east4",
                "us-east5",
                "us-south1",
                "us-west1",
                "us-west2",
                "us-west3",
                "us-west4",
            ),
        ),
        _THREE,
    ),
}
"""By region, in which the first are those that a new project's network was made in first."""
AI_ZONES = ("us-central1-ai1a", "us-south1-ai1b")


def zones_in(region: str) -> tuple[str, ...]:
    """The zones of a region by name, those for AI last."""
    own = tuple(f"{region}-{letter}" for letter in ZONES[region])
    return own + tuple(zone for zone in AI_ZONES if region_of(zone) == region)


def region_of(zone: str) -> str:
    """The region that a zone is in, by its name."""
    return zone.rpartition("-")[0]


EVERY_ZONE = tuple(zone for region in ZONES for zone in zones_in(region))
