"""Write the models of native bodies anew, from the vendors' models that are installed or at hand."""

import importlib
import json
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
CLOUDS = ("aws", "azure", "gcp")


def place(cloud: str) -> Path:
    """Where the file of a cloud is."""
    return ROOT / "src" / "trimtab" / "providers" / cloud / "native.json"


def content(cloud: str) -> str:
    """The file of a cloud, as it would be written now: a shape on each line."""
    reader = importlib.import_module(f"tools.natives.{cloud}")
    shapes, kinds, required = reader.shapes()
    version = importlib.import_module(f"tools.constraints.{cloud}").version()
    checked = {name: version[name] for name in sorted(version)}
    lines = [f"  {json.dumps(name)}: {json.dumps(shapes[name], separators=(',', ':'))}" for name in sorted(shapes)]
    body = ",\n".join(lines)
    head = {"checked": checked, "kinds": kinds, "required": required}
    told = "".join(f"{json.dumps(name)}: {json.dumps(value)},\n" for name, value in head.items())
    return f'{{\n{told}"shapes": {{\n{body}\n}}\n}}\n'


if __name__ == "__main__":
    for name in sys.argv[1:] or CLOUDS:
        place(name).write_text(content(name), encoding="utf-8")
        print(f"{place(name).relative_to(ROOT)}: written")
