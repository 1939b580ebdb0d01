"""What a job would be, without making it: `POST /v1/jobs?dryRun=true`."""

from collections import Counter
from typing import Any

from jobs.api.errors import problem_as_dict
from jobs.api.job_requests import Asked, read_dry_run
from jobs.intake import MOST_TEST_URLS, without_copies
from jobs.models import Account

MOST_HOSTS = 1_000


def dry_run(account: Account, asked: Asked, *, test: bool) -> dict[str, Any]:
    """What would come of the body of `POST /v1/jobs`, perhaps sent with a test key. No query.

    URLs that would be refused are told, not raised. Raises: ApiError with whatever else is wrong.
    """
    request, refused = read_dry_run(asked)
    different = without_copies(request.wanted)
    wanted = different if request.deduplicate else request.wanted
    hosts = Counter(one.target.host_key for one in wanted)
    needed, available = 0 if test else len(wanted), None if account.unlimited else account.credits
    enough = len(wanted) <= MOST_TEST_URLS if test else available is None or needed <= available
    return {
        "accepted": enough and not refused.count,
        "totalUrls": len(wanted),
        "duplicateUrls": len(request.wanted) - len(different),
        "refusedUrls": refused.count,
        "refused": list(map(problem_as_dict, refused.first)),
        "totalHosts": len(hosts),
        "hosts": [{"host": host, "urls": urls} for host, urls in hosts.most_common(MOST_HOSTS)],
        "credits": {"needed": needed, "available": available},
    }
