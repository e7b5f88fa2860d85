"""Conversations: MLS groups that follow their channels, and what people do in them."""
