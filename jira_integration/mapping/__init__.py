"""Which of our fields fill which of Jira's, and what we know of Jira's."""
