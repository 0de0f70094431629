"""What takers could hit and what a maker saved them, by listing the book at each trade."""


def walk(orders, buys, lots, middle, reach):
    """What a taker pays beyond the middle, ticks times lots; what the book lacks costs ``reach``."""
    cost = 0.0
    for price, size in sorted(orders, key=lambda item: buys * item[0]):
        away = buys * (price - middle)
        if lots <= 0 or away > reach:
            break
        taken = min(lots, size)
        cost += taken * away
        lots -= taken
    return cost + lots * reach


def asked(orders, asks, makers, near, reach):
    """For each taker ``(time, wants, lots, middle)``: depth of each maker, cost, cost without each maker."""
    out = []
    for time, wants, lots, middle in asks:
        book = [(m, p, z) for a, b, m, s, p, z in orders if s == -wants and a < time <= b]
        depth = [sum(z for m, p, z in book if m == k and wants * (p - middle) <= near * middle) for k in range(makers)]
        cost = walk([(p, z) for _, p, z in book], wants, lots, middle, reach * middle)
        alone = [
            walk([(p, z) for m, p, z in book if m != k], wants, lots, middle, reach * middle) for k in range(makers)
        ]
        out.append((depth, cost, alone))
    return out
