"""From the loop's buffers of integers onto a tape."""

from collections import Counter
from dataclasses import dataclass, field

import polars as pl

from makerscope.market.log import (
    DELEVERAGED,
    LIQUIDATED,
    NO_FUNDING,
    PLAIN,
    SETTLEMENT,
    T_ACCOUNTS,
    T_BLOCKS,
    T_BOOK,
    T_CHAIN,
    T_FILLS,
    T_FORCED,
    T_MARKS,
    T_ORDERS,
    T_QUOTES,
    T_TRANSFERS,
    TAKEN_OVER,
    Log,
)
from makerscope.tape.write import TapeWriter

ACTION_NAMES = ("placed", "replaced", "filled", "cancelled", "rejected", "expired")
METHODS = {LIQUIDATED: "market", DELEVERAGED: "adl", TAKEN_OVER: "backstop"}
TRANSFERS = ("gas", "priority_fee", "insurance", "penalty", "reward", "haircut", "socialised", "deposit")
COLUMNS = {
    "orders": (
        "exchange_time", "maker", "instrument", "order", "action", "side", "price", "size", "decided", "sent", "seen",
        "block",
    ),
    "fills": (
        "exchange_time", "instrument", "maker", "taker", "side", "price", "size", "maker_fee", "taker_fee",
        "maker_order", "taker_order", "maker_position", "taker_position", "how", "block",
    ),
    "quotes": ("exchange_time", "instrument", "bid", "bid_size", "ask", "ask_size", "sequence"),
    "marks": ("exchange_time", "instrument", "mark", "index", "funding"),
    "transfers": ("exchange_time", "account", "instrument", "kind", "amount", "block"),
    "blocks": ("exchange_time", "block", "base_fee", "gas_used", "messages", "waiting"),
    "accounts": ("exchange_time", "account", "equity", "margin"),
    "liquidations": ("exchange_time", "instrument", "account", "side", "price", "size", "mark", "how", "fill"),
    "book": ("exchange_time", "sequence", "instrument", "side", "price", "size"),
    "chain": ("exchange_time", "instrument", "bid", "bid_size", "ask", "ask_size", "open_interest", "volume"),
}  # fmt: skip
MODEL = ("mark", "underlying", "index", "mark_volatility", "delta", "vega")
NUMBERS = (T_ORDERS, T_FILLS, T_QUOTES, T_MARKS, T_TRANSFERS, T_BLOCKS, T_ACCOUNTS, T_FORCED, T_BOOK, T_CHAIN)
CHANNELS = ("orders", "quotes", "marks", "book", "chain")


@dataclass(slots=True, kw_only=True)
class Recorder:
    """Writes what the log holds onto a tape, and counts what each channel heard.

    ``ahead``: quotes of the leading venue that are still to come, in order of time. ``instruments``: names by number.
    ``accounts``: names by number, None for what is nobody's. ``venue``, ``token``: of blocks and of money. ``leads``:
    numbers of the instruments of the leading venue. ``lot``: underlying in a lot of each.
    ``blocks``: False where the venue is no chain: nothing is in any block.
    """

    tape: TapeWriter
    instruments: list[str]
    accounts: list[str | None]
    venue: str
    token: str
    leads: frozenset[int]
    lots: list[float]
    blocks: bool = True
    heard: Counter[tuple[str, str]] = field(default_factory=Counter)
    fills: int = 0
    ahead: pl.DataFrame | None = None

    def drain(self, log: Log, until: int) -> int:
        """Write all rows, and what the leader showed up to ``until`` (ns); returns how many rows the log held."""
        total = int(log.count[:-1].sum())
        before = self.fills
        for number, (table, columns) in zip(NUMBERS, COLUMNS.items(), strict=True):
            count = int(log.count[number])
            if not count and (table != "quotes" or self.ahead is None):
                continue
            rows = pl.DataFrame({name: log[number][:count, at] for at, name in enumerate(columns)})
            if table == "chain":
                model = {name: log.model[:count, at] for at, name in enumerate(MODEL)}
                rows = rows.with_columns(pl.DataFrame(model).fill_nan(None).get_columns())
            rows = self._shaped(table, rows, before)
            if table == "quotes" and self.ahead is not None:
                rows = self._with_leader(rows, self.ahead, until)
            if table in CHANNELS:
                for name, heard in rows.group_by("instrument").len().iter_rows():
                    self.heard[table, name] += heard
            self.tape.write(table, rows if self.blocks else rows.drop("block", strict=False))
        log.count[:] = 0
        return total

    def _with_leader(self, rows: pl.DataFrame, ahead: pl.DataFrame, until: int) -> pl.DataFrame:
        """Quotes of the venue together with those of the leading venue whose time has come."""
        due = ahead["exchange_time"].search_sorted(until, side="right")
        self.ahead = ahead[due:]
        if due == 0:
            return rows
        return pl.concat([rows, ahead[:due]], how="diagonal").sort("exchange_time", maintain_order=True)

    def _shaped(self, table: str, rows: pl.DataFrame, fills_before: int) -> pl.DataFrame:
        """Rows with names for numbers, and null for what is unknown."""
        if "instrument" in rows.columns:
            rows = rows.with_columns(instrument=_named(self.instruments, rows["instrument"]))
        for who in ("maker", "taker", "account"):
            if who in rows.columns:
                rows = rows.with_columns(_named(self.accounts, rows[who]).alias(who))
        shape = getattr(self, f"_{table}", None)
        return rows if shape is None else shape(rows, fills_before)

    def _orders(self, rows: pl.DataFrame, _before: int) -> pl.DataFrame:
        return rows.with_columns(
            pl.col("order").cast(pl.String),
            *(_positive(name) for name in ("decided", "sent", "seen")),  # what the venue did by itself nobody sent
            action=_named(list(ACTION_NAMES), rows["action"]),
        )

    def _fills(self, rows: pl.DataFrame, before: int) -> pl.DataFrame:
        self.fills += rows.height
        how = pl.col("how")
        token = pl.lit(self.token)
        lead = pl.col("instrument").is_in([self.instruments[i] for i in sorted(self.leads)])
        return (
            rows.with_columns(
                pl.col("maker_order", "taker_order").cast(pl.String),
                fill=(pl.int_range(pl.len()) + before).cast(pl.String),
                maker_fee_token=token,
                taker_fee_token=token,
                liquidated=pl.when(how.is_in(list(METHODS))).then("taker"),
                purpose=pl.when(how == SETTLEMENT)
                .then(pl.lit("settlement"))
                .when(how.is_in([DELEVERAGED, TAKEN_OVER]))
                .then(pl.lit("transfer"))
                .when(lead)
                .then(pl.lit("hedge")),
            )
            .with_columns(
                pl.when(pl.col("maker").is_not_null()).then(pl.col("maker_fee", "maker_fee_token", "maker_position")),
                pl.when(how.is_in([PLAIN, LIQUIDATED]) & pl.col("maker").is_not_null()).then("maker_order"),
            )
            .drop("how")
        )

    def _marks(self, rows: pl.DataFrame, _before: int) -> pl.DataFrame:
        funding = pl.col("funding")
        return rows.with_columns(_positive("mark"), _positive("index"), pl.when(funding != NO_FUNDING).then(funding))

    def _quotes(self, rows: pl.DataFrame, _before: int) -> pl.DataFrame:
        return rows.with_columns(*_touch())

    def _chain(self, rows: pl.DataFrame, _before: int) -> pl.DataFrame:
        lot = pl.col("instrument").replace_strict(dict(zip(self.instruments, self.lots, strict=True)))
        return rows.with_columns(*_touch(), pl.col("open_interest") * lot, pl.col("volume") * lot)

    def _transfers(self, rows: pl.DataFrame, _before: int) -> pl.DataFrame:
        return rows.with_columns(kind=_named(list(TRANSFERS), rows["kind"]), token=pl.lit(self.token))

    def _blocks(self, rows: pl.DataFrame, _before: int) -> pl.DataFrame:
        return rows.with_columns(venue=pl.lit(self.venue))

    def _accounts(self, rows: pl.DataFrame, _before: int) -> pl.DataFrame:
        return rows.with_columns(token=pl.lit(self.token))

    def _liquidations(self, rows: pl.DataFrame, before: int) -> pl.DataFrame:
        return rows.with_columns(
            pl.col("mark").cast(pl.Float64),
            method=pl.col("how").replace_strict(METHODS, return_dtype=pl.String),
            fill=(pl.col("fill") + before).cast(pl.String),
        ).drop("how")

    def _book(self, rows: pl.DataFrame, _before: int) -> pl.DataFrame:
        return rows.with_columns(snapshot=pl.lit(True))

    def sessions(self, start: int, end: int) -> None:
        """Declare that the recorder heard every channel from start to end, and what it heard."""
        rows = [
            {"instrument": name, "channel": channel, "start_exchange": start, "end_exchange": end, "events": count}
            for (channel, name), count in sorted(self.heard.items())
        ]
        if rows:
            self.tape.session(pl.DataFrame(rows).with_columns(ended_by=pl.lit("end of the simulation")))


def _named(names: list[str] | list[str | None], numbers: pl.Series) -> pl.Series:
    """Names for numbers; a number below 0 has none."""
    return pl.Series(names, dtype=pl.String).gather(numbers.set(numbers < 0, None))


def _positive(column: str) -> pl.Expr:
    return pl.when(pl.col(column) > 0).then(pl.col(column)).alias(column)


def _touch() -> list[pl.Expr]:
    """Best prices and their sizes, null where a side is empty."""
    return [
        pl.when(pl.col(side) >= 0).then(pl.col(name)).alias(name)
        for side in ("bid", "ask")
        for name in (side, f"{side}_size")
    ]
