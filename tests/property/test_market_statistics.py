"""Fast market statistics against their definitions, and laws they obey."""

from math import log

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from orderflow_metrics import FlowObservation, TimedPrice, VolumeBucket, hayashi_yoshida_covariance
from orderflow_metrics import hayashi_yoshida_correlation as peer_correlation
from orderflow_metrics import kyle_lambda as peer_kyle
from orderflow_metrics import vpin as peer_vpin

from makerscope.kernels.signing import last_different
from makerscope.kernels.vpin import fill_buckets
from makerscope.metrics import bars as bar
from makerscope.metrics import buckets, discovery, flow, leadlag, signing, vecm, volatility, vpin
from tests.reference import statistics as slow

fair = settings(deadline=None, derandomize=True, max_examples=40)
ticks_of_price = st.integers(90, 110)
whole = st.integers(1, 40)


@st.composite
def series(draw, least=2, most=30):
    """(time, price) at strictly increasing times."""
    gaps = draw(st.lists(st.integers(1, 9), min_size=least, max_size=most))
    prices = draw(st.lists(ticks_of_price, min_size=len(gaps), max_size=len(gaps)))
    return list(zip(np.cumsum(gaps).tolist(), [float(p) for p in prices], strict=True))


def frame(pairs, price="mid"):
    return pl.DataFrame(pairs, schema={"time": pl.Int64, price: pl.Float64}, orient="row")


@fair
@given(st.lists(st.integers(1, 4), max_size=30))
def test_last_different_price_agrees_with_its_definition(prices):
    out = np.empty(len(prices))
    last_different(np.array(prices, dtype=float), out)
    assert [None if np.isnan(p) else p for p in out] == slow.last_different(prices)


@fair
@given(st.lists(st.tuples(ticks_of_price, ticks_of_price, st.integers(0, 5)), min_size=1, max_size=20))
def test_signs_turn_round_when_prices_are_mirrored(rows):
    p, b, a = (np.array(column) for column in zip(*((p, b, b + w) for p, b, w in rows), strict=True))
    for rule in signing.RULES.values():
        assert (rule(p, b, a) == -rule(300 - p, 300 - a, 300 - b)).all()


@fair
@given(st.lists(st.tuples(whole, st.sampled_from([0, 1, 0.25])), min_size=1, max_size=40), st.integers(1, 60))
def test_volume_buckets_agree_with_exact_fractions(rows, size):
    volume, share = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    want = slow.filled_buckets(volume, share, size)
    room = int(volume.sum() / size) + 2
    bought, sold, last = np.zeros(room), np.zeros(room), np.zeros(room, dtype=np.int64)
    full = fill_buckets(volume, share, float(size), bought, sold, last)
    assert full == len(want)
    assert bought[:full] == pytest.approx([float(b) for b, _, _ in want], abs=1e-9)
    assert sold[:full] == pytest.approx([float(s) for _, s, _ in want], abs=1e-9)
    assert last[:full].tolist() == [row for _, _, row in want]


@fair
@given(series(least=1, most=40), st.integers(1, 20), st.integers(0, 40), st.randoms(use_true_random=False))
def test_bars_of_any_partition_merge_to_the_bars_of_the_whole(pairs, width, cut, shuffle):
    whole_bars = bar.bars_of(frame(pairs), width=width)
    parts = [part for part in (pairs[:cut], pairs[cut:]) if part]
    shuffle.shuffle(parts)
    merged = bar.merge_bars([bar.bars_of(frame(part), width=width) for part in parts])
    assert merged.equals(whole_bars)
    rows = whole_bars.select("bucket", "open", "high", "low", "close").rows()
    assert {row[0]: row[1:] for row in rows} == slow.bars(pairs, width)


@fair
@given(series(), series(), st.integers(-20, 20))
def test_hayashi_yoshida_agrees_with_its_definition(first, second, lag):
    got = leadlag.hayashi_yoshida_cov(frame(first), frame(second), lag=lag).value
    assert got == pytest.approx(slow.hayashi_yoshida(first, second, lag), abs=1e-12)


@fair
@given(series(), series())
def test_hayashi_yoshida_equals_orderflow_metrics(first, second):
    x, y = ([TimedPrice(time=t, price=log(p)) for t, p in part] for part in (first, second))
    got = leadlag.hayashi_yoshida_cov(frame(first), frame(second)).value
    assert got == pytest.approx(hayashi_yoshida_covariance(x, y), abs=1e-12)
    correlation = leadlag.hayashi_yoshida_corr(frame(first), frame(second)).value
    if correlation is not None:
        assert correlation == pytest.approx(peer_correlation(x, y), abs=1e-9)


@fair
@given(series(), st.lists(ticks_of_price, min_size=30, max_size=30))
def test_hayashi_yoshida_of_common_ticks_is_the_realised_covariance(first, other):
    second = [(time, float(price)) for (time, _), price in zip(first, other, strict=False)]
    want = np.diff(np.log([p for _, p in first])) @ np.diff(np.log([p for _, p in second]))
    assert leadlag.hayashi_yoshida_cov(frame(first), frame(second)).value == pytest.approx(want, abs=1e-13)


@fair
@given(series(), series())
def test_exchanging_the_series_mirrors_the_lead_lag_curve(first, second):
    grid = leadlag.lag_grid(12, 3)
    ahead, back = (leadlag.lead_lag(frame(a), frame(b), grid) for a, b in ((first, second), (second, first)))
    assert ahead.curve["covariance"].to_list() == pytest.approx(back.curve["covariance"].to_list()[::-1], abs=1e-12)


@fair
@given(series(), series(), st.integers(1, 50))
def test_blocks_of_a_lead_lag_curve_add_to_the_whole(first, second, block):
    grid = leadlag.lag_grid(12, 3)
    cut = leadlag.sums_of(frame(first), frame(second), grid, block=block)
    single = leadlag.sums_of(frame(first), frame(second), grid, block=None)
    assert cut.covariance.sum(axis=1) == pytest.approx(single.covariance[:, 0], abs=1e-12)
    assert cut.square_first.sum() == pytest.approx(single.square_first.sum(), abs=1e-12)


trades_strategy = st.lists(
    st.tuples(st.integers(0, 99), st.sampled_from([-1, 0, 1, None]), ticks_of_price, whole), min_size=1, max_size=40
)


def trades_frame(rows):
    schema = {"time": pl.Int64, "aggressor": pl.Int8, "price": pl.Float64, "size": pl.Float64}
    return pl.DataFrame(sorted(rows, key=lambda row: row[0]), schema=schema, orient="row")


@fair
@given(trades_strategy, st.integers(0, 40), st.integers(1, 30))
def test_flow_of_any_partition_adds(rows, cut, width):
    trades = trades_frame(rows)
    parts = [flow.flow_buckets(part, width=width) for part in (trades[cut:], trades[:cut])]
    added = buckets.add(parts, ["bucket"])
    once = flow.flow_buckets(trades, width=width)
    for name in once.columns:
        assert added[name].to_list() == pytest.approx(once[name].to_list(), rel=1e-12, abs=1e-9)
    assert added["trades"].equals(once["trades"])


@fair
@given(st.lists(st.tuples(st.integers(-20, 20), ticks_of_price), min_size=3, max_size=30))
def test_kyle_lambda_agrees_with_the_normal_equations(rows):
    signed, close = ([float(v) for v in column] for column in zip(*rows, strict=True))
    at = list(range(len(rows)))
    sums = pl.DataFrame(
        {"bucket": at, "signed_volume": signed, "volume": [abs(v) for v in signed], "unknown_volume": [0.0] * len(at)}
    )
    price = pl.DataFrame({"bucket": at, "open": [100.0, *close[1:]], "close": close})
    change = [close[0] - 100.0, *np.diff(close)]
    got = flow.kyle_lambda(sums, price).value
    if len(set(signed)) == 1:
        assert got is None
        return
    assert got == pytest.approx(slow.slope(signed, change), rel=1e-9, abs=1e-9)
    peer = peer_kyle([FlowObservation(price_change=c, signed_volume=v) for c, v in zip(change, signed, strict=True)])
    assert got == pytest.approx(peer, rel=1e-9, abs=1e-9)


@fair
@given(st.lists(st.floats(-0.1, 0.1), min_size=3, max_size=30))
def test_variation_agrees_with_its_definition(returns):
    n = len(returns)
    square, product, least, median = slow.variation(returns)
    assert volatility.rv(returns).value == pytest.approx(square, abs=1e-15)
    assert volatility.bpv(returns).value == pytest.approx(np.pi / 2 * n / (n - 1) * product, abs=1e-14)
    assert volatility.min_rv(returns).value == pytest.approx(volatility.MINIMUM * n / (n - 1) * least, abs=1e-14)
    assert volatility.med_rv(returns).value == pytest.approx(volatility.MEDIAN * n / (n - 2) * median, abs=1e-14)


@fair
@given(st.lists(ticks_of_price, min_size=4, max_size=30), st.integers(2, 9))
def test_variation_buckets_add_in_any_order_and_hold_each_bucket_alone(prices, per):
    price = [float(p) for p in prices]
    steps = pl.DataFrame({"bucket": range(len(price)), "open": price, "close": price})
    sums = volatility.variation_buckets(steps, per=per)
    backwards = buckets.add([sums[i] for i in reversed(range(sums.height))], ["bucket"])
    assert volatility.variation_of(backwards).rv.value == pytest.approx(
        volatility.variation_of(sums).rv.value, rel=1e-12
    )
    returns = np.r_[0.0, np.diff(np.log(price))]
    for i in range(sums.height):
        square, product, least, median = slow.variation(returns[i * per : (i + 1) * per])
        row = sums.row(i, named=True)
        assert [row["squares"], row["bipower"], row["minima"], row["medians"]] == pytest.approx(
            [square, product, least, median], abs=1e-14
        )


@fair
@given(st.lists(st.floats(-0.05, 0.05), min_size=1, max_size=40), st.integers(0, 50))
def test_realised_kernel_is_never_negative(returns, bandwidth):
    assert volatility.realized_kernel(returns, bandwidth=bandwidth).value >= 0


@fair
@given(st.lists(st.tuples(ticks_of_price, st.just(2)), min_size=4, max_size=30))
def test_bulk_vpin_of_volume_buckets_equals_orderflow_metrics(rows):
    price, size = ([float(v) for v in column] for column in zip(*rows, strict=True))
    trades = pl.DataFrame({"time": range(len(rows)), "price": price, "size": size})
    got = vpin.vpin_bucket(trades, bucket_volume=2.0, window=4)
    change = np.diff([price[0], *price])
    want = peer_vpin([VolumeBucket(price_change=c, volume=2.0) for c in change], window=4)
    if np.std(change[-4:]) > 0:
        # its normal distribution is the polynomial 26.2.17 of Abramowitz and Stegun, with errors up to 7.5e-8
        assert got.latest.value == pytest.approx(want, abs=2 * 7.5e-8)


@fair
@given(trades_strategy, st.integers(1, 20))
def test_signed_vpin_lies_between_nothing_and_all(rows, size):
    got = vpin.vpin_signed(trades_frame(rows), bucket_volume=float(size), window=2)
    if got.latest.value is not None:
        assert -1e-9 <= got.latest.value <= 1 + 1e-9


@fair
@given(st.integers(0, 10_000), st.integers(1, 39))
def test_moments_of_blocks_add_to_the_moments_of_the_whole(seed, block):
    walk = np.cumsum(np.random.default_rng(seed).normal(size=(40, 2)), axis=0)
    grid = pl.DataFrame({"time": range(40), "p0": walk[:, 0], "p1": walk[:, 1]})
    cut, single = (vecm.moments_of(grid, step=1, lags=2, block=width) for width in (block, 1000))
    assert cut.products.sum(axis=0) == pytest.approx(single.products.sum(axis=0), rel=1e-12, abs=1e-9)


@fair
@given(st.integers(0, 10_000), st.integers(2, 4))
def test_information_shares_sum_to_one_and_their_bounds_hold_the_middle(seed, k):
    draw = np.random.default_rng(seed)
    root = draw.normal(size=(k, k))
    shares = discovery.information_shares(draw.normal(size=k), root @ root.T)
    assert shares.middle.sum() == pytest.approx(1)
    assert (shares.low <= shares.middle + 1e-12).all()
    assert (shares.middle <= shares.high + 1e-12).all()
