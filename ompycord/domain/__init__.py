"""Pure: ids, events, the fold, the lifecycle, authority, ports."""
