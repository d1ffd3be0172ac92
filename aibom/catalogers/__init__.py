"""Read facts from one kind of place each. A cataloger says what it saw, and where.

:mod:`.artifact` reads a folder of bytes: its digest and its files. Catalogers for model
configurations, cards, hubs and label exports will stand beside it, one file each.
"""
