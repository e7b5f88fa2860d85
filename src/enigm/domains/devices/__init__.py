"""Devices: which of them an owner trusts, and how others find and reach them.

It knows an account only as an owner, under a name that no other store holds. It keeps no
private key, user name, session, address or model of any device. Trust comes from the signed
chain alone: having signed in makes a device no more than pending.
"""
