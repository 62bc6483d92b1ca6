"""The reference engine: SimPy processes, one class a component, written to be read. It is the specification."""
