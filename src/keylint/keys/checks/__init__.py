"""All checks. Importing this package fills the registry, in the order of the documentation."""

from keylint.keys.checks import life, network, pairs, people, places, template
from keylint.keys.checks.base import REGISTRY, Check, Context, Grade, Issue

__all__ = [
    "REGISTRY",
    "Check",
    "Context",
    "Grade",
    "Issue",
    "life",
    "network",
    "pairs",
    "people",
    "places",
    "template",
]
