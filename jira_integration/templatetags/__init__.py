"""Template tags that a host may load."""
