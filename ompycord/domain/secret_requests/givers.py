"""Who may give a secret to an agent that asks for it; pure."""

from ompycord.domain.catalog import Catalog
from ompycord.domain.risk.classes import RiskClass
from ompycord.domain.risk.deciders import DecisionRule
from ompycord.domain.run import RunRecord

__all__ = ["giving_rule"]


def giving_rule(catalog: Catalog, record: RunRecord) -> DecisionRule:
    """As for a call that reads a secret; but one person gives it, who meets the rule alone."""
    return catalog.rule_of(record, RiskClass.SECRET)._replace(people=1)
