"""`vade bench retrieval`: how well search finds on a judged collection, by arm, and beside other programs."""
