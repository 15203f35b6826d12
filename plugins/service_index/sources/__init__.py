"""The ways in: the dossier API over HTTP, and files in the inbox."""
