"""The rebuilt book, case by case."""

import numpy as np
import polars as pl
import pytest

from makerscope.errors import DomainError, InputError, SchemaError, SequenceError
from makerscope.kernels.book import DONE, FULL, WINDOW, apply_messages, count_messages, larger_book, new_book
from makerscope.metrics.book import EXAMPLE, book_at, levels_after_each, top_of_book
from makerscope.tape.events import SCHEMAS
from makerscope.tape.write import conform


def test_a_change_before_any_snapshot_is_refused():
    with pytest.raises(SequenceError, match="sequence 8 is a change before any snapshot"):
        top_of_book(EXAMPLE.tail(1))


def test_a_snapshot_forgets_what_was_before():
    again = EXAMPLE.tail(1).with_columns(snapshot=True, size=pl.lit(4), serial=pl.lit(9), price=pl.lit(50))
    assert top_of_book(pl.concat([EXAMPLE, again], how="vertical_relaxed")).row(-1, named=True)["ask"] is None


def test_the_same_picture_at_a_later_time_is_a_message_of_its_own():
    again = EXAMPLE.head(3).with_columns(exchange_time=pl.lit(1_500), serial=pl.col("serial") + 3)
    tops = top_of_book(pl.concat([EXAMPLE.head(3), again], how="vertical_relaxed"))
    assert tops.select("exchange_time", "bid", "sequence").rows() == [(1_000, 100, 7), (1_500, 100, 7)]


def test_an_empty_book_is_one_snapshot_row_of_size_0():
    empty = EXAMPLE.head(1).with_columns(size=pl.lit(0))
    assert top_of_book(empty).select("bid", "ask").rows() == [(None, None)]


def test_the_top_of_the_book_fits_the_table_quotes():
    assert conform(top_of_book(EXAMPLE), "quotes").columns == SCHEMAS["quotes"].names


def test_no_rows_give_no_quotes():
    assert top_of_book(EXAMPLE.clear()).height == 0


def test_two_instruments_do_not_mix():
    other = EXAMPLE.with_columns(instrument=pl.lit("venue:Y"), serial=pl.col("serial") + 4, price=pl.col("price") * 2)
    tops = top_of_book(pl.concat([EXAMPLE, other]))
    assert tops["bid"].to_list() == [100, 99, 200, 198]
    with pytest.raises(InputError, match="2 instruments"):
        levels_after_each(pl.concat([EXAMPLE, other]), 1)


def test_times_never_decrease():
    back = EXAMPLE.with_columns(exchange_time=pl.Series([5, 5, 5, 3]))
    assert top_of_book(back)["exchange_time"].to_list() == [5, 5]


def test_rows_are_applied_in_order_of_their_serial():
    assert top_of_book(EXAMPLE.reverse()).equals(top_of_book(EXAMPLE))


def test_a_book_that_is_crossed_is_kept_and_counted():
    crossing = EXAMPLE.with_columns(price=pl.Series([100, 99, 100, 100]))
    ladder = levels_after_each(crossing, 1)
    assert (ladder.crossed, ladder.bid[0, 0], ladder.ask[0, 0]) == (1, 100, 100)


@pytest.mark.parametrize("wrong", [{"side": 0}, {"price": 0}, {"price": -5}, {"size": -1}, {"price": 1 << 62}])
def test_rows_no_book_can_hold_are_refused(wrong):
    with pytest.raises(InputError, match="no book can hold"):
        top_of_book(EXAMPLE.with_columns(**{name: pl.lit(value) for name, value in wrong.items()}))


def test_a_missing_column_is_named():
    with pytest.raises(SchemaError, match="sequence"):
        top_of_book(EXAMPLE.drop("sequence"))


def test_no_book_is_known_before_the_first_snapshot():
    with pytest.raises(DomainError, match="no book is known at 999 ns"):
        book_at(EXAMPLE, 999)
    with pytest.raises(SequenceError):
        book_at(EXAMPLE.tail(1), 5_000)
    with pytest.raises(DomainError):
        levels_after_each(EXAMPLE, 0)


def test_the_window_follows_a_price_that_runs_away():
    steps = np.arange(0, 12 * WINDOW, WINDOW // 5)
    middle = 10 + steps
    sequence = np.repeat(np.arange(len(steps) + 1), 2)
    side = np.tile(np.array([1, -1], np.int8), len(steps) + 1)
    price = np.r_[[5, 6], np.c_[middle, middle + 1].ravel()]
    size = np.arange(1, len(price) + 1)
    rows = pl.DataFrame({"sequence": sequence, "side": side, "price": price, "size": size}).with_columns(
        exchange_time=pl.col("sequence"),
        local_time=pl.col("sequence"),
        serial=pl.int_range(pl.len()),
        instrument=pl.lit("v:X"),
        snapshot=pl.col("sequence") == 0,
    )
    ladder = levels_after_each(rows, 3)
    assert ladder.bid[1:, 0].tolist() == middle.tolist()
    assert set(ladder.ask[:, 0].tolist()) == {6}, "the old ask stays, below every later bid"
    assert ladder.crossed == len(steps)


def test_a_stream_can_be_continued_with_the_book_it_left():
    rng = np.random.default_rng(5)
    n = 4000
    sequence = np.sort(rng.integers(0, 700, n))
    snapshot, side = sequence == sequence[0], rng.choice(np.array([-1, 1], np.int8), n)
    price, size = rng.integers(1, 9 * WINDOW, n), rng.integers(0, 3, n)

    def run(pieces):
        book, tops = new_book(8), []
        for piece in pieces:
            columns = [column[piece] for column in (sequence, snapshot, side, price, size)]
            total = count_messages(columns[0], columns[1])
            ends, out = np.zeros(total, np.int64), [np.zeros((total, 5), np.int64) for _ in range(4)]
            status, row, done = FULL, 0, 0
            while status == FULL:
                status, row, done, _ = apply_messages(*columns, row, done, book, ends, *out)
                book = larger_book(book, 1) if status == FULL else book
            assert (status, row, done) == (DONE, len(columns[0]), total)
            tops.append(np.stack(out))
        return np.concatenate(tops, axis=1)

    cut = int(np.searchsorted(sequence, 350))
    np.testing.assert_array_equal(run([slice(0, n)]), run([slice(0, cut), slice(cut, n)]))
