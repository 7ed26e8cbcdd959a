"""`trimtab status --kpis`: the KPIs of a fleet that runs."""

from datetime import timedelta
from pathlib import Path

from trimtab.cli.context import CommandContext
from trimtab.cli.views.kpis import kpis_view
from trimtab.kpis.card import KpiOptions
from trimtab.kpis.prices import Prices
from trimtab.models import Fleet


def show_kpis(context: CommandContext, fleet: Fleet, since: timedelta, prices: Path | None) -> int:
    """Show the KPIs of each group; the exit code."""
    options = KpiOptions(prices=Prices.load(prices) if prices else None)
    with context.cloud(fleet) as cloud, context.screen.busy("reading the cloud"):
        cards = cloud.kpis(fleet, since, options=options)
    body = {"fleet": fleet.name, "groups": [card.to_dict() for card in cards.values()]}
    context.screen.show(kpis_view(fleet.name, list(cards.values())), body)
    return 0
