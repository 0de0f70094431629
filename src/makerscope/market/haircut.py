# ruff: noqa: ANN001, ANN201, ANN202 - compiled functions take the integers their docstrings name
"""A haircut on profits: the alternative to deleveraging, in which nobody's position is closed.

Capital is senior, unrealised gain is junior. When some accounts are worth less than 0, the insurance fund stands for
it first; then all gains are cut in the same proportion; only what is larger than all gains is cut from what accounts
are worth. So what all may withdraw together is exactly what exists: the sum of cash (positions of one instrument sum
to 0, at one mark they are worth 0 together). The cut is a running number: when the losers recover, it shrinks by
itself.

Integers throughout; the split is ``shares.apportion``, by account number.

Source:
    The idea of Percolator (a formally checked perpetuals engine, knowledge/peers.md 1): profits are junior claims and
    are converted at h = min(residual, profits) / profits.
"""

from makerscope.kernels._jit import kernel
from makerscope.market.accounts import equity, next_open, pay, unrealised
from makerscope.market.layout import INSURANCE, ISOLATED, LEADER, NONE
from makerscope.market.liquidation import gain_of
from makerscope.market.margin import NOTHING
from makerscope.market.shares import apportion


@kernel
def claims(accounts, spec, state, end, worth, gain):
    """Fill ``worth`` ``(A,)`` with equity and ``gain`` ``(A,)`` with the junior part of it, between 0 and equity.

    ``end`` is the first account that is not on the venue; those and LEADER, which stands for another venue, have 0.

    Returns:
        Deficit: how far accounts are worth less than 0, together.
    """
    deficit = 0
    worth[:] = 0
    gain[:] = 0
    for account in range(end):
        if account == LEADER:
            continue
        worth[account] = equity(accounts, spec, state, account)
        if account != INSURANCE and worth[account] > 0:
            gain[account] = min(max(gain_of(accounts, spec, state, account), 0), worth[account])
        deficit += max(-worth[account], 0)
    return deficit


@kernel
def haircut(deficit, worth, gain, cut):
    """Split a deficit over gains: ``cut[a]`` at most ``gain[a]``; insurance gives all it is worth before anyone else.

    Returns:
        What gains and insurance do not cover.
    """
    insured = min(deficit, max(worth[INSURANCE], 0))
    gains = 0
    for account in range(gain.shape[0]):
        gains += gain[account]
    shared = min(deficit - insured, gains)
    apportion(shared, gain, cut)
    cut[INSURANCE] = insured
    return deficit - insured - shared


@kernel
def withdrawable(accounts, spec, state, end, worth, gain, cut, out):
    """Fill ``out`` ``(A,)`` with what each account could take away now; its sum is exactly the cash on the venue.

    ``worth``, ``gain``, ``cut`` ``(A,)`` are filled on the way. Margin of open positions is another limit, not looked
    at here.

    Returns:
        What was cut from capital, after all gains: 0 in all but a ruined market.
    """
    left = haircut(claims(accounts, spec, state, end, worth, gain), worth, gain, cut)
    for account in range(worth.shape[0]):
        worth[account] = max(worth[account], 0) - cut[account]
    apportion(left, worth, out)
    for account in range(worth.shape[0]):
        out[account] = worth[account] - out[account]
    return left


@kernel
def _cut_fences(accounts, spec, state, account, amount):
    """Take a cut out of the fences that hold the gains."""
    instrument = next_open(accounts, account, NOTHING)
    while instrument != NONE and amount > 0:
        part = min(amount, max(unrealised(accounts, spec, state, account, instrument), 0))
        accounts.collateral[account, instrument] -= part
        amount -= part
        instrument = next_open(accounts, account, instrument + 1)


@kernel
def pay_haircut(accounts, spec, state, end, worth, gain, cut):
    """Pay the debts of accounts that hold nothing and owe money, out of insurance and then out of gains, for good.

    Accounts below 0 with open positions may recover and are left alone.

    Returns:
        Debt that neither covers; the last debtors keep it.
    """
    claims(accounts, spec, state, end, worth, gain)
    debt = NOTHING  # a literal would compile ``haircut`` twice
    for account in range(worth.shape[0]):
        if worth[account] < 0 and next_open(accounts, account, NOTHING) == NONE:
            debt -= worth[account]
        else:
            worth[account] = max(worth[account], 0)
    left = haircut(debt, worth, gain, cut)
    debtor = 0
    for account in range(worth.shape[0]):
        owed = cut[account]
        if owed > 0 and accounts.mode[account] == ISOLATED:
            _cut_fences(accounts, spec, state, account, owed)
        while owed > 0:  # debts are paid in order of account
            while worth[debtor] >= 0:
                debtor += 1
            part = min(owed, -worth[debtor])
            pay(accounts, account, debtor, part)
            worth[debtor] += part
            owed -= part
    return left
