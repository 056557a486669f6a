"""The key inventory at work: what is wrong with a key, what it needs no longer, and how to replace it."""
