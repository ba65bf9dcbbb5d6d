"""What a row must be like: one check a file, each with a verdict and a reason."""
