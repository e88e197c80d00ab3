"""Hypothesis profiles: `quick`, and `thorough` if the environment variable `HYPOTHESIS_PROFILE` says so.

No example has a deadline, because how long it takes depends on how busy the machine is.
"""

import os

from hypothesis import HealthCheck, settings

settings.register_profile(
    "quick", deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("thorough", settings.get_profile("quick"), max_examples=1000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))
