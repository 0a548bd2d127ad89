"""Stories & QA: the host, where a team keeps epics, user stories and test cases."""
