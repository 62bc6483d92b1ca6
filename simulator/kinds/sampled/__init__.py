"""Sampled products (SDDMM): units multiply only at the places of a mask."""
