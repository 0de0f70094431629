"""Tails, memory, response and the facts of a tape, against definitions written again and processes of known law."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import kurtosis

from makerscope.cli import main
from makerscope.errors import DomainError
from makerscope.metrics.facts import facts_of
from makerscope.metrics.memory import autocorrelation, decay_exponent, fano_factor, lags_until_gone
from makerscope.metrics.mid_path import MidPath
from makerscope.metrics.response import Aggressions, depth_after, impact_exponent, response, spread_after
from makerscope.metrics.tails import excess_kurtosis, tail_index
from makerscope.metrics.view import load
from makerscope.sim.run import simulate
from makerscope.tape.read import Tape
from tests.agent_files import MARKET, agent, market

SECOND = 10**9


def draw(seed):
    return np.random.Generator(np.random.PCG64(seed))


@given(st.lists(st.floats(-1e3, 1e3), min_size=20, max_size=60))
def test_kurtosis_is_that_of_scipy(values):
    if np.std(values) > 1e-3:
        assert excess_kurtosis(values).value == pytest.approx(kurtosis(values), rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("index", [1.5, 3.0])
def test_the_tail_index_of_pareto_numbers_is_found(index):
    found = tail_index(draw(1).pareto(index, 40_000) + 1.0)
    assert found.low < index < found.high
    assert found.high - found.low < 0.4 * index


def test_normal_numbers_have_no_fat_tail():
    values = draw(2).standard_normal(20_000)
    assert abs(excess_kurtosis(values).value) < 0.15
    assert tail_index(values).value > 4


@settings(max_examples=30)
@given(st.lists(st.lists(st.floats(-5, 5), min_size=1, max_size=40), min_size=1, max_size=4), st.integers(1, 5))
def test_autocorrelation_is_its_definition_and_spans_no_break(parts, lag):
    pieces = [np.array(part) for part in parts]
    whole = np.concatenate(pieces)
    pairs = [(p[i], p[i + lag]) for p in pieces for i in range(len(p) - lag)]
    got = autocorrelation(pieces, lag)
    if len(pairs) < 30 or not whole.var() > 1e-9:
        assert got.value is None or whole.var() > 0
        return
    m = whole.mean()
    assert got.value == pytest.approx(np.mean([(a - m) * (b - m) for a, b in pairs]) / whole.var(), abs=1e-9)


def test_a_series_of_overlapping_sums_forgets_after_their_length():
    steps = draw(1).standard_normal(20_000)
    assert lags_until_gone([np.convolve(steps, np.ones(12), "valid")], most=100).value == pytest.approx(11, abs=2)
    assert lags_until_gone([steps], most=100).value <= 1


@pytest.mark.parametrize("tail", [1.3, 1.6])
def test_runs_with_a_pareto_tail_give_signs_that_forget_like_a_power(tail):
    """One large order after the other: the correlation at lag l falls as l^(1 - tail)."""
    dice = draw(4)
    runs = np.minimum((dice.pareto(tail, 60_000) + 1.0).astype(int), 20_000)
    signs = np.repeat(dice.choice([-1.0, 1.0], runs.size), runs)[:400_000]
    assert decay_exponent([signs], most=512).value == pytest.approx(tail - 1, abs=0.2)


def test_independent_signs_have_no_exponent():
    found = decay_exponent([draw(5).choice([-1.0, 1.0], 5000)], most=512)
    assert found.value is None
    assert "noise" in found.reason


def test_poisson_events_have_a_fano_factor_of_one_and_doubled_ones_of_two():
    time = np.sort(draw(6).integers(0, 5000 * SECOND, 20_000))
    span = [(0, 5000 * SECOND)]
    assert fano_factor(time, span, window=SECOND).value == pytest.approx(1.0, abs=0.1)
    assert fano_factor(np.repeat(time, 2), span, window=SECOND).value == pytest.approx(2.0, abs=0.2)
    with pytest.raises(DomainError, match="window"):
        fano_factor(time, span, window=0)


def path_of(time, mid, spread, bid, ask, spans):  # noqa: PLR0917 - the columns of a path
    columns = {"mid": mid, "spread": spread, "bid_size": bid, "ask_size": ask}
    return MidPath(time=np.array(time), spans=spans, **{k: np.array(v, float) for k, v in columns.items()})


def test_response_spread_and_depth_are_counted_from_just_before_the_trade_to_the_lag():
    n = 40
    start = np.arange(n) * 10 * SECOND
    time, mid, spread, ask = [0], [1000.0], [2.0], [100.0]
    for at in start + SECOND:  # each buy moves the mid by 1, halves the asks for two seconds and widens the spread
        time += [at, at + 2 * SECOND]
        mid += [mid[-1] + 1, mid[-1] + 1]
        spread += [4.0, 2.0]
        ask += [50.0, 100.0]
    path = path_of(time, mid, spread, [100.0] * len(time), ask, ((0, 10 * n * SECOND),))
    trades = Aggressions(time=start + SECOND, side=np.ones(n, np.int64), size=np.full(n, 5))
    want = np.mean([1e4 / (1000 + i) for i in range(n)])
    assert response(trades, path, lag=SECOND).value == pytest.approx(want)
    opposite = Aggressions(time=trades.time, side=-trades.side, size=trades.size)
    assert response(opposite, path, lag=SECOND).value == pytest.approx(-want)
    usual = (0.8 * 2 + 0.2 * 4) / 2
    assert spread_after(trades, path, lag=SECOND).value == pytest.approx(2 / usual, rel=0.01)
    assert spread_after(trades, path, lag=5 * SECOND).value == pytest.approx(1 / usual, rel=0.01)
    assert depth_after(trades, path, lag=SECOND).value == pytest.approx(50 / 95, rel=0.01)
    assert response(trades, path, lag=10 * n * SECOND).value is None  # nothing is known beyond the end


def test_impact_that_grows_with_the_root_of_size_has_an_exponent_of_one_half():
    dice, n = draw(7), 4000
    size = np.exp(2 + 1.5 * dice.standard_normal(n)).astype(int) + 1
    side = dice.choice([-1, 1], n)
    time = (np.arange(n) + 1) * SECOND
    moves = side * 0.01 * size**0.5
    mid = 1e6 + np.concatenate([[0.0], np.cumsum(moves)])
    path = path_of([0, *time.tolist()], mid, np.ones(n + 1), np.ones(n + 1), np.ones(n + 1), ((0, (n + 2) * SECOND),))
    trades = Aggressions(time=time, side=side, size=size)
    assert impact_exponent(trades, path, lag=SECOND // 2).value == pytest.approx(0.5, abs=0.03)


def test_a_price_is_not_followed_across_an_outage():
    path = path_of([0, 50], [100.0, 200.0], [1, 1], [1, 1], [1, 1], ((0, 20), (50, 90)))
    assert np.isnan(path.at(path.mid, np.array([30]))[0])
    assert [piece.tolist() for piece in path.returns(10)] == [[0.0, 0.0], [0.0] * 4]


@pytest.fixture(scope="module")
def tape(tmp_path_factory):
    top = MARKET.replace("hours = 0.01", "hours = 0.1")
    crowd = agent("hawkes", "crowd", margin='"none"', numbers="{per_hour = 12000, pieces_tail = 1.4}")
    out = tmp_path_factory.mktemp("facts") / "tape"
    simulate(market(agent("grid", "grid"), crowd, top=top), out, seed=3)
    return out


def test_all_facts_of_a_simulated_market_are_known_or_say_why_not(tape):
    view = load(Tape.open(tape), instruments=["hyperliquid:BTC"])
    facts = facts_of(view, "hyperliquid:BTC")
    assert facts.trades > 500
    for name in ("kurtosis_1s", "tail_index_1s", "sign_acf_1", "fano_1s", "response_1s", "spread_p50", "depth_p50"):
        assert facts.measures[name].value is not None, name
    assert all(item.value is not None or item.reason for item in facts.measures.values())
    assert facts.measures["sign_acf_1"].value > 0


def exit_of(arguments):
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    return int(stop.value.code)


def test_the_command_prints_a_column_a_tape_and_writes_them_as_json(tape, tmp_path, capsys):
    assert (
        exit_of(["facts", str(tape), str(tape), "--instrument", "hyperliquid:BTC", "--out", str(tmp_path / "f.json")])
        == 0
    )
    assert "kurtosis 1s" in capsys.readouterr().out
    written = json.loads((tmp_path / "f.json").read_text())["tapes"]
    assert len(written) == 2
    assert written[0]["measures"] == written[1]["measures"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["facts"], "no tape was given"),
        (["facts", "nowhere"], "nowhere"),
        (["facts", "TAPE", "--instrument", "DOGE"], "is not on this tape"),
    ],
)
def test_bad_input_is_one_line(tape, capsys, arguments, says):
    assert exit_of([str(tape) if item == "TAPE" else item for item in arguments]) == 2
    error = capsys.readouterr().err
    assert says in error
    assert error.count("\n") == 1
