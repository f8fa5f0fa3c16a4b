"""Pull requests on forges: an edge that implements `ForgePort`. Pushing a branch there is a part of `workspaces/`."""
