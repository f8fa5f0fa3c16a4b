"""How a result that is on its branch here becomes a pull request: part of the step `publish`."""

from ompycord.engines.publication.proposal import OpenForge, Proposals, PublishedResult, RecordFacts, RunReport

__all__ = ["OpenForge", "Proposals", "PublishedResult", "RecordFacts", "RunReport"]
