"""Who may do what at this moment: roles given at run time, and those that Discord says a member has now."""
