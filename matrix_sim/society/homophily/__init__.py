"""Homophily: similar people in groups, similar groups next to each other.

Its modules import numpy, scikit-learn and k-means-constrained: for the process that sets a society
up, not for the agents'.
"""
