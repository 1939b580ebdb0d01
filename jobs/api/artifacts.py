"""Files that were made of pages."""

import re

from django.http import HttpResponse
from rest_framework.request import Request

from jobs.api.authentication import account_of
from jobs.api.errors import ApiError
from jobs.api.queries import read_query
from jobs.api.views import ApiView
from jobs.artifacts import StorageAway
from jobs.artifacts.files import FileGone
from jobs.artifacts.serving import serve
from jobs.models import Account, Artifact

PUBLIC_ID = re.compile(r"art_[0-9a-z]{1,36}")


class OneArtifact(ApiView):
    """`GET /v1/artifacts/:id`."""

    def get(self, request: Request, public_id: str) -> HttpResponse:
        read_query(request)
        artifact = find_artifact(account_of(request), public_id)
        try:
            return serve(request._request, artifact)
        except FileGone as exc:
            raise ApiError("not_found", f"The file of {public_id} is not kept any more.") from exc
        except StorageAway as exc:
            raise ApiError("service_unavailable", "The storage of files is away; try again in a moment.") from exc


def find_artifact(account: Account, public_id: str) -> Artifact:
    """The account's own; another account's is as if it were not there. One query. Raises: ApiError."""
    own = Artifact.objects.filter(job__account=account, shown=True).select_related("job", "page")
    light = own.defer("job__selectors", "job__options", "page__data", "page__reports", "page__trace")
    artifact = light.filter(public_id=public_id).first() if PUBLIC_ID.fullmatch(public_id) else None
    if artifact is None:
        raise ApiError("not_found", f"You have no artifact {public_id[:60]}, or it is not kept any more.")
    return artifact
