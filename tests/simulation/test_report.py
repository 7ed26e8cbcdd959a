"""Reports: one page without network, a picture from the same specification, and no spike lost."""

import json
import re
import shutil
import subprocess
from importlib.util import find_spec

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.laws import examples
from tests.servers import missing
from tests.simulation.made import day_of_load, made
from trimtab.errors import InvalidArgument, MissingExtra
from trimtab.simulation import report
from trimtab.simulation.chart import PALETTES, chart_data, specification
from trimtab.simulation.comparing import compare
from trimtab.simulation.thinning import peak_minutes

MONTH = 30 * 1440


@settings(max_examples=examples(), deadline=None)
@given(st.integers(0, MONTH - 2), st.floats(1.01, 5), st.booleans())
def test_a_spike_of_one_minute_is_drawn_as_one_minute(at, height, falls):
    values = np.full(MONTH, 100.0)
    values[at] = 100 / height if falls else 100 * height
    kept = peak_minutes([values, np.zeros(MONTH)], 5000)
    assert len(kept) <= 5000
    assert {at, at + 1} <= set(kept.tolist())
    assert {0, MONTH - 1} <= set(kept.tolist())


@settings(max_examples=examples(), deadline=None)
@given(st.lists(st.floats(0, 1000), min_size=50, max_size=400), st.integers(20, 60))
def test_highest_and_lowest_of_each_stretch_stay(values, most):
    array = np.array(values)
    kept = peak_minutes([array], most)
    assert kept.tolist() == sorted(set(kept.tolist()))
    assert array[kept].max() == array.max()
    assert array[kept].min() == array.min()
    if len(values) <= most:
        assert len(kept) == len(values)


def spiky(days=61):
    """Two months with a shortage of one minute in the third week."""
    load = day_of_load(days)
    load[20_000] = 5000.0
    sizes = np.ceil(day_of_load(days) / 10).astype(int) + 1 + np.arange(len(load)) // 15 % 2
    return made(load, sizes)


@pytest.fixture(scope="module")
def long_run():
    return spiky()


def test_two_months_are_thinned_and_the_shortage_stays(long_run):
    data = chart_data(long_run)
    assert len(data.minutes) <= 10_000 < long_run.minutes
    rows = {row["t"]: row for row in data.datasets()["minutes"]}
    spike = rows[data.start + 20_000 * 60_000]
    assert spike["load"] == 5000 > spike["capacity"]
    assert rows[data.start + 20_001 * 60_000]["load"] < 200
    assert any("10" in note or "minutes" in note for note in data.notes)
    assert len(data.decisions) <= 1500 < len(long_run.decisions)
    assert max(abs(after - before) for _, before, after, _ in data.decisions) == max(
        abs(each.decision.change) for each in long_run.decisions
    )


def test_a_short_run_is_drawn_whole():
    run = made([10, 20, 30], [1, 2, 3])
    data = chart_data(run)
    assert data.minutes == [0, 1, 2]
    assert data.columns["load"] == [10, 20, 30]
    assert [(minute, before, after) for minute, before, after, _ in data.decisions] == [(1, 1, 2), (2, 2, 3)]
    assert all(why for *_, why in data.decisions)
    assert not data.notes


def test_the_size_of_another_run_is_drawn_beside(tmp_path):
    """One of the same minutes, such as a prediction; of others it is refused."""
    run, predicted = made([10, 20, 30], [1, 2, 3]), made([10, 20, 30], [1, 1, 4])
    data = chart_data(run, beside=predicted)
    assert data.columns["beside"] == [1, 1, 4]
    drawn, alone = (json.dumps(each.specification("dark")) for each in (data, chart_data(run)))
    assert drawn.count("predicted in service") > 1 > alone.count("predicted in service")
    assert '"domainMax": 4.2' in drawn
    with pytest.raises(InvalidArgument, match=r"the minutes differ: 3 minutes from .*, and 2 minutes from"):
        run.save(tmp_path / "r.html", beside=made([10, 20], [1, 1]))


def test_both_themes_have_the_same_chart_in_other_colours():
    def without_colours(spec):
        return re.sub(r"#[0-9a-f]{6}", "", json.dumps(spec))

    light, dark = specification("light"), specification("dark")
    assert without_colours(light) == without_colours(dark)
    for theme, palette in PALETTES.items():
        assert palette.shortage in json.dumps(specification(theme))
    assert specification("light", decisions=1000) != light != specification("light", decisions=0)


@pytest.mark.skipif(find_spec("vl_convert") is None, reason="charts need vl-convert (extra `sim`)")
class TestPages:
    def test_two_months_are_below_two_megabytes(self, long_run, tmp_path):
        path = long_run.save(tmp_path / "report.html")
        assert 500_000 < path.stat().st_size < report.MOST_BYTES
        assert "the KPIs are of all minutes" in path.read_text()

    def test_a_page_that_would_be_too_large_is_thinned_further(self, long_run, monkeypatch):
        whole = len(report.page(long_run, long_run.kpis()).encode())
        monkeypatch.setattr(report, "MOST_BYTES", whole - 1)
        assert len(report.page(long_run, long_run.kpis()).encode()) < whole

    def test_a_page_loads_nothing_and_escapes_what_is_foreign(self, tmp_path):
        run = made([10, 20, 30], [1, 2, 3], group="</script><b>web")
        text = run.save(tmp_path / "r.htm", comparison=compare(run, run, names=("<i>a", "b"))).read_text()
        own = text.replace(report.script_bundle(), "")
        assert not re.findall(r"""(?:src|href)\s*=|@import|url\(|fetch\(""", own)
        assert set(re.findall(r"https?://[^\s\"']+", own)) == {"https://vega.github.io/schema/vega-lite/v6.json"}
        assert "default-src 'none'" in own
        assert "<b>web" not in own
        assert "<i>a" not in own
        assert own.count("</script>") == 2
        for name in ("time-to-scale", "elastic-speedup", "&lt;i&gt;a against b"):
            assert name in own

    def test_a_picture_in_light_and_dark(self, tmp_path):
        run = made([10, 20, 30], [1, 2, 3])
        light = run.save(tmp_path / "light.png").read_bytes()
        dark = run.save(tmp_path / "dark.png", theme="dark").read_bytes()
        assert light[:8] == dark[:8] == b"\x89PNG\r\n\x1a\n"
        assert light != dark

    def test_a_notebook_shows_picture_and_kpis(self):
        text = made([10, 20, 30], [1, 2, 3], group="a<b")._repr_html_()
        assert text.startswith("<img")
        assert "data:image/png;base64," in text
        assert "time-to-scale" in text
        assert "a<b" not in text


def test_without_vl_convert_a_notebook_shows_the_kpis_alone(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "vl_convert", None)
    run = made([10, 20, 30], [1, 2, 3])
    text = run._repr_html_()
    assert "<img" not in text
    assert "time-to-scale" in text
    assert "trimtab[sim]" in text
    with pytest.raises(MissingExtra, match="sim"):
        report.picture(run)


def test_a_report_has_a_form_and_a_place(tmp_path):
    run = made([10], [1])
    with pytest.raises(InvalidArgument, match=r"\.html or \.png"):
        run.save(tmp_path / "report.pdf")
    with pytest.raises(InvalidArgument, match="light or dark"):
        report.picture(run, theme="blue")


CHROMIUM = ("chromium", "chromium-browser", "google-chrome")


@pytest.mark.skipif(find_spec("vl_convert") is None, reason="charts need vl-convert (extra `sim`)")
@pytest.mark.parametrize(("width", "dark"), [(1200, False), (400, True)])
def test_a_browser_draws_the_page(tmp_path, width, dark):
    """Wide and light, narrow and dark; nothing fails and nothing is refused by the page's own policy."""
    program = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if program is None:
        missing("no Chromium is installed (package `chromium`)")
    load = day_of_load()
    # with and without decisions and shortages
    path = made(load, 40 if dark else 3 + np.arange(len(load)) // 90).save(tmp_path / "report.html")
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=20000", "--dump-dom"]
    options += [f"--user-data-dir={tmp_path / 'profile'}", f"--window-size={width},900", "--enable-logging=stderr"]
    options += ["--force-dark-mode"] if dark else []
    done = subprocess.run([program, *options, path.as_uri()], capture_output=True, text=True, timeout=120, check=True)
    after = done.stdout.rpartition('id="chart"')[2]
    assert 'data-drawn="yes"' in after.partition(">")[0]
    assert "<canvas" in after
    assert "CONSOLE" not in done.stderr, done.stderr
