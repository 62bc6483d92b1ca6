"""Mapping: how operations are cut into tiles, placed in banks and spread over units."""
