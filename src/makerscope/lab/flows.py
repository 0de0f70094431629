"""Who paid whom, in whole base units: every fill at the final mark, every fee, funding and penalty, between parties.

A party is a maker under test, the agents of one table of the scenario, or one of the venue's own accounts. Nobody holds
a position at the start, so what a fill was worth at the final mark, added to all payments, is each party's whole change
of equity: ``check`` compares the two, to the last unit. Funding and haircuts have no counterparty by nature; a pool
stands for it, which receives exactly what it pays.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from makerscope.errors import AccountingError
from makerscope.market.layout import A_LEAD, FEES, GAS_SINK, KIND, LEADER, MARK, NONE, UNIT
from makerscope.market.log import (
    DELEVERAGED,
    DEPOSIT,
    GAS,
    HAIRCUT,
    INSURED,
    LIQUIDATED,
    NO_FUNDING,
    PENALTY,
    PLAIN,
    PRIORITY_FEE,
    REWARD,
    SETTLEMENT,
    SOCIALISED,
    T_FILLS,
    T_MARKS,
    T_TRANSFERS,
    TAKEN_OVER,
    Log,
)

Ints = NDArray[np.int64]
POOLS = ("funding", "haircuts")
KINDS = (
    "trades", "liquidations", "deleveraging", "takeovers", "hedges", "fees", "gas", "funding", "insurance", "penalties",
    "rewards", "haircuts",
)  # fmt: skip
OF_FILL = {PLAIN: 0, LIQUIDATED: 1, DELEVERAGED: 2, TAKEN_OVER: 3}
HEDGE, FEE, GASES, FUNDINGS = 4, 5, 6, 7
OF_TRANSFER = {INSURED: 8, PENALTY: 9, REWARD: 10, HAIRCUT: 11, SOCIALISED: 11}


@dataclass(slots=True, kw_only=True)
class Flows:
    """Payments between parties, added up while a world runs.

    ``party`` ``(A,)``: of each account. ``names``: of the parties, the pools last. ``spec``: of the instruments.
    """

    party: Ints
    names: list[str]
    spec: Ints
    lots: dict[int, int] = field(default_factory=dict)
    cash: dict[int, int] = field(default_factory=dict)
    paid: dict[tuple[int, int, int], int] = field(default_factory=dict)
    held: Ints = field(init=False)

    def __post_init__(self) -> None:
        self.held = np.zeros((len(self.names), len(self.spec)), np.int64)

    def read(self, log: Log) -> None:
        """Take in what a log holds."""
        fills = log.fills[: log.count[T_FILLS]]
        marks = log.marks[: log.count[T_MARKS]]
        self._fund(fills, marks[(marks[:, 4] != NO_FUNDING) & (marks[:, 4] != 0)])
        if len(fills):
            self._trade(_paired(fills, self.spec))
            self._charge(fills)
        self._transfer(log.transfers[: log.count[T_TRANSFERS]])

    def matrix(self, mark: Ints) -> dict[tuple[str, str, str], int]:
        """What each party received from each, by kind: ``(receiver, payer, kind)``, above 0."""
        out = dict(self.paid)
        parties, instruments = len(self.names), len(self.spec)
        for key, lots in self.lots.items():
            rest, i = divmod(key, instruments)
            rest, taker = divmod(rest, parties)
            kind, maker = divmod(rest, parties)
            _add(out, maker, taker, kind, lots * int(mark[i]) * int(self.spec[i, UNIT]) - self.cash[key])
        net: dict[tuple[str, str, str], int] = {}
        for (receiver, payer, kind), amount in out.items():
            if receiver != payer and amount:
                pair = (receiver, payer) if amount > 0 else (payer, receiver)
                net[self.names[pair[0]], self.names[pair[1]], KINDS[kind]] = abs(amount)
        return net

    def check(self, mark: Ints, gained: Ints) -> None:
        """Compare with ``gained`` ``(A,)``, each account's change of equity by the simulator's own books.

        Raises:
            AccountingError: a party's payments are not its change of equity: a defect, not a market.
        """
        by_party: dict[str, int] = dict.fromkeys(self.names, 0)
        for account, amount in enumerate(gained.tolist()):
            by_party[self.names[self.party[account]]] += amount
        for (receiver, payer, _), amount in self.matrix(mark).items():
            by_party[receiver] -= amount
            by_party[payer] += amount
        wrong = next((name for name, left in by_party.items() if left), None)
        if wrong is not None:
            raise AccountingError(
                f"payments of {wrong} differ from its change of equity by {by_party[wrong]} base units; want 0"
            )

    def _fund(self, fills: Ints, due: Ints) -> None:
        """Funding is paid on what all trades of its block left; its rows are a ns late."""
        for time, i, _mark, _index, amount in due.tolist():
            held = self.held[:, i].copy()
            self._hold(held, fills[(fills[:, 0] < time) & (fills[:, 1] == i)])
            pool = self.names.index(POOLS[0])
            for party in np.flatnonzero(held).tolist():
                _add(self.paid, pool, party, FUNDINGS, int(held[party]) * amount)
        for i in np.unique(fills[:, 1]).tolist():
            self._hold(self.held[:, i], fills[fills[:, 1] == i])

    def _hold(self, held: Ints, fills: Ints) -> None:
        """Add the lots of fills of one instrument to what each party holds."""
        lots = fills[:, 4] * fills[:, 6]
        known = fills[:, 2] != NONE
        np.add.at(held, self.party[fills[known, 2]], lots[known])
        np.add.at(held, self.party[fills[:, 3]], -lots)

    def _trade(self, rows: Ints) -> None:
        """Add fills by who dealt with whom, how, and in what."""
        parties, instruments = len(self.names), len(self.spec)
        kind = np.where(self.spec[rows[:, 1], KIND] == A_LEAD, HEDGE, _kinds(rows[:, 13]))
        key = (kind * parties + self.party[rows[:, 2]]) * parties + self.party[rows[:, 3]]
        key = key * instruments + rows[:, 1]
        lots = rows[:, 4] * rows[:, 6]
        worth = lots * rows[:, 5] * self.spec[rows[:, 1], UNIT]
        found, at = np.unique(key, return_inverse=True)
        sums = np.zeros((2, len(found)), np.int64)
        np.add.at(sums[0], at, lots)
        np.add.at(sums[1], at, worth)
        for one, size, money in zip(found.tolist(), *sums.tolist(), strict=True):
            self.lots[one] = self.lots.get(one, 0) + size
            self.cash[one] = self.cash.get(one, 0) + money

    def _charge(self, fills: Ints) -> None:
        """Fees of both sides; the leading venue keeps its own."""
        lead = self.spec[fills[:, 1], KIND] == A_LEAD
        for account, fee, kept in ((2, 7, fills[:, 2] != NONE), (3, 8, True)):
            for owner, where in ((FEES, ~lead), (LEADER, lead)):
                rows = fills[where & kept & (fills[:, fee] != 0)]
                total = np.zeros(len(self.names), np.int64)
                np.add.at(total, self.party[rows[:, account]], rows[:, fee])
                for party in np.flatnonzero(total).tolist():
                    _add(self.paid, int(self.party[owner]), party, FEE, int(total[party]))

    def _transfer(self, rows: Ints) -> None:
        """Money outside fills. Two rows in succession that mirror each other are one payment."""
        gas = (rows[:, 3] == GAS) | (rows[:, 3] == PRIORITY_FEE)
        total = np.zeros(len(self.names), np.int64)
        np.add.at(total, self.party[rows[gas, 1]], -rows[gas, 4])
        for party in np.flatnonzero(total).tolist():
            _add(self.paid, int(self.party[GAS_SINK]), party, GASES, int(total[party]))
        rest = rows[~gas & (rows[:, 3] != DEPOSIT)].tolist()
        pool = self.names.index(POOLS[1])
        n = 0
        while n < len(rest):
            _, account, _, kind, amount, _ = rest[n]
            mirrored = n + 1 < len(rest) and rest[n + 1][3:5] == [kind, -amount]
            other = int(self.party[rest[n + 1][1]]) if mirrored else pool
            _add(self.paid, int(self.party[account]), other, OF_TRANSFER[kind], amount)
            n += 1 + mirrored


def _paired(fills: Ints, spec: Ints) -> Ints:
    """Fills with both sides named: a hedge is with the leading venue, and a position that changed hands is two rows.

    Settlement is left out: it is at the final mark.
    """
    rows = fills[fills[:, 13] != SETTLEMENT].copy()
    alone = rows[:, 2] == NONE
    rows[alone & (spec[rows[:, 1], KIND] == A_LEAD), 2] = LEADER
    moved = np.flatnonzero(rows[:, 2] == NONE)
    if len(moved) % 2:
        raise AccountingError("a position changed hands without another side; this is a defect of makerscope")
    rows[moved[::2], 2] = rows[moved[1::2], 3]
    return np.delete(rows, moved[1::2], axis=0)


def _kinds(how: Ints) -> Ints:
    out = np.zeros(len(how), np.int64)
    for value, kind in OF_FILL.items():
        out[how == value] = kind
    return out


def _add(out: dict[tuple[int, int, int], int], receiver: int, payer: int, kind: int, amount: int) -> None:
    """Add a payment; between two parties it is kept one way round."""
    if receiver > payer:
        receiver, payer, amount = payer, receiver, -amount
    out[receiver, payer, kind] = out.get((receiver, payer, kind), 0) + amount


def mark_of(state: Ints) -> Ints:
    """Marks ``(I,)`` of the instruments as they stand, ticks."""
    return state[:, MARK].copy()
