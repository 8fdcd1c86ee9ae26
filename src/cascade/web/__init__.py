"""What a browser is given: the payload of a model, the typed modules that run there, the parts of a lesson page."""
