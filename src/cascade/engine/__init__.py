"""From lowered arrays to counts: what the kernel reads, pieces of work, executors, the compile cache."""
