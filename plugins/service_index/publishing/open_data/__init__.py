"""Open data of a release: tidy CSV, Parquet with exact numbers, and a workbook to look at."""
