"""The Public Service Index Warehouse: from the source API to published rankings."""
