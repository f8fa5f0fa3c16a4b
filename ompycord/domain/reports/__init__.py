"""What agents report in a shape of ours: plans and findings; pure. `dialects/reports/` reads them out of a text."""
