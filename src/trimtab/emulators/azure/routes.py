"""Every operation that the emulator has."""

from trimtab.emulators.azure import (
    action_groups,
    activities,
    autoscale_settings,
    groups,
    images,
    instances,
    machines,
    metric_alerts,
    metric_data,
    network_cards,
    operations,
    resources,
    scale_sets,
    skus,
    upgrades,
    usages,
)
from trimtab.emulators.azure.routing import Router

ROUTES = (
    *groups.ROUTES,
    *operations.ROUTES,
    *scale_sets.ROUTES,
    *instances.ROUTES,
    *upgrades.ROUTES,
    *machines.ROUTES,
    *network_cards.ROUTES,
    *autoscale_settings.ROUTES,
    *metric_alerts.ROUTES,
    *action_groups.ROUTES,
    *activities.ROUTES,
    *images.ROUTES,
    *skus.ROUTES,
    *usages.ROUTES,
    *resources.ROUTES,
    # the path of these begins with any resource
    *metric_data.ROUTES,
    metric_data.DATA_PLANE,
)
ROUTER = Router(ROUTES)
