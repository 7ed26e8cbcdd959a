"""The reply about a forecast."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from trimtab.emulators.azure.world import World, zulu


def forecast_reply(world: World, forecast: Mapping[datetime, float], query: Mapping[str, str]) -> dict[str, Any]:
    """The values of the predicted metric that were handed in, within the time that is asked for."""
    first, _, last = query.get("timespan", "").partition("/")
    points = [
        {"timeStamp": zulu(at), "value": value}
        for at, value in sorted(forecast.items())
        if (not first or zulu(at) >= first[:19]) and (not last or zulu(at)[:19] <= last[:19])
    ]
    name = query.get("metricName", "Percentage CPU")
    return {
        "timespan": query.get("timespan", ""),
        "interval": query.get("interval", "PT1H"),
        "metricName": name,
        "targetResourceId": "",
        "data": [{"timeStamp": zulu(world.now()), "metadataValues": [], "data": points}] if points else [],
    }
