"""What `--discover` proposes: sources for files and databases, from their fields, without what nobody should
publish."""
