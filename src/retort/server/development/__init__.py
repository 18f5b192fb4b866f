"""The development server: reloader, host check, and Werkzeug's server for WebSockets."""
