"""Functions of age on panels of Gauss-Legendre points, compiled: between the points, shifted, and convolved."""
