"""Pure renderers of a run's snapshot: card, channel summary, result, question, board, notices, help and plain text.

Nothing here has a clock or awaits anything; counterpart of `domain.fold`, which makes the snapshot.
"""
