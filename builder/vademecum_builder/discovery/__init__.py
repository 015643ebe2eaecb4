"""What `--discover` proposes: sources in files and databases, from their fields, and what nobody should publish."""
