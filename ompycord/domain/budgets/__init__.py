"""Budgets that several runs share: accounts of people, repositories and servers, by day and month."""
