"""One page for students: a model with sliders in a browser, without installation or network."""
