"""What follows from the rows of a sweep: fronts, best points, effects of axes, break-evens."""
