"""The composition root: the only place that knows concrete classes; lifespan, signals, ordered shutdown."""

from ompycord.app.run import up

__all__ = ["up"]
