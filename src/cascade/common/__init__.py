"""What every room needs: errors, files, numbers and tables as text, colours, the version."""
