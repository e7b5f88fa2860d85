"""Data-only eSIMs, bought and looked after by their holder: lifecycle, and nothing of traffic.

Enigm is not an operator. A profile is made by somebody else's SM-DP+ and carried by somebody
else's network; kept here is only what its holder needs in order to activate, see and end it.
"""
