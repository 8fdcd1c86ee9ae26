"""What runs in a browser: the modules of JavaScript, and how they get into a page or a notebook."""
