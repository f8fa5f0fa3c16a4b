"""What people read beside a request for approval: its class, and who decides."""
