"""Knowledge bases as other libraries want to be handed them. Each module needs the extra of its name."""
