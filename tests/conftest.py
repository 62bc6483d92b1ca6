"""What all tests share: hypothesis draws the same examples in every run, and none fails for being slow on a loaded machine."""

from hypothesis import settings

settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.register_profile("search", max_examples=2000, deadline=None)
settings.load_profile("repeatable")
