"""Whether the machine behind a handle was shown, by its own TPM, to be in a known good state.

An endorsement names one TPM for ever, so it is looked at while a device enrols and never kept.
Rows stand under a handle of one purpose and one epoch; what they say is sealed.
"""
