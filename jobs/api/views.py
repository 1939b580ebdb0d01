"""What all views of the API have in common."""

import re
from collections.abc import Mapping
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from jobs.api.errors import ApiError
from jobs.api.queries import Parameter
from jobs.models import Account, Job

RETRY_AFTER_S = 2
"""When to look at a live job again."""
PUBLIC_ID = re.compile(r"job_[0-9a-z]{1,36}")


class ApiView(APIView):
    resource = "jobs"
    """What the view is about: a key needs the scope `<resource>:read` to read there, else `<resource>:write`."""
    query: Mapping[str, Mapping[str, Parameter]] = {}
    """The query parameters of each method that takes any."""
    http_method_names = ["get", "head", "post", "patch", "delete"]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """A method that is not there is refused before a key is asked for, as an address is that is not there."""
        if request.method not in self.allowed_methods:
            self.http_method_not_allowed(request)
        super().initial(request, *args, **kwargs)


def success(status: int = 200, *, headers: dict[str, str] | None = None, **body: Any) -> Response:
    return Response({"success": True, **body}, status=status, headers=headers)


def retry_after(job: Job) -> dict[str, str]:
    return {"Retry-After": str(RETRY_AFTER_S)} if job.live else {}


def find_job(account: Account, public_id: str) -> Job:
    """The account's own job; another account's is as if it were not there. One query. Raises: ApiError."""
    own = Job.objects.filter(account=account, public_id=public_id).select_related("source")
    # There is one at most: `first` would have Django work out an order, which takes half a millisecond.
    job = next(iter(own), None) if PUBLIC_ID.fullmatch(public_id) else None
    if job is None:
        raise ApiError("not_found", f"You have no job {public_id[:60]}.")
    return job
