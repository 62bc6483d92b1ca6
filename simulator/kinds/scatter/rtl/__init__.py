"""A cluster whose units multiply and send, and whose banks add, as hardware (rule 16)."""
