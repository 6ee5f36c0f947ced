"""Imported by the fork server alone, before anything else: how what it imports and forks is to behave."""

import os
import warnings

os.environ["MPLBACKEND"] = "Agg"
warnings.filterwarnings("ignore", r"os\.fork\(\) was called", RuntimeWarning)
