"""Results of one repository, merged on trial."""
