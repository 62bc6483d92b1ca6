"""A cluster whose units sum products at the places of a mask, as hardware (rule 17)."""
