"""The stub: a deterministic endpoint for tests, demos and scaling.

It answers from its seed and the prompt, in process (`endpoint`) or over HTTP (`server`).
"""
