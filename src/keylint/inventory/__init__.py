"""The organisation's own list of keys: which key is this, and what may it do?"""

from keylint.inventory.base import Snapshot, TemplateExport
from keylint.inventory.load import load_inventory, load_templates, read_inventory
from keylint.inventory.store import dump_snapshot

__all__ = [
    "Snapshot",
    "TemplateExport",
    "dump_snapshot",
    "load_inventory",
    "load_templates",
    "read_inventory",
]
