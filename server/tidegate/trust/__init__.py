"""Trust: the certificate authority, what it issues, and the safe of protected settings."""
