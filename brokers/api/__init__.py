"""The doorway for scripts: `/api/v1/`, a class per operation, its input spelled out inside."""
