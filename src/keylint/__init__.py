"""keylint: which key is this, what may it do, who can read it here, and what should happen next."""

__version__ = "0.1.0"
