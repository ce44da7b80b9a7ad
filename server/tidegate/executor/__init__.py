"""The shell: turns what is owed into deeds and deeds into reports, and holds the only clock."""
