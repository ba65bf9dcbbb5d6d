"""A society of LLM-driven personas whose scenarios ground training data for LLMs."""

__version__ = "0.1.0"
