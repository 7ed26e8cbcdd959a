"""
A tick each minute on Azure Functions, by a timer that runs on one instance at a time.

Settings: TRIMTAB_FLEET is the fleet file beside this one, with a `connect` block; TRIMTAB_STORE is the URL of a
PostgreSQL. Role of the function's managed identity: `trimtab permissions fleet.yaml --controller`.
"""

import logging
import os
from collections.abc import Callable
from pathlib import Path

import azure.functions as func

import trimtab as tt
from trimtab.controller import Controller, Tick

app = func.FunctionApp()


@app.timer_trigger(schedule="0 * * * * *", arg_name="timer", run_on_startup=False)
def trimtab_tick(timer: func.TimerRequest) -> None:
    """Decide once about each group; an error where something went wrong, so that Application Insights sees it."""
    if timer.past_due:
        logging.getLogger("trimtab").warning("the timer is late")
    tick = ticked(Path(__file__).parent / os.environ["TRIMTAB_FLEET"])
    if tick.error or tick.errors:
        raise RuntimeError("; ".join(filter(None, [tick.error, *(str(group) for group in tick if group.is_error)])))


def ticked(path: Path, connect: Callable[[tt.Fleet], tt.Cloud] = tt.connect) -> Tick:
    """One tick over the fleet of a file."""
    fleet = tt.load_fleet(path)
    with connect(fleet) as cloud, Controller(fleet, cloud, store=os.environ["TRIMTAB_STORE"]) as controller:
        return controller.tick()
