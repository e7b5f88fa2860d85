"""The Handle Authority: a device's name for one purpose, one tenant and one month, and no more.

Two purposes' handles cannot be joined without this domain's keys, which stand in no other
store. It keeps no reason why a device exists, what it did, or whose it is. It *can* link, which
is why reverse look-up takes two people and always leaves a record.
"""
