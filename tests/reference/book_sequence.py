"""The rule of sequence by definition, one message at a time."""


def follow(messages):
    """``messages`` of (snapshot, before, last) to (order of application, fate of each, breaks)."""
    state, fresh, order, fate, breaks, waiting = None, False, [], {}, 0, []
    for i, (whole, _, last) in enumerate(messages):
        fate[i] = "waiting"
        if whole:
            if state is not None and last <= state:
                fate[i] = "old snapshot"
            else:
                state, fresh, fate[i] = last, True, "applied"
                order.append(i)
        else:
            waiting.append(i)
        while waiting and state is not None:
            j = waiting[0]
            _, before, end = messages[j]
            if end <= state:
                fate[j] = "covered"
            elif before == state or (fresh and before <= state):
                state, fresh, fate[j] = end, False, "applied"
                order.append(j)
            else:
                state, breaks = None, breaks + 1
                break
            waiting.pop(0)
    return order, fate, breaks
