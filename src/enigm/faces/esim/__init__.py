"""How eSIM providers tell us of profiles: listeners of their own, apart from everything else."""
