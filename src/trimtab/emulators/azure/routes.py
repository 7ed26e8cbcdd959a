"""Every operation that the emulator has."""

from trimtab.emulators.azure import (
    action_groups,
    activity_feed,
    autoscale_settings,
    groups,
    images,
    instances,
    metering,
    metric_alerts,
    network_cards,
    operations,
    resources,
    scale_sets,
)
from trimtab.emulators.azure.routing import Router

ROUTES = (
    *groups.ROUTES,
    *operations.ROUTES,
    *scale_sets.ROUTES,
    *instances.ROUTES,
    *network_cards.ROUTES,
    *autoscale_settings.ROUTES,
    *metric_alerts.ROUTES,
    *action_groups.ROUTES,
    *activity_feed.ROUTES,
    *images.ROUTES,
    *resources.ROUTES,
    # the path of these begins with any resource
    *metering.ROUTES,
    metering.DATA_PLANE,
)
ROUTER = Router(ROUTES)
