"""The river out: plan, push, and what people do to runs."""
