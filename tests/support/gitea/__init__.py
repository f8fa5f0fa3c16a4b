"""Gitea's interface of the tests' forge: the same pull requests as people and GitHub's interface see."""
