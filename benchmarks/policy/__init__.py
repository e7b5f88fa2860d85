"""How fast policy decides, beside the engine alone."""
