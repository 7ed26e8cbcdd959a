"""A price file, and money by hand."""

import math

import pytest

from trimtab.errors import ConfigError, InvalidArgument
from trimtab.kpis.prices import Prices, amortization, cost_per_request, return_on_investment, savings


def test_a_price_file(tmp_path):
    path = tmp_path / "prices.yaml"
    path.write_text("instance_hour: 0.1\nspot_hour: 0.03\nscaler_month: 73\nsetup: 500\ncurrency: EUR\n")
    prices = Prices.load(path)
    assert prices.cost(100) == pytest.approx(10)
    assert prices.cost(100, 40) == pytest.approx(60 * 0.1 + 40 * 0.03)
    assert prices.scaler(73) == pytest.approx(7.3)
    assert Prices.from_dict(prices.to_dict()) == prices
    assert Prices(instance_hour=1).cost(2, 1) == 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("instance_hour: -1", "not a price"),
        ("instance_hour: yes", "not a price"),
        ("instance_hour: cheap", "not a price"),
        ("instance_hour: .nan", "not a price"),
        ("instance_hour: 1\ncurrency: 5", "currency"),
        ("spot_hour: 1", "missing `instance_hour`"),
        ("instance_hour: 1\nspots: 2", "unknown name 'spots'"),
        ("- 1", "not a mapping"),
        ("{", "cannot be read"),
    ],
)
def test_a_price_file_that_is_wrong_names_the_file(tmp_path, text, message):
    path = tmp_path / "prices.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=message) as caught:
        Prices.load(path)
    assert "prices.yaml" in str(caught.value)
    with pytest.raises(ConfigError, match=r"cannot be read|not found"):
        Prices.load(tmp_path / "none.yaml")


def test_prices_in_python():
    with pytest.raises(InvalidArgument):
        Prices(instance_hour=-1)


def test_money_by_hand():
    assert savings(75, 100) == 25
    assert savings(120, 100) == pytest.approx(-20)
    assert math.isnan(savings(1, 0))
    assert cost_per_request(10, 20_000) == 0.0005
    assert math.isnan(cost_per_request(10, 0))
    assert return_on_investment(300, 100) == 200
    assert math.isnan(return_on_investment(300, 0))


def test_amortization_in_months():
    """1,000 to set up, 110 saved and 10 spent in 73 hours, a tenth of a month: paid back in one month."""
    assert amortization(1000, 110, 10, 73) == pytest.approx(1)
    assert amortization(1000, 10, 10, 73) == math.inf
    assert math.isnan(amortization(1000, 110, 10, 0))
    assert math.isnan(amortization(1000, math.nan, 10, 73))
