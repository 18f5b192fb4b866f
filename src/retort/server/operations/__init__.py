"""What operators ask for: logs, metrics, health, and the middleware that brings them."""
