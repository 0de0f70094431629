"""Tardis.dev CSV files: trades, quotes, book_ticker, incremental_book_L2, options_chain, tickers, liquidations.

Format: docs.tardis.dev, downloadable CSV files, data types. Times are microseconds; ``timestamp`` is the exchange's (or
``local_timestamp`` where the exchange sends none), ``side`` of a trade is the aggressor's. The venue of an instrument
is the exchange id of the row. Ticks and lots come from the decimals seen in a first pass over the files; what one unit
of ``amount`` is worth comes from ``profiles/tardis.toml`` or is stated as unknown.

``trades`` and ``liquidations`` have the same header, so a liquidations file is told by its name. Deltas of a book
before its first snapshot (in each file) are refused and counted.
"""

from collections.abc import Sequence
from types import MappingProxyType

import polars as pl

from makerscope.tape.write import TapeWriter
from makerscope.venues.columns import Column, required
from makerscope.venues.files import Head, Progress, Recording
from makerscope.venues.intake import Intake
from makerscope.venues.rows import csv_rows
from makerscope.venues.rules import CLOCKS_APART
from makerscope.venues.tardis_books import Snapshots
from makerscope.venues.tardis_contracts import UNKNOWN, Option, contract_of
from makerscope.venues.tardis_rows import PARTS, RIGHTS, Seen
from makerscope.venues.times import since_1970
from makerscope.venues.values import known, matching, one_of, positive, trimmed

FIRST = ("exchange", "symbol", "timestamp", "local_timestamp")
COLUMNS = MappingProxyType(
    {
        "trades": ("id", "side", "price", "amount"),
        "liquidations": ("id", "side", "price", "amount"),
        "quotes": ("ask_amount", "ask_price", "bid_price", "bid_amount"),
        "incremental_book_L2": ("is_snapshot", "side", "price", "amount"),
        "options_chain": (
            "type", "strike_price", "expiration", "open_interest", "bid_price", "bid_amount", "bid_iv", "ask_price",
            "ask_amount", "ask_iv", "mark_price", "mark_iv", "underlying_price", "delta", "vega",
        ),
        "derivative_ticker": ("funding_rate", "index_price", "mark_price"),
    }
)  # fmt: skip
TABLES = MappingProxyType(
    {
        "trades": "fills",
        "liquidations": "liquidations",
        "quotes": "quotes",
        "incremental_book_L2": "book",
        "options_chain": "chain",
        "derivative_ticker": "marks",
    }
)
PRICES = MappingProxyType(
    {
        "trades": ("price",),
        "liquidations": ("price",),
        "quotes": ("bid_price", "ask_price"),
        "incremental_book_L2": ("price",),
        "options_chain": ("bid_price", "ask_price"),
        "derivative_ticker": (),
    }
)
SIZES = MappingProxyType(
    {
        "trades": ("amount",),
        "liquidations": ("amount",),
        "quotes": ("bid_amount", "ask_amount"),
        "incremental_book_L2": ("amount",),
        "options_chain": ("bid_amount", "ask_amount"),
        "derivative_ticker": (),
    }
)
SILENCE = MappingProxyType({"book": 60_000_000_000, "quotes": 60_000_000_000, "chain": 600_000_000_000})  # ns
EXCHANGE = r"^[a-z0-9][a-z0-9.-]{0,40}$"
SYMBOL_NAME = r"^[!-~]{1,80}$"


def kind_of(head: Head) -> str | None:
    """The data type of a Tardis file, told by its header; ``book_ticker`` is read as ``quotes``."""
    header = tuple(head.first_line.split(","))
    if header[:4] != FIRST:
        return None
    if header[4:] == COLUMNS["trades"]:
        return "liquidations" if "liquidations" in head.name else "trades"
    for kind in ("quotes", "incremental_book_L2"):
        if header[4:] == COLUMNS[kind]:
            return kind
    for kind in ("options_chain", "derivative_ticker"):
        if set(COLUMNS[kind]) <= set(header):
            return kind
    return None


def read(recordings: Sequence[Recording], tape: TapeWriter, progress: Progress) -> None:
    """Bring Tardis files, of any number of exchanges, symbols and days, onto the tape.

    Raises:
        FormatError: a file is not what its header says, or has no good row.
    """
    seen, begins = _first_pass(recordings)
    declared: set[str] = set()
    books = Snapshots()
    for recording in sorted(recordings, key=lambda item: (begins[str(item.path)], item.path.name)):
        kind = recording.kind
        tape.add_source(recording.path, kind)
        columns = (*FIRST, *COLUMNS[kind])
        intake, part = Intake(tape, recording.path, TABLES[kind]), PARTS[kind]
        books.begin_file()
        for texts in csv_rows(recording.path, required=columns, on_bad=intake.refuse, progress=progress):
            names = _names(texts)
            read_columns = _common(names) | part.columns(names, seen)
            good = intake.sieve(texts, read_columns, [CLOCKS_APART, *part.rules(seen)])
            good = part.finish(good).drop("line", "venue", "symbol")
            if kind == "incremental_book_L2":
                good = books.admit(good, tape)
            _declare(good["instrument"], declared, seen, tape)
            if kind == "derivative_ticker":
                good = good.filter(pl.col("mark").is_not_null() | pl.col("index").is_not_null())
            tape.write(TABLES[kind], good)
        intake.close("rows of " + ",".join(columns))
        if kind == "derivative_ticker":
            tape.find("info", "rounded", "mark and index prices finer than a tick were rounded half up", table="marks")
            tape.find(
                "info",
                "funding rate",
                "rates of payments to come are left out: no payment is in the file",
                table="marks",
            )
        if kind == "liquidations":
            tape.find(
                "info", "no account", "the file names no account: it is written as 'unknown'", table="liquidations"
            )


def _first_pass(recordings: Sequence[Recording]) -> tuple[Seen, dict[str, str]]:
    seen, begins = Seen(), {}
    for recording in recordings:
        kind = recording.kind
        begins[str(recording.path)] = ""
        columns = (*FIRST, *COLUMNS[kind])
        for texts in csv_rows(recording.path, required=columns, on_bad=lambda _line, _raw, _why: None):
            first = str(texts["local_timestamp"].drop_nulls().head(1).to_list()[:1] or "")
            begins[str(recording.path)] = begins[str(recording.path)] or first
            names = _names(texts)
            for column in PRICES[kind]:
                seen.prices.add(names, texts[column])
            for column in SIZES[kind]:
                seen.sizes.add(names, texts[column])
            if kind in ("options_chain", "derivative_ticker"):
                seen.marks.add(names, texts["mark_price"])
            if kind == "derivative_ticker":
                seen.marks.add(names, texts["index_price"])
            if kind == "options_chain":
                _learn_options(texts, names, seen.options)
    seen.settle()
    return seen, begins


def _learn_options(texts: pl.DataFrame, names: pl.Series, options: dict[str, Option]) -> None:
    rows = (
        texts.select("type", "strike_price", "expiration").with_columns(name=names).unique("name", maintain_order=True)
    )
    new = rows.filter(~pl.col("name").is_in(list(options)) & pl.col("name").is_not_null())
    expiry, late = required(since_1970("us"))(new["expiration"])
    _, odd = required(positive("0.00000001"))(new["strike_price"])
    right, unknown = required(trimmed(one_of(RIGHTS)))(new["type"])
    for row in zip(new["name"], new["strike_price"], expiry, right, late, odd, unknown, strict=True):
        if row[4] is None and row[5] is None and row[6] is None:
            options[row[0]] = Option(strike=row[1], expiry=row[2], is_call=row[3] == 1)


def _names(texts: pl.DataFrame) -> pl.Series:
    return texts.select(pl.format("{}:{}", "exchange", "symbol").alias("instrument")).to_series()


def _common(names: pl.Series) -> dict[str, Column]:
    return {
        "venue": Column("exchange", matching(EXCHANGE, "is no exchange id")),
        "symbol": Column("symbol", matching(SYMBOL_NAME, "is no symbol")),
        "instrument": Column("symbol", known(names)),
        "exchange_time": Column("timestamp", since_1970("us")),
        "local_time": Column("local_timestamp", since_1970("us")),
    }


def _declare(names: pl.Series, declared: set[str], seen: Seen, tape: TapeWriter) -> None:
    for name in names.unique(maintain_order=True):
        if name in declared:
            continue
        declared.add(name)
        exchange, symbol = name.split(":", 1)
        contract = contract_of(exchange, symbol)
        tape.listen(exchange, dict(SILENCE))
        tape.add_instrument(
            contract.instrument(
                exchange,
                symbol,
                tick_size=seen.ticks.get(name, "1"),
                lot_size=seen.lots.get(name, "1"),
                option=seen.options.get(name),
            )
        )
        if not contract.known:
            tape.find("warning", "contract size unknown", UNKNOWN, instrument=name)
