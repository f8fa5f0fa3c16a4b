"""Whether the evidence of the checks is still that of the base: what a result changed of tests and of what runs them.

`compare.py` reads the trees, `judge.py` decides; all else here is pure. The rule is docs/contracts/runs.md, *Evidence*.
"""
