"""scrpy's web application with two addresses more, for what every answer costs on this server, and for bare results."""

from scrpy.asgi import application  # sets Django up, and so comes first

__all__ = ["application"]

import orjson
from django.db import connection
from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from scrpy.urls import urlpatterns

READ = """
    SELECT url, data, "index", status_code, final_url, duration_ms, attempts FROM jobs_page
    WHERE job_id = (SELECT id FROM jobs_job WHERE public_id = %s) AND sequence <= 1000 ORDER BY sequence"""


class OpenToAll(APIView):
    authentication_classes = ()
    permission_classes = ()


class Nothing(OpenToAll):
    def get(self, _request: Request) -> Response:
        return Response({"success": True})


class Rows(OpenToAll):
    """The same answer as results have, of one bare query."""

    def get(self, _request: Request, public_id: str) -> Response:
        with connection.cursor() as cursor:
            cursor.execute(READ, [public_id])
            rows = cursor.fetchall()
        return Response({"success": True, "results": list(map(result, rows)), "next": None})


def result(row: tuple[object, ...]) -> dict[str, object]:
    url, data, index, status_code, final_url, duration_ms, attempts = row
    told = {"statusCode": status_code, "finalUrl": final_url, "duration": duration_ms, "attempts": attempts}
    return {"url": url, "data": orjson.Fragment(data), "index": index, "metadata": told}  # type: ignore[arg-type]


urlpatterns[:0] = [path("v1/nothing", Nothing.as_view()), path("v1/rows/<str:public_id>", Rows.as_view())]
