"""Encryption of backups, in the format of age (https://age-encryption.org/v1), so that `age` itself opens them too."""
