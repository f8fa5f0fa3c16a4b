"""Benchmarks that anybody can repeat: `python -m bench`; counterpart of `docs/explanation/performance.md`."""
