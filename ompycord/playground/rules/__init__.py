"""Discord's rules, without state: what a body must look like, what permissions allow, how requests are limited."""
