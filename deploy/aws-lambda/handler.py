"""
A tick for each invocation on AWS Lambda; a schedule of EventBridge calls it each minute.

Environment: TRIMTAB_FLEET is the fleet file in the package, with a `connect` block; TRIMTAB_STORE is the URL of a
PostgreSQL, as nothing on the function's disk lasts; TRIMTAB_WEBHOOK and TRIMTAB_WEBHOOK_SECRET where events are sent.
Role: `trimtab permissions fleet.yaml --controller`. Reserved concurrency: 1.
"""

import os
from contextlib import ExitStack
from typing import Any

import trimtab as tt
from trimtab.controller import Controller


def handler(event: object, context: object) -> dict[str, Any]:
    """What the tick did, as JSON; an error where something went wrong, so that the function's alarms see it."""
    fleet = tt.load_fleet(os.environ["TRIMTAB_FLEET"])
    with ExitStack() as stack:
        on_event = None
        if url := os.environ.get("TRIMTAB_WEBHOOK"):
            from trimtab.controller.webhooks import Webhook

            on_event = Webhook(url, os.environ["TRIMTAB_WEBHOOK_SECRET"])
            stack.callback(on_event.close)
        cloud = stack.enter_context(tt.connect(fleet))
        store = os.environ["TRIMTAB_STORE"]
        tick = stack.enter_context(Controller(fleet, cloud, store=store, on_event=on_event)).tick()
    if tick.error or tick.errors:
        raise RuntimeError("; ".join(filter(None, [tick.error, *(str(group) for group in tick if group.is_error)])))
    return tick.to_dict()
