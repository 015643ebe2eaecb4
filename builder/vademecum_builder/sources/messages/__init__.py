"""Archives of messages: what programs export, and tables; cut into documents by several strategies."""
