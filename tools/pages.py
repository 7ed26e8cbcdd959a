"""
The Python blocks of README.md and of the pages, each page as one module, for type checkers.

`python -m tools.pages FOLDER` writes them there. A line of a module is the line of its page, so that what a checker
says of `docs_tutorial.py:40` is to be found in docs/tutorial.md at 40.
"""

import re
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
_SHOWN = r"^```python\n(?P<shown>.*?)^```$"
_HIDDEN = r"^% invisible-code-block: python\n(?P<hidden>(?:%[^\n]*\n)+)"
_BLOCK = re.compile(f"{_SHOWN}|{_HIDDEN}", re.MULTILINE | re.DOTALL)


def pages() -> list[Path]:
    """The pages that have blocks."""
    return [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), *sorted((ROOT / "docs" / "checks").glob("*.md"))]


def module_of(text: str) -> str:
    """The blocks of a page, each at its line; empty where it has none."""
    lines: list[str] = []
    for block in _BLOCK.finditer(text):
        if block["hidden"] and "(trimtab_" in block["hidden"]:
            continue  # calls a test of the page with a fixture, which the page does not have
        code = block["shown"] or re.sub(r"^% ?", "", block["hidden"], flags=re.MULTILINE)
        start = text[: block.start(block.lastgroup or 0)].count("\n")
        lines += [""] * (start - len(lines)) + code.split("\n")
    return "\n".join(lines)


def write(folder: Path) -> None:
    """Write the modules of all pages with blocks into a folder, with settings of pyright."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "pyrightconfig.json").write_text('{"typeCheckingMode": "standard"}', encoding="utf-8")
    for page in pages():
        if text := module_of(page.read_text(encoding="utf-8")):
            name = "_".join(page.relative_to(ROOT).with_suffix("").parts).replace("-", "_").lower()
            (folder / f"{name}.py").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
