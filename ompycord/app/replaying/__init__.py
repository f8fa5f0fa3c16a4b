"""Recording runs, and running them again from their tapes; counterpart of `model_gateway/tapes/`."""
