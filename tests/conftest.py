"""What holds for all tests."""

import gc

from hypothesis import settings

# Machines that run tests are noisy: a slow example is no failure, a failing one prints its blob.
settings.register_profile("matrix-sim", deadline=None, print_blob=True)
settings.load_profile("matrix-sim")


def pytest_collection_finish() -> None:
    """What is loaded by now stays: looking for cycles in it again and again took 1/7 of the CPU."""
    gc.freeze()
    gc.set_threshold(50_000)
