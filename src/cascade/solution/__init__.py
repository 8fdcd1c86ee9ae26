"""The exact answer: linear algebra on the lowered model; it never meets the kernel."""
