"""Template tags of the host."""
