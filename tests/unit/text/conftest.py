"""Hypothesis without its deadline: a busy machine is no failure, and no test here looks at the clock."""

from hypothesis import settings

settings.register_profile("text", deadline=None)
settings.load_profile("text")
