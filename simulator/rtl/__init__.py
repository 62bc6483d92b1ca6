"""Hardware: the rules of the model once more, as synthesizable modules in Amaranth, one class a component.

Names and files are those of the reference engine (`simulator/engine/reference`), which is the specification. `design.py` says what a kind
of machine hands out and what comes of a comparison; it needs no Amaranth, so that a kind can be asked without the extra.
"""
