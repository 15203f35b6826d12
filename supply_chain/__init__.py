"""What is installed and what is committed: known vulnerabilities, bill of materials, secrets."""
