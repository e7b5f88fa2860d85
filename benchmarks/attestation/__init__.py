"""How fast evidence is verified, and how long a look at the machine takes."""
