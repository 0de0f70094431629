"""The P&L identity by its definition: one account, one instrument, one event at a time, in fractions."""

from fractions import Fraction
from math import floor


def worth(instrument, twice_price):
    """Settle token that one lot is worth at a doubled price in ticks."""
    tick, lot = Fraction(instrument.tick_size), Fraction(instrument.lot_size) * Fraction(instrument.multiplier)
    if not instrument.inverse:
        return lot * tick * twice_price / 2
    coin = lot / (tick * Fraction(twice_price, 2))
    return -Fraction(floor(coin * 10**14 + Fraction(1, 2)), 10**14)


def slow_pnl(  # noqa: C901 - the definition in one piece
    fills, marks, funding, *, instrument, decimals, account, opening, since, until, horizon, transfers=()
):
    """Legs in settle token, as fractions, from rows (dicts) in order; ``marks``: list of (time, twice_price);
    ``transfers``: list of (time, kind, base units received)."""

    def mark_before(time, otherwise):
        known = [twice for at, twice in marks if at < time]
        return worth(instrument, known[-1]) if known else otherwise

    legs: dict[str, Fraction] = dict.fromkeys(
        (
            "spread_capture",
            "hedge_slippage",
            "liquidation",
            "settlement",
            "adverse_selection",
            "moved",
            "funding",
            "fees",
            "gas",
            "transfers",
            "incentives",
        ),
        Fraction(0),
    )
    events = [(row["time"], 0, row) for row in funding] + [
        (row["time"], 1 + place, row) for place, row in enumerate(fills) if since <= row["time"] < until
    ]
    first_mark = worth(instrument, marks[0][1])
    position, cash = opening, Fraction(0)
    value = mark_before(since, first_mark)
    start = position * value
    for time, order, row in sorted(events, key=lambda event: event[:2]):
        if order == 0:
            if since <= time < until:
                paid = position * Fraction(row["funding"], 10**decimals)
                cash -= paid
                legs["funding"] -= paid
            continue
        for who, sign in (("maker", 1), ("taker", -1)):
            if row[who] != account:
                continue
            lots = sign * row["side"] * row["size"]
            price = worth(instrument, 2 * row["price"])
            mark = mark_before(time, price)
            later = mark_before(min(time + horizon, until - 1) + 1, mark)
            leg = "liquidation" if row["liquidated"] == account else "hedge_slippage"
            if leg != "liquidation" and who == "maker" and row["purpose"] != "hedge":
                leg = "spread_capture"
            if row["purpose"] == "settlement":
                leg, later = "settlement", mark
            legs["moved"] += position * (mark - value)
            legs[leg] += lots * (mark - price)
            legs["adverse_selection"] += lots * (later - mark)
            value = mark
            cash -= lots * price
            if row[f"{who}_fee_token"] == instrument.settle:
                fee = Fraction(row[f"{who}_fee"], 10**decimals)
                cash -= fee
                legs["fees"] -= fee
            position += lots
    for time, kind, amount in transfers:
        if since <= time < until and kind not in ("deposit", "withdrawal"):
            leg = {"gas": "gas", "priority_fee": "gas", "incentive": "incentives"}.get(kind, "transfers")
            legs[leg] += Fraction(amount, 10**decimals)
            cash += Fraction(amount, 10**decimals)
    end = mark_before(until, first_mark)
    legs["moved"] += position * (end - value)
    legs["inventory"] = legs.pop("moved") - legs["adverse_selection"]
    return legs, cash + position * end - start, position
