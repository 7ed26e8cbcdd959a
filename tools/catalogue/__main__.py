"""
Renews the catalogue of a cloud, with today's date: `python -m tools.catalogue aws|azure|gcp [NAME=VALUE ...]`.

It asks the account that the environment is signed in to. NAME=VALUE are settings of `trimtab.connect`:
`python -m tools.catalogue gcp project=my-project location=europe-west1`.
"""

import sys
from datetime import UTC, datetime
from typing import Any

import trimtab as tt
from tools.catalogue import aws, azure, gcp
from tools.catalogue.writing import write

SOURCES: dict[str, Any] = {"aws": aws, "azure": azure, "gcp": gcp}


def main(cloud: str, *settings: str) -> None:
    """Write the catalogue of one cloud anew."""
    source, today = SOURCES[cloud], datetime.now(UTC).date().isoformat()
    with tt.connect(cloud, **dict(setting.split("=", 1) for setting in settings)) as connected:  # type: ignore[call-overload]
        path = write(cloud, today, source.SOURCE, source.REGIONS, source.read(connected.provider.connection))
    sys.stdout.write(f"{path}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
