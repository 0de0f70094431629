"""Own orders in a recorded market in plain Python: dictionaries and lists, one event after another."""

from dataclasses import dataclass, field

FAR = 1e18


@dataclass
class Order:
    account: int
    slot: int
    side: int
    price: int
    size: int
    ahead: float
    traded: int = 0


@dataclass
class Market:
    """Events: ("level", side, price, size), ("snap", [(side, price, size), ...]), ("trade", aggressor, price, size),
    ("place", account, slot, side, price, size), ("take", account, side, limit, size), ("cancel", account, slot)."""

    model: str
    book: dict = field(default_factory=lambda: {1: {}, -1: {}})
    spent: dict = field(default_factory=dict)
    orders: list = field(default_factory=list)  # in order of arrival
    fills: list = field(default_factory=list)  # account, side, price, size, "maker" or "taker"
    refused: int = 0

    def run(self, events):
        for name, *facts in events:
            getattr(self, name)(*facts)
        return self.fills

    def shows(self, side, price):
        """Whether the recording reaches down to a price."""
        return price in self.book[side] or any(side * (price - other) > 0 for other in self.book[side])

    def moved(self, o, before, after):
        if self.model != "front":
            gone = before - o.traded - after
            if self.model == "share" and gone > 0 and 0 < o.ahead < FAR:
                behind = max(before - o.traded - o.ahead, 0.0)
                share = o.ahead / (o.ahead + behind)
                o.ahead = o.ahead - share * gone + min(behind - (1.0 - share) * gone, 0.0)
            o.ahead = max(min(o.ahead, after), 0.0)
        o.traded = 0

    def changed(self, side, price, before, after):
        taken = self.spent.get((side, price), 0)
        if taken:
            self.spent[side, price] = max(taken - max(before - after, 0), 0)

    def level(self, side, price, size):
        before = self.book[side].get(price, 0)
        self.book[side].pop(price, None)
        if size:
            self.book[side][price] = size
        if before != size:
            for o in self.orders:
                if (o.side, o.price) == (side, price):
                    self.moved(o, before, size)
            self.changed(side, price, before, size)

    def snap(self, rows):
        old = {side: dict(levels) for side, levels in self.book.items()}
        self.book = {1: {}, -1: {}}
        for side, price, size in rows:
            if size:
                self.book[side][price] = size
        for o in self.orders:
            if self.shows(o.side, o.price):
                self.moved(o, old[o.side].get(o.price, 0), self.book[o.side].get(o.price, 0))
        for side, price in list(self.spent):
            self.changed(side, price, old[side].get(price, 0), self.book[side].get(price, 0))

    def trade(self, aggressor, price, size):
        left, side = size, -aggressor
        for o in sorted(
            (o for o in self.orders if o.side == side), key=lambda o: -side * o.price
        ):  # stable: then by arrival
            if side * (o.price - price) < 0:
                break
            if o.price == price:
                fill = min(o.size, int(left - o.ahead)) if left > o.ahead else 0
                if o.ahead < FAR:
                    o.ahead = max(o.ahead - left, 0.0)
                o.traded += size
            else:
                fill = min(o.size, left)
            if fill:
                left -= fill
                o.size -= fill
                self.fills.append((o.account, side, o.price, fill, "maker"))
        self.orders = [o for o in self.orders if o.size]

    def walk(self, side, limit, size):
        """Levels an own taker meets, and what each offers it."""
        for price in sorted(self.book[-side], reverse=side < 0):
            if limit is not None and side * (price - limit) > 0:
                return
            offered = self.book[-side][price] - self.spent.get((-side, price), 0)
            lots = min(max(offered, 0), size)
            if lots:
                size -= lots
                yield price, lots
            if not size:
                return

    def take(self, account, side, limit, size):
        for price, lots in list(self.walk(side, limit, size)):
            self.spent[-side, price] = self.spent.get((-side, price), 0) + lots
            self.fills.append((account, side, price, lots, "taker"))

    def cancel(self, account, slot):
        self.orders = [o for o in self.orders if (o.account, o.slot) != (account, slot)]

    def place(self, account, slot, side, price, size):
        """Post-only; replaces what is in the slot."""
        for o in self.orders:
            if (o.account, o.slot, o.side, o.price) == (account, slot, side, price) and size <= o.size:
                o.size = size
                return
        self.cancel(account, slot)
        meets = any(o.side == -side and side * (price - o.price) >= 0 for o in self.orders)
        if meets or list(self.walk(side, price, 1)):
            self.refused += 1
            return
        here = self.book[side].get(price, 0)
        ahead = 0.0 if self.model == "front" else float(here) if here else 0.0 if self.shows(side, price) else FAR
        self.orders.append(Order(account, slot, side, price, size, ahead))
