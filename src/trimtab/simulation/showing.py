"""What a simulation says of itself for people: its KPIs, its report, its picture in a notebook."""

from pathlib import Path
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from trimtab.kpis.card import KpiOptions, Kpis
    from trimtab.kpis.scoring import Static
    from trimtab.simulation.chart import Theme
    from trimtab.simulation.comparing import PairedComparison
    from trimtab.simulation.run import SimulatedRun


class Shown:
    """The part of a simulation that is for people."""

    def kpis(self, baseline: "Static | SimulatedRun" = "static-p95", options: "KpiOptions | None" = None) -> "Kpis":
        """
        The KPIs, held against their targets.

        Args:
            baseline: What savings and the elastic speedup are measured against: a fixed size for the largest demand
                (`static-peak`), its 95th percentile (`static-p95`) or its mean (`static-mean`), or another simulation
                of the same load.
            options: Prices, targets and Apdex's T.

        Raises:
            InvalidArgument: The baseline is unknown, or a simulation of another load.
        """
        from trimtab.simulation.kpis import kpis_of

        return kpis_of(cast("SimulatedRun", self), baseline, options)

    def save(
        self,
        path: str | Path,
        *,
        kpis: "Kpis | None" = None,
        comparison: "PairedComparison | None" = None,
        theme: "Theme" = "light",
        beside: "SimulatedRun | None" = None,
    ) -> Path:
        """
        Write a report: `.html` is one page that needs no network, `.png` its chart.

        Args:
            path: Where to.
            kpis: Those of `kpis()` when left out.
            comparison: What `compare` gave, for the page.
            theme: Of the picture; the page follows the reader's setting.
            beside: Another simulation of the same minutes, such as a prediction; its size is drawn beside this one's.

        Raises:
            InvalidArgument: The name ends otherwise, the file cannot be written, or `beside` is of other minutes.
            MissingExtra: The charts need the extra `sim`.
        """
        from trimtab.simulation.report import save

        return save(
            cast("SimulatedRun", self), kpis or self.kpis(), path, theme=theme, comparison=comparison, beside=beside
        )

    def _repr_html_(self) -> str:
        from trimtab.simulation.report import notebook

        return notebook(cast("SimulatedRun", self), self.kpis())
