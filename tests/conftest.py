"""What holds for all tests."""

from hypothesis import settings

# Machines that run tests are noisy: a slow example is no failure, a failing one prints its blob.
settings.register_profile("matrix-sim", deadline=None, print_blob=True)
settings.load_profile("matrix-sim")
