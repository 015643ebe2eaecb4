"""`vade serve`: `static` serves a published tree on this machine, for a look at it before it goes to a host."""
