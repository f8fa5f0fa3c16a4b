"""Files beside the database: events of ended runs in compressed ones, and which attached ones are still named."""
