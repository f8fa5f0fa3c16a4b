"""What other distributions add: listed, tried against the rules of its kind, begun from a template."""
