"""Which messages execute in a block, by sorting tuples: the slow twin of ``market.ordering.arrange``.

A message is a dict with the keys kind, taker, cancel, fee, seen, serial, gas, until, delay (its speed bump), amends.
"""


def executes(policy, rule, messages, *, now, height, base_fee, room_for, oracle=0, first_block=None):
    """Indices in order of execution. ``first_block`` maps an index to the height of its first block."""
    auction = policy == "priority-fee"
    able = []
    for i, m in enumerate(messages):
        arrival = m["seen"] + m["delay"]
        tip = m["fee"] if m["fee"] >= 0 else -m["fee"] - base_fee
        if arrival > now or tip < 0 or 0 < m["until"] < height:
            continue
        if policy == "commit" and not m["cancel"] and oracle < m["seen"] + rule["price_delay"]:
            continue
        delayed = m["taker"] or m["amends"]
        if policy == "delayed-takers" and delayed and not m["cancel"]:
            first = first_block.setdefault(i, height)
            if height < first + rule["blocks"]:
                continue
        able.append((sequence(policy, rule, m, arrival, tip), m["seen"], m["serial"], i, tip))
    used, chosen = 0, []
    for _, _, _, i, tip in sorted(able):
        if used + messages[i]["gas"] > room_for(tip):
            if auction:
                continue
            break
        used += messages[i]["gas"]
        chosen.append(i)
    return chosen


def sequence(policy, rule, m, arrival, tip):
    passive_first = 2 if m["taker"] else 1 if m["cancel"] else 0
    if policy == "class-sort":
        return (passive_first, arrival)
    if policy == "class-sort-fee":
        paid = m["taker"] and m["fee"] >= rule["sort_fee"]
        return (passive_first, arrival // rule["bucket"] * rule["bucket"] if paid else arrival, -m["fee"])
    held_back = m["taker"] or m["amends"]
    others = {
        "priority-fee": (-tip,),
        "batch": (0 if m["cancel"] else 1, arrival),
        "delayed-takers": (0 if m["cancel"] else 2 if held_back else 1, m["seen"]),
        "auction": (1 if m["taker"] else 0, m["seen"]),
    }
    return others.get(policy, (arrival,))
