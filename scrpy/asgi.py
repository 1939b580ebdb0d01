"""The application that the web server runs."""

from django.core.asgi import get_asgi_application

from jobs.api.body_limit import limit_body

application = limit_body(get_asgi_application())
