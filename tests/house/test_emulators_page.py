"""What docs/emulators.md quotes of AWS's API Reference, held against the same sentences in the SDK's models."""

import html
import re
from functools import cache
from itertools import chain
from pathlib import Path

import pytest

loaders = pytest.importorskip("botocore.loaders")

PAGE = Path(__file__).parents[2] / "docs" / "emulators.md"
SERVICES = {
    "https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_": "autoscaling",
    "https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_": "cloudwatch",
    "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_": "ec2",
}


def plain(text: str) -> str:
    return re.sub(r"[\s`]+", "", html.unescape(re.sub(r"<[^>]+>", " ", text)))


@cache
def said(service: str) -> str:
    model = loaders.Loader().load_service_model(service, "service-2")
    shapes = model["shapes"].values()
    members = chain.from_iterable(shape.get("members", {}).values() for shape in shapes)
    return "\n".join(
        plain(each.get("documentation", "")) for each in chain(model["operations"].values(), shapes, members)
    )


def quotes() -> list[tuple[str, str]]:
    """Each quotation with the page that is named after it."""
    found, waiting, page = [], [], ""
    for bullet in PAGE.read_text(encoding="utf-8").split("\n- ")[1:]:
        for quote, link, same in re.findall(r'"([^"]+)"|\]\((https[^)]+)\)|(\(the same page)', bullet):
            if quote:
                waiting.append(quote)
                continue
            page = page if same else link
            found += [(each, page) for each in waiting]
            waiting = []
        waiting = []
    return found


def test_quotations_stand_in_the_models() -> None:
    of_models = [(quote, page) for quote, page in quotes() if page.startswith(tuple(SERVICES))]
    missing = [
        (quote, page)
        for quote, page in of_models
        if plain(quote) not in said(next(name for start, name in SERVICES.items() if page.startswith(start)))
    ]
    assert len(of_models) > 20
    assert not missing
