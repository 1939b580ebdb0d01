"""The application that the web server runs."""

import gc

from django.core.asgi import get_asgi_application
from django.db import connections

from jobs.api.body_limit import limit_body
from scrpy.patience import WEB, set_patience

application = limit_body(get_asgi_application())

# A request has a thread of its own: a connection that is kept for the next one would never be used again.
connections.settings["default"]["CONN_MAX_AGE"] = 0
set_patience(connections.settings["default"], WEB)

# What has been loaded stays. Garbage collections would look through all of it each time, while large requests are read.
gc.freeze()
