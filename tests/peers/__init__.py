"""Other MLS engines, driven through one interface, and our engine held against them."""
