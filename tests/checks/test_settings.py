"""`trimtab.toml` and `[tool.trimtab]`: which checks a project selects and ignores."""

import io

import pytest

pytest.importorskip("typer")
pytest.importorskip("rich")

from trimtab.cli import run
from trimtab.config.settings import Settings, load_settings
from trimtab.errors import ConfigError

FLEET = """\
name: shop
groups:
  web:
    capacity: {min: 2, max: 2}
    template: {image: ami-1, size: t3.medium}
    tags: {Tier: web}
    policies:
      out: {change: 1, cooldown: 5m}
"""
ALL = ["TT104", "TT108", "TT502"]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder three deep with a fleet file, in which commands run; settings stand above it."""
    inner = tmp_path / "fleets" / "shop"
    inner.mkdir(parents=True)
    (inner / "fleet.yaml").write_text(FLEET)
    monkeypatch.delenv("TRIMTAB_PROVIDER", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def check(*arguments, source=""):
    out, err = io.StringIO(), io.StringIO()
    code = run(["check", *(arguments or ["fleets/shop/fleet.yaml"])], out=out, err=err, source=io.StringIO(source))
    return code, out.getvalue(), err.getvalue()


def codes(*arguments, **more):
    return [code for code in ALL if f" {code} " in check("fleets/shop/fleet.yaml", *arguments, **more)[1]]


def test_without_settings_all_checks_run(folder):
    assert codes() == ALL


@pytest.mark.parametrize("place", [".", "fleets", "fleets/shop"])
@pytest.mark.parametrize(
    ("name", "table"), [("trimtab.toml", ""), ("pyproject.toml", "[project]\nname = 'x'\n[tool.trimtab]\n")]
)
def test_settings_are_found_upwards_from_the_fleet_file(folder, place, name, table):
    (folder / place / name).write_text(f'{table}ignore = ["TT104", "TT5"]\n')
    assert codes() == ["TT108"]


def test_the_nearest_file_wins_and_nothing_is_merged(folder):
    (folder / "trimtab.toml").write_text('ignore = ["TT104"]')
    (folder / "fleets" / "trimtab.toml").write_text('select = ["TT1"]')
    assert codes() == ["TT104", "TT108"]


def test_trimtab_toml_comes_before_pyproject_beside_it(folder):
    (folder / "trimtab.toml").write_text('ignore = ["TT104"]')
    (folder / "pyproject.toml").write_text('[tool.trimtab]\nignore = ["TT108"]')
    assert codes() == ["TT108", "TT502"]


def test_a_pyproject_without_the_table_is_passed_over(folder):
    (folder / "fleets" / "pyproject.toml").write_text("[tool.ruff]\nline-length = 100")
    (folder / "trimtab.toml").write_text('ignore = ["TT104"]')
    assert codes() == ["TT108", "TT502"]
    (folder / "fleets" / "pyproject.toml").write_text("[tool.trimtab]\n")
    assert codes() == ALL


def test_standard_input_has_the_settings_of_the_working_folder(folder):
    (folder / "trimtab.toml").write_text('ignore = ["TT1"]')
    (folder / "fleets" / "trimtab.toml").write_text('ignore = ["TT"]')
    assert check("-", source=FLEET)[1].endswith("valid, 1 finding\n")


@pytest.mark.parametrize(
    ("arguments", "left"),
    [
        ([], ["TT108"]),
        (["--ignore", "TT108"], []),
        (["--select", "TT104"], ["TT104"]),
        (["--select", "TT"], ALL),
        (["--select", "TT1", "--ignore", "TT108"], ["TT104"]),
    ],
)
def test_options_win(folder, arguments, left):
    """As in ruff: `--select` takes the place of what settings say, `--ignore` adds to it."""
    (folder / "trimtab.toml").write_text('select = ["TT1"]\nignore = ["TT104"]')
    assert codes(*arguments) == left


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("trimtab.toml", 'select = ["TT1"]\nignroe = ["TT2"]', ":2: unknown setting 'ignroe'; did you mean `ignore`?"),
        ("trimtab.toml", '[tool.trimtab]\nignore = ["TT2"]', ":1: unknown setting 'tool'; the settings are select and"),
        ("pyproject.toml", "[x]\nselekt=1\n[tool.trimtab]\nselekt = []", ":4: unknown setting 'selekt'; did you mean"),
        ("pyproject.toml", "tool.trimtab.selekt = []", ":1: unknown setting 'selekt'; did you mean `select`?"),
        ("pyproject.toml", "[tool]\ntrimtab = 3", ":2: `tool.trimtab` is not a table"),
        ("trimtab.toml", '# x\nignore = "TT1"', ":2: ignore: give a list of codes, such as"),
        ("trimtab.toml", "ignore = [1]", ":1: ignore: give a list of codes, such as"),
        ("trimtab.toml", 'ignore = [\n"TT1",\n"TT9",\n]', ":3: ignore: unknown check 'TT9'"),
        ("trimtab.toml", 'ignore = ["tt108"]', "unknown check 'tt108'; did you mean TT108?"),
        ("trimtab.toml", "select = [\n", ":2: invalid TOML: "),
        ("pyproject.toml", "a = 1\nb 2", ":2: invalid TOML: "),
        ("trimtab.toml", "a = " + "[" * 5000, ": invalid TOML: "),
    ],
)
def test_what_is_wrong_names_file_and_line(folder, name, text, said):
    (folder / name).write_text(text)
    code, out, err = check()
    assert (code, out) == (1, "")
    assert err.startswith(f"error: {folder / name}")
    assert said in err


def test_what_cannot_be_read_is_said(folder):
    (folder / "trimtab.toml").write_bytes(b"a = '\xff'")
    assert "trimtab.toml:1: byte 0xff is not UTF-8" in check()[2]
    (folder / "trimtab.toml").write_text("#" * (2**20 + 1))
    assert "larger than any settings file" in check()[2]


def test_a_selection_on_the_command_line_needs_no_settings(folder):
    (folder / "trimtab.toml").write_text("broken")
    assert codes("--select", "TT104") == ["TT104"]


def test_settings_as_data(tmp_path):
    assert load_settings(tmp_path / "none") == Settings()
    (tmp_path / "trimtab.toml").write_text('select = ["TT1"]')
    assert load_settings(tmp_path / "none") == Settings(select=("TT1",))
    (tmp_path / "trimtab.toml").write_text("select = 1")
    with pytest.raises(ConfigError) as caught:
        load_settings(tmp_path)
    assert caught.value.places == ((str(tmp_path / "trimtab.toml"), 1, 1),)
