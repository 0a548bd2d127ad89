"""Jira integration: a pluggable Django app that takes a host's stories to Jira and keeps both sides in step."""
