"""Documents of a release that people sign, file and print: Word, PDF, spreadsheet."""
