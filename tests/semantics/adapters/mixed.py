from tests.semantics.adapters import adapter
from trimtab.engine import mix
from trimtab.engine.mix import Fraction, Mix

FRACTIONS = {"ec2": Fraction.ON_DEMAND, "azure": Fraction.SPOT}


def shares(given):
    named = {"base": given.get("base"), "percent": given.get("percent_above_base")}
    return {
        "fraction": FRACTIONS[given["system"]],
        **{name: value for name, value in named.items() if value is not None},
    }


@adapter("distribution")
def distribution(given):
    found = mix.split(given["total"], **shares(given))
    return {
        "base_on_demand": found.base,
        "above_base_on_demand": found.above_base,
        "on_demand": found.on_demand,
        "spot": found.spot,
    }


@adapter("scale_out_mix")
def scale_out_mix(given):
    current = Mix(given["current"]["regular"], given["current"]["spot"])
    found = mix.scaled_out_mix(current, given["total"], **shares(given))
    return {"regular": found.on_demand, "spot": found.spot}


@adapter("overage")
def overage(given):
    return {"overage": mix.overage(given["units_remaining"], given["instance_weight"])}


@adapter("price_per_unit")
def price_per_unit(given):
    price = mix.price_per_unit(given["price"], given["weight"])
    return {"price_per_unit": price, "price_per_unit_3dp": float(f"{price:.3f}")}
