"""`trimtab simulate --calibrate`: the model of a group, measured from what its cloud tells."""

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from trimtab.cli.context import CommandContext
from trimtab.cli.load_options import as_options, in_option_words
from trimtab.errors import ConfigError
from trimtab.metrics import custom
from trimtab.models import Fleet, Metric

if TYPE_CHECKING:
    from trimtab.simulation import Load


def show_calibration(
    context: CommandContext,
    fleet: Fleet,
    group: str,
    since: timedelta | None,
    out: Path | None,
    size_metric: str | None,
    load: "Load | None",
    seed: int,
) -> int:
    """Measure, show and keep it; the exit code."""
    from trimtab.cli.views.calibrations import calibration_view
    from trimtab.simulation import calibrate

    if since is None:
        raise ConfigError(["--calibrate needs how far back; give --since, such as --since 14d"])
    size = None if size_metric is None else _metric(size_metric)
    with context.cloud(fleet) as cloud, context.screen.busy("reading the cloud"), in_option_words():
        calibration = calibrate(cloud, fleet, group, since=since, size=size, load=load, seed=seed)
    trouble = None if out is None else context.write(lambda: calibration.save(out))
    body = {name: value for name, value in calibration.to_dict().items() if name != "format_version"}
    context.screen.show(calibration_view(calibration, None if trouble else out, as_options), body)
    if trouble is not None:
        raise trouble
    return 0


def _metric(text: str) -> Metric:
    whole, *pairs = text.split(",")
    namespace, slash, name = whole.rpartition("/")
    dimensions = dict(pair.split("=", 1) for pair in pairs if "=" in pair)
    if not (slash and namespace and name) or len(dimensions) < len(pairs):
        raise ConfigError([f"--size-metric {text}: write NAMESPACE/NAME[,DIMENSION=VALUE], such as Shop/InService"])
    return custom(namespace, name, dimensions=dimensions)
