"""What a simulation and an exact answer say alike: tables, curves over time, intervals."""
