"""The line that a clean run ends with. No imports: the hook's fast path prints it as well."""

from __future__ import annotations


def clean_summary(files: int, size: int, rules: int) -> str:
    """The whole output of a run that found nothing; `size` is in bytes."""
    return f"keylint: no findings in {amount(files, 'file')} ({human_bytes(size)}, {amount(rules, 'rule')})"


def amount(count: int, noun: str) -> str:
    """`1 file`, `2,000 files`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def human_bytes(size: int) -> str:
    """A number of bytes for people: `0 B`, `1.2 KB` (1 KB is 1,024 bytes)."""
    value = float(size)
    for unit in ("B", "KB", "MB", "GB"):
        if value < 1024:
            return f"{size} B" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1024
    return f"{value:.1f} TB"
