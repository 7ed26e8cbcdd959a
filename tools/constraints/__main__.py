"""Write the generated parts of the constraint tables anew, from the models that are installed or at hand."""

import importlib
import sys
from pathlib import Path

from tools.constraints.writing import written

ROOT = Path(__file__).parents[2]
CLOUDS = ("aws", "azure", "gcp")


def place(cloud: str) -> Path:
    """Where the file of a cloud is."""
    return ROOT / "src" / "trimtab" / "providers" / cloud / "stated.json"


def content(cloud: str) -> str:
    """The file of a cloud, as it would be written now."""
    reader = importlib.import_module(f"tools.constraints.{cloud}")
    return written(reader.stated(), reader.version())


if __name__ == "__main__":
    for name in sys.argv[1:] or CLOUDS:
        place(name).write_text(content(name), encoding="utf-8")
        print(f"{place(name).relative_to(ROOT)}: written")
