"""Checks of what was recorded: enough of it, both sides, bid below ask, prices near each other, sizes above zero."""

from decimal import Decimal

import polars as pl

from makerscope.metrics.quality_grounds import FEWEST, Check, Grounds, graded, names_of
from makerscope.tape.read import Tape

FEW_EVENTS = 100
ONE_SIDED, NEARLY_ONE_SIDED = 1.0, 0.95
CROSSED_FAIL, CROSSED_WARN = 1 / 3, 0.01
BAD_ROWS_FAIL, BAD_ROWS_WARN = 0.05, 0.001
REPEATED_WARN = 0.05
FAR_FAIL, FAR_WARN = 0.2, 0.01
EMPTY_FAIL, EMPTY_WARN = 1 / 3, 0.05
FUNDING_WARN = 0.04  # of the notional in one payment; venues cap it below


def check_how_much(grounds: Grounds) -> list[Check]:
    """Enough events to say anything."""
    events = sum(int(part.counts["n"].sum()) for part in grounds.census.values())
    if not events:
        return [Check(name="events", outcome="fail", text="the tape holds no events", value=0.0, limit=1.0)]
    text = f"{events} events, instruments: {len(grounds.tape.instruments)}"
    few = events < FEW_EVENTS
    return [
        Check(
            name="events",
            outcome="warn" if few else "ok",
            text=text + (": too few for intervals" if few else ""),
            value=float(events),
            limit=float(FEW_EVENTS),
        )
    ]


def check_quarantine(grounds: Grounds) -> list[Check]:
    """Rows that could not be trusted, such as prices off tick, as a share of their table."""
    return [
        graded(
            f"bad rows in {table or 'the sources'}",
            _of_table(grounds.tape, table, bad),
            BAD_ROWS_WARN,
            BAD_ROWS_FAIL,
            f"of the rows for {table or 'all tables'} were quarantined ({reasons})",
        )
        for table, bad, reasons in _findings(grounds, "quarantined")
    ]


def check_duplicates(grounds: Grounds) -> list[Check]:
    """Rows sent twice and dropped."""
    return [
        graded(
            f"dropped rows in {table or 'the sources'}",
            _of_table(grounds.tape, table, n),
            REPEATED_WARN,
            None,
            f"of the rows for {table or 'all tables'} were dropped ({reasons})",
        )
        for table, n, reasons in _findings(grounds, "dropped")
    ]


def check_sides(grounds: Grounds) -> list[Check]:
    """Aggressors buy and sell; a recording with one kind only lost the other or its side field."""
    trades = grounds.counts("trades")
    if trades is None:
        return []
    total = trades.select(pl.lit("").alias("instrument"), pl.col("n_bought", "n_sold").sum()).unique()
    rows = pl.concat([trades.select("instrument", "n_bought", "n_sold"), total]).with_columns(
        signed=pl.col("n_bought") + pl.col("n_sold")
    )
    shares = rows.filter(pl.col("signed") >= FEWEST).select(
        "instrument", share=(pl.col("n_bought") - pl.col("n_sold")).abs() / pl.col("signed")
    )
    named = shares.filter(pl.col("instrument") != "")
    single = named if named.height else shares  # many thin instruments: judge them together
    out = [
        graded(
            "one-sided trades",
            single,
            NEARLY_ONE_SIDED,
            ONE_SIDED,
            "imbalance between buying and selling aggressor orders",
            inclusive=True,
        )
    ]
    unknown = 1 - int(rows.filter(pl.col("instrument") == "")["signed"].sum()) / max(1, int(trades["n"].sum()))
    if unknown > 0:
        text = f"{unknown:.1%} of the trades have no known aggressor; their side is inferred or left out"
        out.append(Check(name="unknown aggressor", outcome="warn", text=text, value=unknown, limit=0.0))
    return out


def check_book(grounds: Grounds) -> list[Check]:
    """Bid below ask, in quotes, option chains and rebuilt books."""
    out = []
    sources = [("quotes", grounds.counts("quotes")), ("chain", grounds.counts("chain")), ("book", grounds.books)]
    for table, counts in sources:
        if counts is None or not counts.height:
            continue
        rows = counts.filter(pl.col("n_two_sided") >= FEWEST)
        if table == "chain":
            pooled = counts.select(pl.lit("").alias("instrument"), pl.col("n_two_sided", "n_crossed", "n_locked").sum())
            rows = pooled.head(1).filter(pl.col("n_two_sided") > 0)  # options are thin: judged together
        shares = rows.select("instrument", share=(pl.col("n_crossed") + pl.col("n_locked")) / pl.col("n_two_sided"))
        text = f"of the two-sided states of {table} have bid at or above ask"
        out.append(graded(f"crossed {table}", shares, CROSSED_WARN, CROSSED_FAIL, text))
    if grounds.broken_books:
        text = f"{names_of(grounds.broken_books)}: the book changes before any snapshot, it cannot be rebuilt"
        out.append(Check(name="broken book", outcome="fail", text=text, instruments=grounds.broken_books))
    return out


def check_missing_quotes(grounds: Grounds) -> list[Check]:
    """Quotes with neither side."""
    counts = grounds.counts("quotes")
    if counts is None:
        return []
    shares = counts.filter(pl.col("n") >= FEWEST).select("instrument", share=pl.col("n_both_null") / pl.col("n"))
    return [graded("empty quotes", shares, EMPTY_WARN, EMPTY_FAIL, "of the quotes have neither bid nor ask")]


def check_far_trades(grounds: Grounds) -> list[Check]:
    """Trades lie near the quotes before them."""
    if grounds.far is None or not grounds.far.height:
        return []
    shares = grounds.far.filter(pl.col("n") >= FEWEST).select("instrument", share=pl.col("n_far") / pl.col("n"))
    text = "of the trades lie more than 50 bps beyond the last quote (at most 5 s old)"
    return [graded("trades far from the touch", shares, FAR_WARN, FAR_FAIL, text)]


def check_sizes(grounds: Grounds) -> list[Check]:
    """Trades have a size and a price; quotes that stand have a size."""
    out = []
    for table in ("trades", "quotes"):
        counts = grounds.counts(table)
        if counts is None:
            continue
        bad = pl.col("n_zero_size") + pl.col("n_zero_price") if table == "trades" else pl.col("n_zero_size")
        shares = counts.select("instrument", share=bad / pl.col("n"))
        text = f"of the {table} have a size or price of zero or less"
        out.append(graded(f"zero sizes in {table}", shares, 0.0, BAD_ROWS_FAIL, text))
    return out


def check_flat_prices(grounds: Grounds) -> list[Check]:
    """Prices move."""
    out = []
    for table in ("trades", "quotes"):
        counts = grounds.counts(table)
        if counts is None:
            continue
        flat = counts.filter((pl.col("n") >= 4 * FEWEST) & (pl.col("min_price") == pl.col("max_price")))
        names = tuple(flat["instrument"].to_list())
        text = f"{names_of(names)}: the price never changes in {table}" if names else f"prices move in {table}"
        out.append(
            Check(name=f"constant prices in {table}", outcome="warn" if names else "ok", text=text, instruments=names)
        )
    return out


def check_funding(grounds: Grounds) -> list[Check]:
    """Funding payments that no venue makes."""
    tape = grounds.tape
    if not tape.has("marks"):
        return []
    paid = tape.scan("marks").filter(pl.col("funding").is_not_null() & (pl.col("mark") > 0)).collect()
    rates = []
    for (name,), rows in paid.partition_by("instrument", as_dict=True).items():
        item = tape.instruments.get(str(name))
        token = tape.tokens.get(item.settle) if item else None
        if item is None or token is None:
            continue
        lot = float(Decimal(item.lot_size) * Decimal(item.multiplier))
        price = pl.col("mark") * float(Decimal(item.tick_size))
        notional = lot / price if item.inverse else lot * price
        rates.append(rows.select("instrument", share=(pl.col("funding") / 10**token.decimals / notional).abs()))
    if not rates:
        return []
    worst = pl.concat(rates).group_by("instrument").agg(pl.col("share").max())
    return [graded("funding", worst, FUNDING_WARN, None, "of the notional was paid as funding at once")]


def check_findings(grounds: Grounds) -> list[Check]:
    """Warnings of the reader."""
    sums: dict[tuple[str, str], list[object]] = {}
    for item in grounds.tape.manifest.findings:
        if item.level == "warning":
            entry = sums.setdefault((item.code, item.text), [0, []])
            entry[0] = int(str(entry[0])) + item.count
            if item.instrument and isinstance(entry[1], list):
                entry[1].append(item.instrument)
    return [
        Check(
            name=f"reader: {code}",
            outcome="warn",
            text=f"{text} ({count} times)",
            value=float(str(count)),
            instruments=tuple(sorted(set(names))) if isinstance(names, list) else (),
        )
        for (code, text), (count, names) in sorted(sums.items())
    ]


def _findings(grounds: Grounds, level: str) -> list[tuple[str, int, str]]:
    """``table, rows, reasons`` of the findings of a level, one row a table."""
    sums: dict[str, dict[str, int]] = {}
    for item in grounds.tape.manifest.findings:
        if item.level == level:
            texts = sums.setdefault(item.table, {})
            texts[item.text] = texts.get(item.text, 0) + item.count
    out = []
    for table, texts in sorted(sums.items()):
        most = sorted(texts.items(), key=lambda pair: -pair[1])
        more = f"; and {len(most) - 3} more reasons" if len(most) > 3 else ""
        out.append((table, sum(texts.values()), "; ".join(f"{count}: {text}" for text, count in most[:3]) + more))
    return out


def _of_table(tape: Tape, table: str, left_out: int) -> pl.DataFrame:
    """Share of the rows of a table (of all, where none is named) that were left out of the tape."""
    kept = tape.manifest.rows.get(table, 0) if table else sum(tape.manifest.rows.values())
    return pl.DataFrame({"instrument": [""], "share": [left_out / max(1, left_out + kept)]})
