"""What ended runs keep on this disk: which of it goes, and what is archived before."""
