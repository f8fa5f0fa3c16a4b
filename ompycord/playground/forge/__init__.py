"""A forge of the playground's own: real git over HTTP, and GitHub's REST interface as far as pull requests need it.

Simulated: no GitHub answers, and nothing leaves this computer.
"""
