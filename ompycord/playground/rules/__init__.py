"""Discord's rules, pure: what a body must look like, what a permission allows, how requests are limited. Knows no state."""
