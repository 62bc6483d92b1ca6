"""An array as hardware, beside its engines."""
