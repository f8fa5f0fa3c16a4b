"""The way of recordings to a provider that makes text of them."""
