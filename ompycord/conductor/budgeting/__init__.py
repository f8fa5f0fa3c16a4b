"""Budgets that runs share: who has what left, who keeps them, in whose turn runs start."""

from ompycord.conductor.budgeting.accounts import SharedAccounts
from ompycord.conductor.budgeting.book import BudgetBook
from ompycord.conductor.budgeting.fair_queue import FairQueue
from ompycord.conductor.budgeting.keeper import SharedBudgetKeeper

__all__ = ["BudgetBook", "FairQueue", "SharedAccounts", "SharedBudgetKeeper"]
