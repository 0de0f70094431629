"""The order book by definition: a dictionary a side, sorted whenever it is asked for."""


def ladders(rows, n):
    """``rows`` of (sequence, snapshot, side, price, size) to, after each message, ``(bids, asks)`` of the best ``n``
    (price, size).

    ``None`` where a change comes before any snapshot.
    """
    book, out, last, known = {1: {}, -1: {}}, [], None, False
    for sequence, snapshot, side, price, size in rows:
        if (sequence, snapshot) != last:
            if last is not None:
                out.append(best(book, n))
            if snapshot:
                book, known = {1: {}, -1: {}}, True
            elif not known:
                return None
            last = (sequence, snapshot)
        if size:
            book[side][price] = size
        else:
            book[side].pop(price, None)
    if last is not None:
        out.append(best(book, n))
    return out


def best(book, n):
    return (
        [(price, book[1][price]) for price in sorted(book[1], reverse=True)[:n]],
        [(price, book[-1][price]) for price in sorted(book[-1])[:n]],
    )
