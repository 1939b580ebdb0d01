"""What the account has used, and what is left: `GET /v1/usage`."""

from rest_framework.request import Request
from rest_framework.response import Response

from jobs.api.authentication import account_of
from jobs.api.queries import read_query, whole
from jobs.api.views import ApiView, success
from jobs.usage import usage_of

DAYS, MOST_DAYS = 30, 90


class Usage(ApiView):
    """`GET /v1/usage`."""

    resource = "account"
    query = {"GET": {"days": (whole(1, MOST_DAYS), DAYS)}}

    def get(self, request: Request) -> Response:
        asked = read_query(request, **self.query["GET"])
        return success(usage=usage_of(account_of(request), days=asked["days"]))
