"""The river in: what Jira told us (poll or webhook) becomes changes, and changes are reconciled."""
