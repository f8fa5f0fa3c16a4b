"""Secrets that agents ask for: people give them for one start of the agent, and nothing shows them."""

from ompycord.conductor.secret_requests.links import SecretLink, SecretLinks
from ompycord.conductor.secret_requests.pages import PAGE_PREFIX, SecretPages
from ompycord.conductor.secret_requests.service import SecretRequest, SecretRequests
from ompycord.conductor.secret_requests.vault import SecretVault

__all__ = ["PAGE_PREFIX", "SecretLink", "SecretLinks", "SecretPages", "SecretRequest", "SecretRequests", "SecretVault"]
