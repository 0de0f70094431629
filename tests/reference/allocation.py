"""The rule of ``rewards.allocation`` read word by word, with exact fractions and no cleverness."""

from fractions import Fraction


def quotas(scores, policy):
    """Exact quotas of the accounts given; water-filling by raising everybody's cap question again and again."""
    capped = set()
    while True:
        weight = sum(score for account, score in scores.items() if account not in capped)
        pool = policy.budget - policy.unearned - policy.most * len(capped)
        quota = {
            account: Fraction(policy.most) if account in capped else Fraction(score * pool, weight)
            for account, score in scores.items()
        }
        above = {account for account in scores if account not in capped and quota[account] >= policy.most}
        if policy.above_cap == "carry" or not above:
            return quota, capped
        capped |= above


def allocate(scores, policy, excluded=frozenset()):
    """Amounts above 0 by account."""
    stay = {account: score for account, score in scores.items() if score > 0 and account not in excluded}
    while stay:
        quota, capped = quotas(stay, policy)
        lowest = min(stay.values())
        below = [account for account, score in stay.items() if score == lowest and quota[account] < policy.floor]
        if policy.below_floor == "carry" or not below:
            break
        stay = {account: score for account, score in stay.items() if score > lowest}
    if not stay:
        return {}
    amounts = {account: int(value) for account, value in quota.items()}
    rest = sorted((account for account in stay if account not in capped), key=lambda a: (amounts[a] - quota[a], a))
    left = int(sum(quota[account] for account in rest)) - sum(amounts[account] for account in rest)
    for account in rest[:left]:
        amounts[account] += 1
    return {
        account: min(amount, policy.most)
        for account, amount in amounts.items()
        if amount > 0 and quota[account] >= policy.floor
    }
