"""Sign-in for htmx requests: the whole page goes to the sign-in form, not a fragment of it."""
