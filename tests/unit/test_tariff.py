"""Money is counted in whole billionths, rounded up; a reservation covers all a call can take."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matrix_sim.config import PriceConfig, RunConfig
from matrix_sim.llm.contracts import Address, Message, Request, Role, Schema, Usage
from matrix_sim.llm.tariff import FREE, Tariff, money, most_tokens, tariffs_of
from tests.support.examples import examples
from tests.support.small_world import small_config

TOKENS = st.integers(0, 10**7)
PRICES = st.decimals(0, 200, places=6).map(float)


@examples(200)
@given(price=st.tuples(PRICES, PRICES, PRICES), tokens=st.tuples(TOKENS, TOKENS, TOKENS))
def test_a_cost_is_the_exact_amount_rounded_up(
    price: tuple[float, float, float], tokens: tuple[int, int, int]
) -> None:
    tariff = Tariff.of(PriceConfig(input=price[0], output=price[1], cached_input=price[2]))
    prompt, completion, cached = tokens
    held = min(cached, prompt)
    exact = sum(
        Fraction(count) * round(rate * 10**9)
        for count, rate in zip((prompt - held, completion, held), price, strict=True)
    ) / Fraction(10**6)
    cost = tariff.cost(Usage(prompt, completion, cached))
    assert exact <= cost < exact + 1
    assert cost <= tariff.most(prompt, completion)


def test_what_has_no_price_costs_nothing() -> None:
    assert Tariff.of(None) is FREE
    assert FREE.cost(Usage(10**9, 10**9)) == 0
    tariffs = tariffs_of(small_config(price={"input": 1, "output": 2}).models)
    assert tariffs[Role.AGENT] == tariffs[Role.MODULATOR] == Tariff(10**9, 2 * 10**9, 10**9)
    assert tariffs[Role.EMBEDDING] is FREE


def test_a_reservation_counts_every_byte_that_is_sent() -> None:
    messages = (Message("system", "決まり"), Message("user", "x" * 100))
    plain = Request(Address("a/b"), Role.AGENT, messages, 300)
    shaped = Request(Address("a/b"), Role.AGENT, messages, 300, Schema("s", b"{}" * 50))
    assert most_tokens(plain) == (9 + 100 + 2 * 16 + 512, 300)
    assert most_tokens(shaped) == (9 + 100 + 2 * 16 + 512 + 100, 300)


@pytest.mark.parametrize(
    ("billionths", "said"), [(0, "0"), (12_345_000, "0.01235"), (2_345_678_901, "2.35")]
)
def test_amounts_are_told_as_people_write_them(billionths: int, said: str) -> None:
    assert money(billionths) == said


def priced(role: str, **more: object) -> RunConfig:
    """A run with a bound in money and a model without a price in one role."""
    values = small_config().model_dump(mode="json", exclude_none=True)
    values["budget"] = {"max_cost": 1}
    values["models"][role] = {"base_url": "http://127.0.0.1:1/v1", "model": "m", **more}
    return RunConfig.model_validate(values)


@pytest.mark.parametrize("role", ["agent", "modulator", "embedding"])
def test_a_bound_in_money_asks_for_the_price_of_every_model_in_use(role: str) -> None:
    with pytest.raises(ValueError, match=rf"the price of every model.*that of {role} has none"):
        priced(role)
    assert priced(role, price={"input": 1, "output": 2}).budget.max_cost == 1


def test_a_model_that_is_not_in_use_needs_no_price() -> None:
    assert priced("anonymiser").budget.max_cost == 1
