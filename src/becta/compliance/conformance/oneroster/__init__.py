"""OneRoster: packages of CSV files and REST services, versions 1.1 and 1.2."""
