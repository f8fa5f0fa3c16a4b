"""Ids, events, the fold, the lifecycle, authority and ports; pure, without any I/O."""
