"""Settings that all tests share."""

from __future__ import annotations

from hypothesis import settings

# A first call imports JAX or fills a table, so no example has a deadline; what fails here fails everywhere.
settings.register_profile("idxcalc", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("idxcalc")
