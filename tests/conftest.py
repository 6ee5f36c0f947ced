"""Settings that all tests share."""

from __future__ import annotations

import os

from hypothesis import settings

# What a program prints is compared as text: no colours, whatever the shell asked for.
os.environ.pop("FORCE_COLOR", None)
os.environ["NO_COLOR"] = "1"

# A first call imports JAX or fills a table, so no example has a deadline; what fails here fails everywhere.
settings.register_profile("idxcalc", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("idxcalc")
