"""Resting orders by their definition: the table ``orders`` replayed one row after another in a dictionary."""


def replay(rows, resting=None):
    """What rests after each row. ``rows``: dicts in order. Yields ``(row, resting)``; ``resting`` is one dictionary, by
    order: ``(maker, instrument, side, price, size)``."""
    resting = {} if resting is None else resting
    for row in rows:
        if row["action"] in {"cancelled", "expired", "rejected"} or row["size"] == 0:
            resting.pop(row["order"], None)
        else:
            resting[row["order"]] = (row["maker"], row["instrument"], row["side"], row["price"], row["size"])
        yield row, resting


def levels(resting, instrument, side, depth):
    """``(price, size)`` of the best levels of one side."""
    sums = {}
    for _, name, own, price, size in resting.values():
        if name == instrument and own == side:
            sums[price] = sums.get(price, 0) + size
    return sorted(sums.items(), reverse=side > 0)[:depth]


def times_of(rows, maker, instrument, *, since, until, fair=()):
    """ns in ``[since, until)`` in which a maker had a bid, an ask, both, and a quote beyond the fair price.

    ``fair``: ``(time, twice_price)`` in order; a fair price holds from its time on.
    """
    events = [(row["exchange_time"], 1, row) for row in rows] + [(at, 0, twice) for at, twice in fair]
    events.sort(key=lambda event: event[0])
    out = {"bid": 0, "ask": 0, "both": 0, "stale": 0}
    own, twice, last = {}, None, since

    def add(until_now):
        span = max(min(until_now, until) - last, 0)
        bids = [price for side, price in own.values() if side > 0]
        asks = [price for side, price in own.values() if side < 0]
        out["bid"] += span * bool(bids)
        out["ask"] += span * bool(asks)
        out["both"] += span * bool(bids and asks)
        beyond = twice is not None and ((bids and 2 * max(bids) > twice) or (asks and 2 * min(asks) < twice))
        out["stale"] += span * bool(beyond)

    for time, kind, what in events:
        if time > last:
            add(time)
            last = max(last, min(time, until))
        if kind == 0:
            twice = what
        elif what["maker"] == maker and what["instrument"] == instrument:
            own.pop(what["order"], None)
            if what["size"] > 0 and what["action"] in {"placed", "replaced", "filled"}:
                own[what["order"]] = (what["side"], what["price"])
    add(until)
    return out
