"""The service: one a home, started on demand, that carries runs out and outlives the kernel that started it."""
