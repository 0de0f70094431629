"""Market statistics: numbers done by hand, simulated truths, and what is said where nothing can be."""

import numpy as np
import polars as pl
import pytest

from makerscope.errors import DomainError, InputError, SchemaError
from makerscope.metrics.bars import bars_of, changes_of, check_bars
from makerscope.metrics.discovery import discovery, information_shares, leadership
from makerscope.metrics.edge import edge
from makerscope.metrics.flow import amihud, flow_buckets, kyle_lambda, kyle_lambda_sqrt
from makerscope.metrics.leadlag import hayashi_yoshida_corr, lag_grid, lead_lag
from makerscope.metrics.measure import Measure
from makerscope.metrics.pin import pin
from makerscope.metrics.ranges import parkinson, yang_zhang
from makerscope.metrics.signing import bulk_buy_fraction, quote, sign_trades
from makerscope.metrics.volatility import YEAR, annualised, bpv, jump_share, parzen_bandwidth, realized_kernel, rv
from makerscope.metrics.vpin import vpin_bucket, vpin_null, vpin_signed, vpin_timebar

SECOND = 1_000_000_000
MINUTE = 60 * SECOND


def mids(time, price):
    return pl.DataFrame({"time": time, "mid": price})


def trades_of(aggressor, price, size, *, every=SECOND):
    time = np.arange(len(aggressor)) * every
    return pl.DataFrame({"time": time, "aggressor": aggressor, "price": price, "size": size})


class TestMeasure:
    @pytest.mark.parametrize("bad", [float("nan"), float("inf")])
    def test_a_measure_never_holds_a_number_that_is_not_finite(self, bad):
        with pytest.raises(DomainError):
            Measure(value=bad, unit="bps")

    def test_a_missing_measure_says_why(self):
        with pytest.raises(DomainError):
            Measure(value=None, unit="bps")


class TestSigning:
    def test_a_quote_of_the_same_instant_does_not_count(self):
        quotes = pl.DataFrame({"time": [0, 10], "bid": [1.0, 5.0], "ask": [3.0, 7.0]})
        trades = pl.DataFrame({"time": [10], "price": [4.0]})
        assert sign_trades(trades, quotes)["aggressor"].to_list() == [1]

    def test_an_old_quote_does_not_count(self):
        quotes = pl.DataFrame({"time": [0], "bid": [1.0], "ask": [3.0]})
        trades = pl.DataFrame({"time": [10], "price": [3.0]})
        assert sign_trades(trades, quotes, max_age=10)["aggressor"].to_list() == [1]
        assert sign_trades(trades, quotes, max_age=9)["aggressor"].to_list() == [0]

    def test_a_recorded_side_is_never_overruled(self):
        quotes = pl.DataFrame({"time": [0], "bid": [1.0], "ask": [3.0]})
        trades = pl.DataFrame({"time": [1, 2], "price": [3.0, 3.0], "aggressor": [-1, 0]})
        out = sign_trades(trades, quotes)
        assert out["aggressor"].to_list() == [-1, 1]
        assert out["inferred"].to_list() == [False, True]

    def test_a_crossed_quote_says_nothing(self):
        assert quote([5], [6], [4]).tolist() == [0]

    def test_an_unknown_rule_is_named(self):
        with pytest.raises(InputError, match="lee_ready"):
            sign_trades(pl.DataFrame(), pl.DataFrame(), rule="guess")

    def test_bulk_without_spread_splits_flat_bars_in_half(self):
        assert bulk_buy_fraction([0.0, 2.0], 0.0).tolist() == [0.5, 1.0]


class TestBars:
    def test_a_change_does_not_cross_a_gap(self):
        frame = mids([0, 10, 40], [100.0, 101.0, 150.0])
        assert changes_of(bars_of(frame, width=10))["change"].to_list() == [0.0, 1.0, 0.0]
        assert changes_of(bars_of(frame, width=10), max_gap=2)["change"].to_list() == [0.0, 1.0, 49.0]

    def test_instruments_do_not_mix(self):
        frame = pl.DataFrame({"instrument": ["a", "b", "a"], "time": [0, 0, 10], "mid": [1.0, 50.0, 2.0]})
        out = changes_of(bars_of(frame, width=10))
        assert out.select("instrument", "change").rows() == [("a", 0.0), ("a", 1.0), ("b", 0.0)]

    @pytest.mark.parametrize(("high", "low"), [(9.0, 8.0), (12.0, 11.0), (None, 8.0), (11.0, 0.0)])
    def test_impossible_bars_are_refused(self, high, low):
        bars = pl.DataFrame({"open": [10.0], "high": [high], "low": [low], "close": [10.5]})
        with pytest.raises(DomainError, match="bar 0"):
            check_bars(bars)
        with pytest.raises(DomainError):
            parkinson(bars)


class TestFlow:
    def simulated(self, impact, n=4000, seed=4):
        """Mids that move by ``impact`` a base unit in the very minute it is traded, plus noise."""
        draw = np.random.default_rng(seed)
        side, size = draw.choice([-1, 1], n), draw.uniform(0.1, 2, n)
        price = 1000 + np.cumsum(impact * side * size + draw.normal(0, 0.02, n))
        trades = trades_of(side, price, size, every=6 * SECOND)
        book = mids(trades["time"] + 1, price)
        return flow_buckets(trades, width=MINUTE), bars_of(book, width=MINUTE)

    @pytest.mark.parametrize("impact", [0.05, -0.05])
    def test_kyle_lambda_is_recovered_with_its_sign(self, impact):
        got = kyle_lambda(*self.simulated(impact))
        assert got.low < impact < got.high
        assert got.value == pytest.approx(impact, rel=0.05)

    def test_square_root_lambda_is_recovered(self):
        draw = np.random.default_rng(8)
        root = draw.normal(0, 100, 500)
        close = np.exp(np.cumsum(2e-6 * root))
        flow = pl.DataFrame({"bucket": range(500), "volume": 1.0, "signed_root_cash": root, "unknown_volume": 0.0})
        bars = pl.DataFrame({"bucket": range(500), "open": np.r_[1.0, close[:-1]], "close": close})
        assert kyle_lambda_sqrt(flow, bars).value == pytest.approx(2e-6, rel=1e-9)

    def test_amihud_by_hand_and_without_empty_buckets(self):
        flow = pl.DataFrame({"bucket": [0, 1], "volume": [1.0, 2.0], "cash": [100.0, 400.0]})
        bars = pl.DataFrame({"bucket": [0, 1, 2], "open": [1.0, 2.0, 4.0], "close": [2.0, 4.0, 9.0]})
        assert amihud(flow, bars).value == pytest.approx(np.log(2) * (1 / 100 + 1 / 400) / 2)
        assert amihud(flow, bars).n == 2

    def test_too_few_buckets_and_one_sided_zero_flow_are_missing(self):
        flow, bars = self.simulated(0.05, n=10)
        assert kyle_lambda(flow, bars).reason == "1 buckets; want at least 3"
        still = flow_buckets(trades_of([0, 0, 0, 0], [1.0] * 4, [1.0] * 4, every=MINUTE), width=MINUTE)
        quiet = bars_of(mids(np.arange(4) * MINUTE, [1.0] * 4), width=MINUTE)
        assert kyle_lambda(still, quiet).reason == "signed volume does not vary between buckets"

    def test_several_instruments_at_once_are_refused(self):
        flow = pl.DataFrame({"instrument": ["a", "b"], "bucket": [0, 0], "volume": [1.0, 1.0]})
        with pytest.raises(DomainError, match="several instruments"):
            kyle_lambda(flow, pl.DataFrame({"bucket": [0], "open": [1.0], "close": [1.0]}))


class TestVpin:
    def test_a_trade_over_an_edge_is_split(self):
        got = vpin_signed(trades_of([1, -1], [1.0, 1.0], [3.0, 1.0]), bucket_volume=2.0, window=2)
        assert got.buckets.select("buy", "sell").rows() == [(2.0, 0.0), (1.0, 1.0)]
        assert got.latest.value == pytest.approx(2 / 4)

    def test_a_fair_coin_shows_the_floor(self):
        side = np.random.default_rng(6).choice([-1, 1], 100_000)
        got = vpin_signed(trades_of(side, np.ones(side.size), np.ones(side.size)), bucket_volume=100.0, window=50)
        assert got.average.value == pytest.approx(vpin_null(100), rel=0.05)
        assert got.floor.value == pytest.approx(vpin_null(100), rel=0.01)

    def test_unknown_aggressors_are_left_out_and_said(self):
        got = vpin_signed(trades_of([1, 0, None, 1], [1.0] * 4, [1.0] * 4), bucket_volume=1.0, window=2)
        assert got.latest.value == 1.0
        assert got.latest.reason == "2 of 4 trades without a known aggressor left out"

    def test_time_bars_by_hand(self):
        """Two bars, dP = +1 and -1: the sample sigma is sqrt(2), so Phi(1/sqrt 2) of each is bought or sold."""
        trades = pl.DataFrame(
            {"time": [0, 1, MINUTE, MINUTE + 1], "price": [10.0, 11.0, 11.0, 10.0], "size": [1.0, 1.0, 1.0, 1.0]}
        ).with_columns(aggressor=pl.lit(0))
        bars = bars_of(trades, width=MINUTE, price="price")
        got = vpin_timebar(flow_buckets(trades, width=MINUTE), bars, window=2, bucket_volume=2.0)
        assert got.latest.value == pytest.approx(2 * 0.7602499389 - 1, abs=1e-9)

    def test_too_few_full_buckets_are_missing(self):
        got = vpin_bucket(trades_of([1], [1.0], [3.0]), bucket_volume=2.0)
        assert got.latest.reason == "1 full volume buckets; want 50"

    def test_nothing_traded_is_missing(self):
        empty = trades_of([], [], []).cast({"aggressor": pl.Int8, "price": pl.Float64, "size": pl.Float64})
        assert vpin_signed(empty).latest.value is None
        assert vpin_bucket(empty).latest.value is None


class TestPin:
    def test_few_days_are_missing(self):
        assert pin([1, 2], [3, 4]).pin.reason == "2 days; want at least 5"

    def test_days_without_news_are_flagged(self):
        draw = np.random.default_rng(1)
        fit = pin(draw.poisson(50, 200), draw.poisson(50, 200))
        assert fit.boundary or fit.pin.value < 0.05

    def test_huge_counts_do_not_overflow(self):
        draw = np.random.default_rng(2)
        fit = pin(draw.poisson(300_000, 30), draw.poisson(300_000, 30))
        assert fit.pin.value is not None


class TestVolatility:
    def test_a_day_of_known_variance_annualises(self):
        got = annualised(rv([0.02, -0.02]), window=YEAR // 365)
        assert got.value == pytest.approx((0.0008 * 365) ** 0.5)

    def test_a_jump_is_told_from_noise(self):
        r = np.random.default_rng(3).normal(0, 1e-4, 1000)
        assert jump_share(r).value < 0.1
        r[500] = 0.02
        assert jump_share(r).value > 0.9

    def test_the_interval_of_realised_variance_holds_the_truth(self):
        draw = np.random.default_rng(0)
        inside = [(m := rv(draw.normal(0, 0.01, 200))).low < 200 * 1e-4 < m.high for _ in range(300)]
        assert 0.90 < np.mean(inside) < 0.99

    def test_the_kernel_sees_through_noise(self):
        draw = np.random.default_rng(11)
        path = np.cumsum(draw.normal(0, 1e-4, 20_000))
        noisy = np.diff(path + draw.normal(0, 3e-4, path.size))
        truth = 20_000 * 1e-8
        assert rv(noisy).value > 10 * truth
        assert realized_kernel(noisy).value == pytest.approx(truth, rel=0.2)
        assert 1 < parzen_bandwidth(noisy) < 2000

    def test_nothing_is_missing_not_zero(self):
        assert rv([]).reason == "no returns"
        assert bpv([0.1]).reason == "no pairs of neighbouring returns"
        assert realized_kernel([]).value is None
        assert yang_zhang(pl.DataFrame({n: [1.0] for n in ("open", "high", "low", "close")})).value is None

    def test_a_bar_after_a_gap_has_no_close_before_it(self):
        row = {"open": [1.0, 9.0, 9.0, 9.0], "high": [1.0, 9.1, 9.1, 9.1], "low": [1.0, 8.9, 8.9, 8.9]}
        bars = pl.DataFrame(row | {"close": [1.0, 9.0, 9.0, 9.0], "bucket": [0, 5, 6, 7]})
        assert yang_zhang(bars, periods_per_year=1).n == 2
        assert yang_zhang(bars, periods_per_year=1).value < 0.1


class TestEdge:
    def test_the_spread_of_a_simulated_bounce_is_found(self):
        draw = np.random.default_rng(12)
        bars, per, half = 4000, 60, 0.005
        value = np.cumsum(draw.normal(0, 0.0005, bars * per))
        price = np.exp(value + half * draw.choice([-1, 1], bars * per)).reshape(bars, per)
        frame = pl.DataFrame(
            {"open": price[:, 0], "high": price.max(axis=1), "low": price.min(axis=1), "close": price[:, -1]}
        )
        assert edge(frame).value == pytest.approx(2 * half, rel=0.05)

    def test_two_bars_are_too_few(self):
        assert edge(pl.DataFrame({n: [1.0, 2.0] for n in ("open", "high", "low", "close")})).value is None


class TestLeadLag:
    def pair(self, delay, n=3000):
        draw = np.random.default_rng(1)
        time = np.cumsum(draw.integers(1, 9, n))
        path = np.exp(np.cumsum(draw.normal(0, 1e-4, n)))
        return mids(time, path), mids(time + delay, path)

    @pytest.mark.parametrize("delay", [40, -40, 0])
    def test_the_lag_of_a_shifted_series_is_found_with_its_sign(self, delay):
        first, second = self.pair(delay)
        got = lead_lag(first, second, lag_grid(100, 10))
        assert got.lead_lag_ns.value == delay
        assert got.lead_lag_ns.low <= delay <= got.lead_lag_ns.high
        assert got.peak.value == pytest.approx(1.0)
        if delay:
            assert (got.llr.value > 1) == (delay > 0)

    def test_a_peak_at_the_end_of_the_grid_is_said(self):
        first, second = self.pair(500)
        assert "end of the grid" in lead_lag(first, second, [0, 500]).lead_lag_ns.reason

    def test_a_lopsided_grid_has_no_ratio(self):
        first, second = self.pair(10)
        assert lead_lag(first, second, [0, 10]).llr.value is None

    def test_series_that_stand_still_or_are_empty_are_missing(self):
        still = mids([0, 1, 2], [5.0, 5.0, 5.0])
        moving = mids([0, 1, 2], [5.0, 6.0, 5.0])
        empty = moving.clear()
        assert lead_lag(still, moving, [0]).lead_lag_ns.reason == "a price never moved"
        assert lead_lag(empty, moving, [0]).lead_lag_ns.value is None
        assert hayashi_yoshida_corr(still, moving).value is None

    def test_of_equal_times_the_last_price_counts(self):
        twice = mids([0, 5, 5, 9], [1.0, 7.0, 2.0, 1.0])
        once = mids([0, 5, 9], [1.0, 2.0, 1.0])
        assert hayashi_yoshida_corr(twice, once).value == pytest.approx(1.0)

    def test_a_missing_column_is_named(self):
        with pytest.raises(SchemaError, match="mid"):
            lead_lag(pl.DataFrame({"time": [1]}), mids([1], [1.0]), [0])


class TestDiscovery:
    def test_an_echo_has_no_share(self):
        """Market 2 only follows: alpha_1 = 0, shocks uncorrelated."""
        shares = information_shares([0.3, 0.0], [[1.0, 0.0], [0.0, 5.0]])
        for part in (shares.low, shares.high, shares.middle, shares.component):
            assert part.tolist() == [1.0, 0.0]

    def test_an_echo_in_simulated_prices_has_no_share(self):
        draw = np.random.default_rng(5)
        n = 40_000
        leader = np.cumsum(draw.normal(0, 1e-4, n))
        echo, noise = np.zeros(n), draw.normal(0, 1e-4, n)
        for t in range(1, n):
            echo[t] = echo[t - 1] + 0.4 * (leader[t - 1] - echo[t - 1]) + noise[t]
        time = np.arange(n) * SECOND
        got = discovery([mids(time, np.exp(leader)), mids(time, np.exp(echo))], ["leader", "echo"])
        assert got.component_share[0].value == pytest.approx(1, abs=0.03)
        assert got.information_share[0].value == pytest.approx(1, abs=0.01)
        assert got.information_share[0].low <= got.information_share[0].value <= got.information_share[0].high
        assert got.width.value < 0.02

    def test_a_market_without_shocks_of_its_own_is_allowed(self):
        shares = information_shares([0.5, 0.5], [[1.0, 1.0], [1.0, 1.0]])
        assert shares.low.tolist() == [0.0, 0.0]
        assert shares.high.tolist() == [1.0, 1.0]

    def test_three_markets_share_one_price(self):
        draw = np.random.default_rng(9)
        value = np.cumsum(draw.normal(0, 1e-4, 20_000))
        time = np.arange(value.size) * SECOND
        noise = (0.5e-4, 1e-4, 2e-4)
        got = discovery([mids(time, np.exp(value + draw.normal(0, s, value.size))) for s in noise], ["a", "b", "c"])
        precision = np.array([1 / s**2 for s in noise])
        assert [m.value for m in got.component_share] == pytest.approx(precision / precision.sum(), abs=0.05)
        assert sum(m.value for m in got.information_share) == pytest.approx(1)
        assert got.information_leadership_share[0].reason == "leadership is defined for two markets"

    def test_a_lasting_basis_changes_nothing(self):
        draw = np.random.default_rng(10)
        value = np.cumsum(draw.normal(0, 1e-4, 5000))
        time = np.arange(value.size) * SECOND
        a, b = (value + draw.normal(0, 1e-4, value.size) for _ in range(2))
        without, with_basis = (
            discovery([mids(time, np.exp(a)), mids(time, np.exp(b + basis))], ["a", "b"]) for basis in (0.0, 0.01)
        )
        assert with_basis.component_share[0].value == pytest.approx(without.component_share[0].value, abs=1e-6)

    def test_an_outage_breaks_the_sample(self):
        draw = np.random.default_rng(11)
        value = np.exp(np.cumsum(draw.normal(0, 1e-4, 400)))
        time = np.r_[np.arange(200), np.arange(1200, 1400)] * SECOND
        other = value * np.exp(draw.normal(0, 1e-4, 400))
        got = discovery([mids(time, value), mids(time, other)], ["a", "b"], max_lags=0, max_age=SECOND)
        # 200 prices each side, the last of the first side is held for one more step
        assert got.vecm.n == 199 + 1 + 199

    def test_prices_that_never_part_or_never_come_are_missing(self):
        one = mids(np.arange(100) * SECOND, np.linspace(1, 2, 100))
        assert discovery([one, one], ["a", "b"]).information_share[0].reason == "prices do not move apart"
        assert discovery([one, one.clear()], ["a", "b"]).information_share[0].value is None

    def test_leadership_squared_is_sharper(self):
        assert leadership([2 / 3, 1 / 3], [0.8, 0.2], squared=True)[0] == pytest.approx(0.0625 / 1.0625)
        assert np.isnan(leadership([1, 0], [1, 0])).all()
