"""Pull requests on Gitea and Forgejo, which speak the same interface; counterpart of `forge/github*.py`."""
