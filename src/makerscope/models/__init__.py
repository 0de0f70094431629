"""Published models of market making as functions: what to quote, when to hedge, how flow arrives, where it settles."""
