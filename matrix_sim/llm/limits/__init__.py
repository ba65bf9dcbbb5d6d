"""What keeps an endpoint full and never overruns it, shared by all processes that ask it.

A call passes its process's gate (`gate.py`; `gates.py` makes one for each endpoint) and waits there
for a permit (`admission.py`). The gate asks nobody: it goes by a lease, and renews that in the
background. With each renewal it reports what it saw since the last one (`tally_book.py`, and
`headers.py` for what the endpoint says of itself); `lease.py` is all that travels.

The one `limiter.py` of a run answers with the next lease. For each endpoint it keeps
`lane_limits.py`: how many requests at once (`concurrency.py`, which judges latencies by
`samples.py`, requests turned away by `refusals.py`, fewer replies than before by `watch.py`), how
many requests and tokens a minute (`rates.py`; what a request will take, gates tell by
`token_estimate.py`), whether it is up at all (`breaker.py`), and which
holder gets how much of that (`shares.py`). `news.py` tells people.
"""
