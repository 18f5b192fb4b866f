"""The OpenAPI document of an application."""
