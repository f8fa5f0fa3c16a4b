"""What agents ask of people, the same for every dialect: approval of a tool call, and how many requests wait."""
