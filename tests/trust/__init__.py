"""Who is trusted, and with what."""
