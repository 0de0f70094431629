"""A venue's book by definition: a list of orders in order of arrival, looked through for every message."""

from fractions import Fraction
from math import floor


class MarketBook:
    """Orders are lists [account, slot, side, price, size]; fills are (maker, taker, maker's side, price, size)."""

    def __init__(self, *, pro_rata=False, self_trade="expire-taker"):
        self.pro_rata, self.self_trade = pro_rata, self_trade
        self.orders, self.fills = [], []

    def _find(self, account, slot):
        return next((order for order in self.orders if order[:2] == [account, slot]), None)

    def cancel(self, account, slot):
        old = self._find(account, slot)
        if old:
            self.orders.remove(old)

    def _meets(self, side, limit):
        """The other side's orders within the limit, best price first, then by arrival."""
        other = [order for order in self.orders if order[2] == -side]
        inside = [order for order in other if limit is None or side * (limit - order[3]) >= 0]
        return sorted(inside, key=lambda order: side * order[3])  # stable: arrival stays

    def place(self, account, slot, side, price, size, *, post_only=False):
        old = self._find(account, slot)
        if old and old[2:4] == [side, price] and size <= old[4]:
            old[4] = size
            return
        if old:
            self.orders.remove(old)
        if post_only and self._meets(side, price):
            return
        left = self._trade(account, side, price, size)
        if left:
            self.orders.append([account, slot, side, price, left])

    def take(self, account, side, limit, size, *, whole=False):
        if whole:
            before, fills = [list(order) for order in self.orders], len(self.fills)
            self._trade(account, side, limit, size)
            if sum(fill[4] for fill in self.fills[fills:]) < size:  # as if it had never come
                self.orders, self.fills = before, self.fills[:fills]
            return
        self._trade(account, side, limit, size)

    def _trade(self, account, side, limit, size):
        while size:
            inside = self._meets(side, limit)
            if not inside:
                return size
            level = [order for order in inside if order[3] == inside[0][3]]
            mine = [order for order in (level if self.pro_rata else level[:1]) if order[0] == account]
            if mine:
                gone = {"expire-taker": [], "expire-maker": mine, "expire-both": mine[:1]}[self.self_trade]
                for order in gone:
                    self.orders.remove(order)
                if self.self_trade != "expire-maker":
                    return 0
                continue
            size -= self._share(account, side, level, size)
        return 0

    def _share(self, account, side, level, size):
        """What one price gives to an aggressor."""
        lots = [0] * len(level)
        total = sum(order[4] for order in level)
        most = min(size, total)
        if self.pro_rata:
            lots = [floor(Fraction(order[4] * most, total)) for order in level]
        for n, order in enumerate(level):
            lots[n] += min(order[4] - lots[n], most - sum(lots))
        for order, traded in zip(level, lots, strict=True):
            if traded:
                self.fills.append((order[0], account, -side, order[3], traded))
                order[4] -= traded
                if not order[4]:
                    self.orders.remove(order)
        return most
