"""What README's figures come from: `make bench`. docs of each figure stand in RESULTS.md, which run.py writes."""
