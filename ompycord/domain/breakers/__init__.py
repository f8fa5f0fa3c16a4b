"""Whether something that fails is asked again now."""
