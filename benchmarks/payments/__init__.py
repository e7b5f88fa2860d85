"""How fast addresses are made and chains are read."""
