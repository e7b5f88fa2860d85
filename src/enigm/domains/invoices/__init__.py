"""Invoices, on request alone: who wants one shows a one-time ticket, and no account or order.

The law makes a seller keep invoices for years. So they stand here, apart from orders, and what
ties a ticket to its order ends with the order.
"""
