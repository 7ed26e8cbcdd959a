"""Every public name, provider, error and command has its place in the docs."""

import importlib
import re
from pathlib import Path

import pytest

from tests.house.front_door import PUBLIC
from trimtab.declarations import declarations_of
from trimtab.models.built_in import BUILT_IN

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = {path.name: path.read_text(encoding="utf-8") for path in sorted(DOCS.glob("*.md"))}
API = (ROOT / "tests" / "typing" / "api.py").read_text(encoding="utf-8")
NAMES = [(module, name) for module in PUBLIC for name in importlib.import_module(module).__all__]
DIRECTIVE = re.compile(r"^\.\. (?:auto\w+|py:\w+):: (\S+)$", re.MULTILINE)


def is_in_reference(module, name):
    page = PAGES["reference.md"]
    if f"{module}.{name}" in DIRECTIVE.findall(page):
        return True
    if f"{module}.{name}" in PUBLIC:
        return f"\n## {module}.{name}\n" in page
    if module == "trimtab.metrics":  # the table of neutral metrics is made from the module itself
        return "_generated/metrics.md" in page
    return f"`{name}`" in page


@pytest.mark.parametrize(("module", "name"), NAMES, ids=lambda part: part)
def test_public_names_are_in_the_reference(module, name):
    assert is_in_reference(module, name)


def test_the_reference_names_nothing_that_is_not_public():
    for full in DIRECTIVE.findall(PAGES["reference.md"]):
        module, _, name = full.rpartition(".")
        assert (module, name) in NAMES


@pytest.mark.parametrize("name", importlib.import_module("trimtab").__all__)
def test_public_names_are_used_by_the_typed_user(name):
    assert re.search(rf"\btt\.{name}\b", API)


@pytest.mark.parametrize("name", BUILT_IN)
def test_providers_have_a_heading_and_a_row(name):
    page = PAGES["providers.md"]
    assert f"\n## {name}\n" in page
    assert "_generated/providers.md" in page
    extra = declarations_of(name).extra
    assert extra == "" or f"`{extra}`" in PAGES["index.md"]


def test_commands_have_a_heading_and_no_other_has():
    typer = pytest.importorskip("typer")
    cli = importlib.import_module("trimtab.cli")
    there = set(typer.main.get_command(cli.make_application()).commands)
    headings = set(re.findall(r"^## ([a-z]+)$", PAGES["command-line.md"], re.MULTILINE))
    assert headings == there


def test_troubleshooting_has_each_error_with_cause_and_fix():
    errors = importlib.import_module("trimtab.errors")
    kinds = [name for name in errors.__all__ if issubclass(getattr(errors, name), Exception)]
    sections = dict(re.findall(r"^### (\w+)\n(.*?)(?=^##|\Z)", PAGES["troubleshooting.md"], re.MULTILINE | re.DOTALL))
    assert sorted(sections) == sorted(kinds)
    for name, text in sections.items():
        assert "**Cause**" in text, name
        assert "**Fix**" in text, name


def test_contributing_has_each_session_of_nox():
    noxfile = (ROOT / "noxfile.py").read_text(encoding="utf-8")
    sessions = re.findall(r"^@nox\.session.*\ndef (\w+)\(", noxfile, re.MULTILINE)
    rows = re.findall(r"^\| `(\w+)` \|", PAGES["contributing.md"].partition("## Tiers")[0], re.MULTILINE)
    assert sorted(rows) == sorted(sessions)


def test_the_picture_is_the_same_in_light_and_dark():
    light, dark = (
        re.sub(r"#[0-9a-f]{6}\b", "", (DOCS / f"how-it-works-{theme}.svg").read_text(encoding="utf-8"))
        for theme in ("light", "dark")
    )
    assert light == dark


@pytest.mark.parametrize("target", sorted(set(re.findall(r'\]\(([^):#]+)[^)]*\)|(?:srcset|src)="([^":]+)"', README))))
def test_the_readme_links_only_to_files_that_there_are(target):
    assert (ROOT / "".join(target)).is_file()


def test_every_page_is_in_the_index():
    listed = re.search(r"```\{toctree\}(.*?)```", PAGES["index.md"], re.DOTALL)[1].split()
    assert {name.removesuffix(".md") for name in PAGES} - {"index"} <= set(listed)


@pytest.mark.parametrize("page", PAGES)
def test_pages_link_only_to_pages_that_there_are(page):
    for target in re.findall(r"\]\((?!https?:)([^)#]+)[^)]*\)", PAGES[page]):
        assert (DOCS / target).is_file(), target


def test_every_example_has_a_row():
    page = PAGES["examples.md"]
    for script in sorted((ROOT / "examples").glob("**/*.py")):
        if (script.parent / "__init__.py").exists() and script.parent.name == "parts":
            continue  # a part of the script beside its folder
        short = f"`examples/{script.name}`" if script.parent.name == "examples" else f"`{script.name}`"
        assert short in page, script


def test_clouds_have_the_same_examples():
    folders = [folder for folder in (ROOT / "examples").iterdir() if (folder / "account.py").exists()]
    # what Compute Engine cannot do, and the controller does
    own = {"controller.py", "shadow.py"}
    names = [{script.name for script in folder.glob("*.py")} - own for folder in folders]
    assert len(folders) > 1
    assert all(one == names[0] for one in names)
