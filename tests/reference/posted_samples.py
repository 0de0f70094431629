"""What can be shown false of a posted tree of samples, by the definition: the referee of the contract's challenges."""

from makerscope.errors import AccountingError, DomainError
from makerscope.programs.sample_rule import sample_score

ORDERS = 16


def possible(leaf, rules, max_weight):
    """Whether some scorer can have made a sample, whatever its score."""
    market, _, _, weight, reference, *lists, _ = leaf
    if market >= len(rules) or not 1 <= weight <= max_weight or not 0 < reference <= 2**62:
        return False
    if any(len(lists[at]) != len(lists[at + 1]) for at in (0, 2)):
        return False
    return all(price <= 2**61 for price in lists[0] + lists[2]) and all(size < 2**63 for size in lists[1] + lists[3])


def true_score(leaf, rules):
    """The score of a possible sample, or None if it has none."""
    bids, asks = (list(zip(leaf[at], leaf[at + 1], strict=True)) for at in (5, 7))
    try:
        return sample_score(rules[leaf[0]], leaf[4], bids, asks)
    except (AccountingError, DomainError):
        return None


def false_leaf(leaf, value, rules, max_weight):
    """Whether a leaf says what is not so; ``value`` is what the tree has for it."""
    if not possible(leaf, rules, max_weight):
        return True
    score = true_score(leaf, rules)
    return score is None or leaf[9] != score or value != score * leaf[3]


def false_sum(levels, level, at):
    """Whether a node with two children has another sum than theirs."""
    children = levels[level - 1][2 * at : 2 * at + 2]
    return len(children) == 2 and levels[level][at][1] != sum(value for _, value in children)


def honest_above(levels, level, at):
    """Whether every node on the way up from a node has its children's sum (as 256 bits go)."""
    for above in range(level + 1, len(levels)):
        at //= 2
        children = levels[above - 1][2 * at : 2 * at + 2]
        if (levels[above][at][1] - sum(value for _, value in children)) % 2**256:
            return False
    return True


def false_order(first, second):
    """Whether two neighbours' keys do not ascend."""
    key = lambda leaf: (leaf[0], leaf[1], int(leaf[2], 16))  # noqa: E731
    return key(first) >= key(second)
