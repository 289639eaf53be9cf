"""A mutation run over the rule code: do the tests notice when a rule is changed."""
