"""Comments, both ways: ours on their way to an issue, and what an issue's comments say now."""
