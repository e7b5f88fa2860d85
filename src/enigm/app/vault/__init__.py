"""The vault: one encrypted file per profile, opened by the password and forgotten on lock."""
