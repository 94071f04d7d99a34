"""Quality: what metrics mean, specifications, rule sets; grades, their reasons and what people say against them."""
