"""What several test files share: models, the slow reference, the error budget, processes."""
