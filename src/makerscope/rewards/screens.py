"""Screens for wash and self trades: what each account's fills show, with evidence; a screen accuses, a rule decides.

A screen measures one share of an account's volume (as maker and as taker, each fill once) and flags the account where
the share reaches a threshold and enough fills stand behind it:

* ``self_trade``: with itself.
* ``same_funder``: with accounts that were paid by the same account, as far as ``transfers`` tell (``rewards.funders``).
* ``pair``: with one account that trades as exclusively with it, most of it there and back.
* ``riskless``: lots that went back to the same counterparty within ``riskless_window_s``: a position nobody held.
* ``counterparty``: with one counterparty, whatever the direction. Weak alone: a big honest taker looks the same.

In a market of few accounts honest lots go back to the same counterparty by chance: the demo tape's fastest maker has
29 % of its volume in such lots. So ``pair`` and ``riskless`` look only at pairs that met more often than chance: the
share of one's volume that was with the other must exceed the other's share of everybody else's volume by ``lift_ppm``.

What a flag does is in the rule: ``report`` (nothing, the default), ``volume`` (the flagged volume does not count) or
``account`` (the account is not paid). A rule is published before the epoch, and rule, flags and consequences stand in
the bundle. Precedent for zeroing accounts: Injective governance, proposal 193, addresses with 62 to 75 % self trades.
"""

from collections.abc import Mapping
from typing import Literal

import polars as pl
from msgspec import Struct

from makerscope.errors import InputError
from makerscope.metrics.share import with_notional
from makerscope.metrics.worth import exact
from makerscope.rewards.funders import funded, groups
from makerscope.rewards.pair_flows import pair_flows
from makerscope.tape.events import Instrument
from makerscope.tape.read import Tape
from makerscope.tape.sweeps import is_no_trade

SCREENS = ("self_trade", "same_funder", "pair", "riskless", "counterparty")
Consequence = Literal["report", "volume", "account"]
MILLION = 1_000_000
SECOND = 1_000_000_000
EXAMPLES = 3  # fills named by a flag


class ScreenRule(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Thresholds and consequences. Shares in millionths of an account's volume; a share at the threshold is flagged.

    ``pair_reversed_ppm``: the least share of the pair's own volume that went there and back. ``most_funded``: who
    funds more accounts is taken for an exchange. ``consequences``: by name of the screen; ``report`` where none stands.
    """

    min_fills: int = 20
    self_trade_ppm: int = 50_000
    same_funder_ppm: int = 50_000
    pair_ppm: int = 500_000
    pair_reversed_ppm: int = 800_000
    riskless_ppm: int = 250_000
    lift_ppm: int = 250_000
    riskless_window_s: int = 60
    counterparty_ppm: int = 500_000
    funding_window_s: int = 3_600
    most_funded: int = 20
    consequences: dict[str, Consequence] = {}

    def __post_init__(self) -> None:
        """Refuse thresholds that flag everybody or nobody.

        Raises:
            InputError: a threshold is out of range, or a consequence names no screen.
        """
        for name in self.__struct_fields__:
            value = getattr(self, name)
            if name.endswith("_ppm") and not 1 <= value <= MILLION:
                raise InputError(f"screens: {name}", f"is {value}", "1 to 1000000 millionths")
            if name.endswith("_s") and not 1 <= value <= 10**7:
                raise InputError(f"screens: {name}", f"is {value}", "1 to 10000000 seconds")
            if name in ("min_fills", "most_funded") and not 1 <= value <= 10**9:
                raise InputError(f"screens: {name}", f"is {value}", "1 or more")
        unknown = next((name for name in self.consequences if name not in SCREENS), None)
        if unknown is not None:
            raise InputError("screens: consequences", f"names {unknown!r}", ", ".join(SCREENS))


class Flag(Struct, frozen=True, kw_only=True):
    """One account that one screen flagged, and why.

    ``volume`` of ``fills`` fills is what the screen is about, ``total`` all the account's volume, both exact decimals
    in ``quote``; ``share_ppm`` is the one of the other. ``counterparties``: whom it traded that with. ``examples``: the
    first fill with each of the largest, as ``instrument serial @time``.
    """

    screen: str
    account: str
    quote: str
    fills: int
    volume: str
    total: str
    share_ppm: int
    threshold_ppm: int
    counterparties: tuple[str, ...]
    examples: tuple[str, ...]
    consequence: Consequence


class Screening(Struct, frozen=True, kw_only=True):
    """What the screens found, and what could not be screened and why."""

    rule: ScreenRule
    flags: tuple[Flag, ...]
    findings: tuple[str, ...]

    def excluded_accounts(self) -> dict[str, str]:
        """Accounts that the rule does not pay, with the reason."""
        return {
            flag.account: f"screen {flag.screen}: {flag.share_ppm} of a million of its volume in {flag.quote}"
            for flag in reversed(self.flags)
            if flag.consequence == "account"
        }

    def excluded_pairs(self) -> tuple[tuple[str, str], ...]:
        """Pairs of accounts whose fills with each other are no volume, by the rule: names in order, pairs in order."""
        pairs = {
            (min(flag.account, other), max(flag.account, other))
            for flag in self.flags
            if flag.consequence == "volume"
            for other in flag.counterparties
        }
        return tuple(sorted(pairs))


def screen_tape(tape: Tape, rule: ScreenRule, *, since: int | None = None, until: int | None = None) -> Screening:
    """Screen all fills of a tape, or of ``since <= time < until`` (ns)."""
    columns = ["exchange_time", "local_time", "serial", "instrument", "maker", "taker", "side", "price", "size"]
    fills = tape.read("fills", since=since, until=until, columns=[*columns, "purpose", "fill"])
    fills = fills.with_columns(time=pl.coalesce("exchange_time", "local_time"))
    moves = tape.read("transfers", until=until).with_columns(time=pl.coalesce("exchange_time", "local_time"))
    return screen(fills, tape.instruments, rule, transfers=moves if tape.has("transfers") else None)


def screen(
    fills: pl.DataFrame,
    instruments: Mapping[str, Instrument],
    rule: ScreenRule,
    *,
    transfers: pl.DataFrame | None = None,
) -> Screening:
    """Screen fills.

    Args:
        fills: table ``fills`` with ``time`` (ns). Settlements and forced transfers are left out; a fill that does not
            name both its accounts cannot be screened and is counted in the findings.
        instruments: by name; volumes of different quote currencies are never added.
        rule: thresholds and consequences.
        transfers: table ``transfers`` with ``time``; None: the tape has none.

    Returns:
        Flags in order of screen, then of account.
    """
    trades = fills.filter(~is_no_trade())
    named = trades.filter(pl.col("maker").is_not_null(), pl.col("taker").is_not_null())
    findings = []
    if named.height < trades.height:
        findings.append(f"{trades.height - named.height} of {trades.height} fills do not name maker and taker")
    if transfers is None:
        findings.append("same_funder not screened: the tape has no transfers")
    if not named.height:
        return Screening(rule=rule, flags=(), findings=(*findings, "no fill names maker and taker: nothing screened"))
    flows = pair_flows(with_notional(named, instruments), window=rule.riskless_window_s * SECOND)
    moves = funded(transfers, window=rule.funding_window_s * SECOND) if transfers is not None else []
    sides = _sides(flows, groups(moves, most_funded=rule.most_funded))
    flags = [flag for name in SCREENS for flag in _flags(name, sides, rule) if flag.account in set(named["maker"])]
    return Screening(rule=rule, flags=tuple(flags), findings=tuple(findings))


def _sides(flows: pl.DataFrame, group: Mapping[str, str]) -> pl.DataFrame:
    """Each pair seen from both of its accounts: ``account, counterparty``, and what all of it is a share of."""
    mirror = flows.rename({"one": "other", "other": "one"}).select(flows.columns)
    both = pl.concat([flows, mirror.filter(pl.col("one") != pl.col("other"))])
    seen = both.rename({"one": "account", "other": "counterparty"}).with_columns(
        total=pl.col("volume").sum().over("quote", "account"),
        alone=pl.col("account") == pl.col("counterparty"),
        group=pl.col("account").replace_strict(group, default=None, return_dtype=pl.String),
        other_group=pl.col("counterparty").replace_strict(group, default=None, return_dtype=pl.String),
    )
    their = seen.select("quote", counterparty="account", account="counterparty", their_total="total")
    market = flows.group_by("quote").agg(market=pl.col("volume").sum())
    lifts = [_lift("total", "their_total"), _lift("their_total", "total")]
    return (
        seen.join(their, on=["quote", "account", "counterparty"], how="left")
        .join(market, on="quote", how="left")
        .with_columns(lift=pl.max_horizontal(lifts))
    )


def _lift(one: str, other: str) -> pl.Expr:
    """By how much the share of one's volume with the other exceeds the other's share of all volume without the one."""
    elsewhere = pl.col("market") - pl.col(one)
    by_chance = pl.when(elsewhere > 0).then((pl.col(other) - pl.col("volume")) * MILLION // elsewhere).otherwise(0)
    return pl.col("volume") * MILLION // pl.col(one) - by_chance


def _concerned(name: str, sides: pl.DataFrame, rule: ScreenRule) -> pl.DataFrame:
    """The pairs that a screen is about, with the part of their ``volume`` and ``fills`` that it is about."""
    others = sides.filter(~pl.col("alone"))
    if name == "self_trade":
        return sides.filter("alone")
    if name == "same_funder":
        return others.filter(pl.col("group") == pl.col("other_group"))
    if name == "counterparty":
        return others.filter(pl.col("volume") * MILLION >= pl.col("total") * rule.counterparty_ppm)
    together = others.filter(pl.col("lift") >= rule.lift_ppm)
    if name == "riskless":
        back = together.filter(pl.col("riskless") * MILLION >= pl.col("volume") * rule.riskless_ppm)
        return back.with_columns(volume="riskless", fills="riskless_fills")
    return together.filter(
        pl.col("volume") * MILLION >= pl.max_horizontal("total", "their_total") * rule.pair_ppm,
        pl.col("reversed") * MILLION >= pl.col("volume") * rule.pair_reversed_ppm,
    )


def _flags(name: str, sides: pl.DataFrame, rule: ScreenRule) -> list[Flag]:
    threshold = int(getattr(rule, f"{name}_ppm"))
    rows = _concerned(name, sides, rule)
    found = (
        rows.sort("volume", "counterparty", descending=[True, False])
        .group_by("account", "quote", maintain_order=True)
        .agg(
            pl.col("total", "decimals").first(),
            pl.col("fills", "volume").sum(),
            pl.col("counterparty"),
            example=pl.format("{} serial {} @{}", "first_instrument", "first_serial", "first_time").head(EXAMPLES),
        )
        .filter(pl.col("fills") >= rule.min_fills)
        .sort("account", "quote")
    )
    flags = []
    for row in found.iter_rows(named=True):
        share = int(row["volume"]) * MILLION // int(row["total"]) if row["total"] else 0
        if share >= threshold:
            flags.append(
                Flag(
                    screen=name,
                    account=row["account"],
                    quote=row["quote"],
                    fills=row["fills"],
                    volume=exact(int(row["volume"]), row["decimals"]),
                    total=exact(int(row["total"]), row["decimals"]),
                    share_ppm=share,
                    threshold_ppm=threshold,
                    counterparties=tuple(sorted(row["counterparty"])),
                    examples=tuple(row["example"]),
                    consequence=rule.consequences.get(name, "report"),
                )
            )
    return flags
