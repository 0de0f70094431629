"""Laws of sandwiches and of competing dealers, each against brute force."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from makerscope.errors import DomainError
from makerscope.models.book_sandwich import book_sandwich, sold_to, walk
from makerscope.models.competition import cartel_margin, collusion_index, logit_share, nash_margin
from makerscope.models.dealer_game import DealerGame, best_quote, best_reply, fill_probability, mean_field_dealers
from makerscope.models.sandwich import best_sandwich, largest_front_run, least_output, sandwich_profit, swap_out

reserve = st.floats(1e2, 1e7)
share = st.floats(1e-4, 0.3)  # of the reserve
slippage = st.floats(1e-4, 0.05)


def victim_gets(x, y, attack, victim, fee):
    first = swap_out(x, y, attack, fee)
    return swap_out(x + attack, y - first, victim, fee)


@given(x=reserve, y=reserve, part=share, slip=slippage)
def test_without_a_fee_the_best_sandwich_leaves_its_victim_exactly_what_it_accepts(x, y, part, slip):
    found = best_sandwich(x, y, part * x, 0.0, slip)
    assert victim_gets(x, y, found.attack_size, part * x, 0.0) == pytest.approx(found.victim_min_out, rel=1e-9)
    sizes = np.linspace(0.0, found.attack_size, 60)
    profits = [sandwich_profit(x, y, size, part * x, 0.0) for size in sizes]
    assert np.diff(profits).min() > -1e-9 * found.profit
    assert found.profit == pytest.approx(max(profits), rel=1e-9)


@settings(max_examples=200)
@given(x=reserve, part=share, fee=st.floats(0.0, 0.02), slip=st.floats(1e-4, 0.9))
def test_no_attack_within_the_bound_earns_more(x, part, fee, slip):
    victim = part * x
    found = best_sandwich(x, x, victim, fee, slip)
    most = largest_front_run(x, x, victim, fee, found.victim_min_out)
    assert 0.0 <= found.attack_size <= most * (1 + 1e-12)
    tried = max(sandwich_profit(x, x, size, victim, fee) for size in np.linspace(0.0, most, 200))
    assert found.profit >= tried - 1e-9 * x


@given(x=reserve, part=st.floats(1e-5, 1e-3), fee=st.floats(0.003, 0.02), slip=slippage)
def test_a_fee_that_is_more_than_a_victim_moves_the_price_leaves_nothing_to_earn(x, part, fee, slip):
    found = best_sandwich(x, x, part * x, fee, slip)
    assert (found.attack_size, found.profit) == (0.0, 0.0)


@given(x=reserve, y=reserve, part=share, fee=st.floats(0.0, 0.02), slip=slippage)
def test_a_sandwich_earns_at_most_what_the_victims_slippage_is_worth_to_the_pool(x, y, part, fee, slip):
    victim = part * x
    found = best_sandwich(x, y, victim, fee, slip)
    # without a fee the product of the reserves is kept: what the victim does not get is all that is left to take
    lost = x + victim - x * y / (y - found.victim_min_out)
    assert found.profit <= lost + 1e-9 * x
    if fee == 0.0:
        assert found.profit == pytest.approx(lost, rel=1e-6, abs=1e-9 * x)


@pytest.mark.parametrize("wrong", [(0.0, 1.0, 1.0, 0.0), (1.0, -1.0, 1.0, 0.0), (1.0, 1.0, -1.0, 0.0), (1, 1, 1, 1.0)])
def test_a_pool_that_cannot_be_is_refused(wrong):
    with pytest.raises(DomainError):
        swap_out(*wrong)
    with pytest.raises(DomainError, match="slippage"):
        least_output(1.0, 1.0, 1.0, 0.0, 1.0)
    with pytest.raises(DomainError, match="least output"):
        largest_front_run(1.0, 1.0, 1.0, 0.0, 0.0)


sizes = st.lists(st.integers(1, 8), min_size=1, max_size=5)
gaps = st.lists(st.integers(1, 4), min_size=5, max_size=5)


def slow_book_sandwich(asks, victim, limit, *, exit_price=99.0, tick=1.0, fee=0.0):
    """Every whole size at every price up to the limit."""
    best = 0.0
    inside = [level for level in asks if level[0] <= limit]
    for bought in range(1, int(sum(size for _, size in inside)) + 1):
        for offer in np.arange(1, limit + 1, tick):
            sold = sold_to(asks, bought, offer, victim)
            paid = walk(inside, bought) * (1 + fee)
            best = max(best, (sold * offer + (bought - sold) * exit_price) * (1 - fee) - paid)
    return best


@settings(max_examples=60)
@given(sizes, gaps, st.integers(1, 20), st.integers(0, 10), st.sampled_from([0.0, 0.01]))
def test_no_whole_size_at_any_price_sandwiches_a_book_better(resting, steps, victim, room, fee):
    prices = 100 + np.cumsum([0, *steps])[: len(resting)]
    asks = [(float(p), float(s)) for p, s in zip(prices, resting, strict=True)]
    limit = 100.0 + room
    found = book_sandwich(asks, victim, limit, exit_price=99.0, tick=1.0, fee=fee)
    assert found.profit == pytest.approx(slow_book_sandwich(asks, victim, limit, fee=fee), abs=1e-9)
    assert found.profit <= victim * (limit - asks[0][0]) + 1e-9
    assert found.offered_at <= limit


@pytest.mark.parametrize("asks", [[], [(100.0, 0.0)], [(101.0, 1.0), (100.0, 1.0)]])
def test_a_book_that_cannot_be_is_refused(asks):
    with pytest.raises(DomainError, match="want"):
        book_sandwich(asks, 1.0, 100.0, exit_price=90.0, tick=1.0)


quote_k, outside = st.floats(0.1, 50.0), st.floats(-1.0, 5.0)


@given(quote_k, outside, st.integers(1, 200))
def test_no_maker_gains_by_leaving_the_nash_margin_and_no_cartel_by_leaving_its_own(k, d0, makers):
    nash, cartel = float(nash_margin(k, d0, makers)), float(cartel_margin(k, d0, makers))
    tried = np.linspace(0.2, 3.0, 400)
    alone = tried * nash * logit_share(tried * nash, nash, k, d0, makers)
    assert alone.max() <= nash * logit_share(nash, nash, k, d0, makers) * (1 + 1e-12)
    together = tried * cartel * logit_share(tried * cartel, tried * cartel, k, d0, makers)
    assert together.max() <= cartel * logit_share(cartel, cartel, k, d0, makers) * (1 + 1e-12)
    assert 1.0 / k <= nash <= cartel * (1 + 1e-12)


@given(quote_k, outside)
def test_with_more_makers_margins_fall_to_one_over_k(k, d0):
    margins = nash_margin(k, d0, np.array([1, 2, 5, 20, 100, 10**6]))
    assert (np.diff(margins) <= 1e-12).all()
    assert margins[-1] == pytest.approx(1.0 / k, rel=2e-6)


def test_the_collusion_index_is_0_in_competition_and_1_in_a_cartel():
    quotes = [nash_margin(2.0, 1.0, 3), cartel_margin(2.0, 1.0, 3)]
    assert collusion_index(quotes, 2.0, 1.0, 3) == pytest.approx([0.0, 1.0], abs=1e-12)
    for wrong in ((1.0, 2.0, 1.0, 1), (1.0, -2.0, 1.0, 2)):
        with pytest.raises(DomainError):
            collusion_index(*wrong)


@settings(max_examples=20)
@given(st.floats(0.2, 5.0), st.floats(1.1, 4.0), st.floats(0.5, 1.0), st.floats(-2.0, 2.0), st.floats(-1.0, 2.0))
def test_a_dealers_quote_is_the_best_of_a_fine_grid(cm, km, share_of_km, jump, mean):
    game = DealerGame(c=1.0, cm=cm, km=km, k=km * share_of_km, most=3, lam=1.0, r=0.01, psi=0.01, floor=-50.0)
    found = float(best_quote(game, np.array([jump]), mean)[0])
    tried = np.linspace(found - 2.0, found + 2.0, 4001)
    worth = fill_probability(game, tried, mean) * (tried - jump)
    assert worth.max() <= float(fill_probability(game, np.array([found]), mean)[0] * (found - jump)) * (1 + 1e-12)


def test_in_equilibrium_the_mean_reproduces_itself_and_a_simulated_dealer_holds_what_it_says():
    game = DealerGame(c=1.0, cm=1.0, km=3.0, k=2.0, most=4, lam=5.0, r=0.05, psi=0.05)
    found = mean_field_dealers(game)
    assert best_reply(game, found.mean).mean == pytest.approx(found.mean, abs=1e-12)
    dice, held, time = np.random.Generator(np.random.PCG64(3)), 0, np.zeros(9)
    sell = game.lam * fill_probability(game, found.ask, found.mean)
    buy = sell[::-1].copy()
    sell[0] = buy[-1] = 0.0
    for _ in range(60_000):
        total = sell[held + 4] + buy[held + 4]
        time[held + 4] += 1.0 / total
        held += -1 if dice.random() * total < sell[held + 4] else 1
    assert time / time.sum() == pytest.approx(found.density, abs=0.01)


def test_dealers_who_fear_inventory_more_quote_wider_at_its_edge():
    calm, afraid = (
        mean_field_dealers(DealerGame(c=1.0, cm=1.0, km=3.0, k=2.0, most=6, lam=5.0, r=0.01, psi=psi))
        for psi in (0.005, 0.05)
    )
    assert np.ptp(afraid.ask[1:]) > np.ptp(calm.ask[1:])
    assert afraid.density[6] > calm.density[6]
    with pytest.raises(DomainError, match="want c, km"):
        DealerGame(c=1.0, cm=1.0, km=3.0, k=2.0, most=6, lam=-5.0, r=0.01, psi=0.01)
