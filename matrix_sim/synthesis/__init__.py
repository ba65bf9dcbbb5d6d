"""MATRIX-Gen: from what happened to rows of data sets (arXiv 2410.14251, section 4)."""
