"""One request over Granian: from its protocol objects to WSGI and back."""
