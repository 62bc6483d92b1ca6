"""A machine of two kinds: the hardware of a gathering and of a scattering machine, of which each operation uses one."""
