"""Small measurements of one part each, Flask beside Retort. None of them is a test."""
