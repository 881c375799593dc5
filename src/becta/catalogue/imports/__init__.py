"""Reading catalogue files: rows in, faults named by line and field, nothing half written."""
