"""What goes over HTTP, as models: bodies of requests are read by them, answers are documented by them."""
