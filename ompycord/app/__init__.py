"""The composition root: the only place that knows concrete classes; lifespan, signals, ordered shutdown.

It imports nothing by itself: `ompycord.app.run` loads the whole product, for which a command that only asks must not
wait.
"""
