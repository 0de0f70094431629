"""An order that changes its price in one step leaves the book as one that was taken out and put in again."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from makerscope.kernels.handle import opened
from makerscope.market.book import BEST, new_book, remove, requeue, rest
from makerscope.market.layout import O_ACCOUNT

LADDER = 4096
MOVES = st.lists(
    st.tuples(st.integers(0, 11), st.sampled_from([1, 63, 64, 65, 2000, 4000, 4095]), st.integers(1, 9)), max_size=40
)


@given(sides=st.lists(st.sampled_from([1, -1]), min_size=12, max_size=12), moves=MOVES)
def test_an_order_that_moves_in_one_step_leaves_the_book_as_if_it_had_been_taken_out_and_put_in_again(sides, moves):
    books = [new_book((LADDER,), 16), new_book((LADDER,), 16)]
    for book in books:
        book.level[:] = 0
    one, other = (opened(book) for book in books)
    for n, side in enumerate(sides):
        assert rest(one, 0, side, 1000 + n % 3, 5, 7, n) == rest(other, 0, side, 1000 + n % 3, 5, 7, n) == n
    for o, price, size in moves:
        requeue(one, o, price, size)
        remove(other, o)
        assert rest(other, 0, sides[o], price, size, 7, o) == o
        assert books[0].order[o, O_ACCOUNT] == 7
    for mine, twin in zip(books[0], books[1], strict=True):
        np.testing.assert_array_equal(mine, twin)
    taken = [int(row) for row in books[0].row[:, BEST] if row >= 0]
    assert len(taken) == len({*sides})
