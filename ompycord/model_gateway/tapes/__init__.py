"""Tapes: what a run's agent asked models, and was answered, kept so that the run can be played again."""
