"""The forge's REST interface: a frame for all routes, and the routes by area."""
