"""What keeps an endpoint full and never overruns it, shared by all processes that ask it.

`gate.py` is what a call passes; it lives on leases (`lease.py`) that one `limiter.py` gives out,
by `lane.py` for each endpoint: `concurrency.py` (requests at once), `rates.py` (by the minute),
`breaker.py` (whether it is up) and `shares.py` (who gets how much).
"""
