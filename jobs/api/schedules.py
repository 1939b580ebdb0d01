"""Schedules: make one, look at it, change it, pause it, run it now, see what became of its runs."""

import re
from functools import partial

from rest_framework.request import Request
from rest_framework.response import Response

from jobs.api.authentication import account_of, is_test
from jobs.api.bodies import read_object
from jobs.api.errors import ApiError
from jobs.api.idempotency import answered_once
from jobs.api.queries import PAGED, read_query
from jobs.api.schedule_requests import read_schedule
from jobs.api.views import ApiView, success
from jobs.models import Account, Schedule, ScheduleRun
from jobs.schedules.representation import run_as_dict, schedule_as_dict, schedule_url
from jobs.schedules.running import change, make, run_now

PUBLIC_ID = re.compile(r"sch_[0-9a-z]{1,36}")


class ScheduleView(ApiView):
    resource = "schedules"


class Schedules(ScheduleView):
    """`POST /v1/schedules` and `GET /v1/schedules`."""

    query = {"GET": PAGED}

    def post(self, request: Request) -> Response:
        read_query(request)
        columns = {**read_schedule(read_object(request), complete=True), "test": is_test(request)}
        return answered_once(request, partial(make, account_of(request), columns), created)

    def get(self, request: Request) -> Response:
        asked = read_query(request, **self.query["GET"])
        schedules = Schedule.objects.filter(account=account_of(request))
        limit, offset = asked["limit"], asked["offset"]
        shown = [schedule_as_dict(one) for one in schedules.order_by("-id")[offset : offset + limit]]
        return success(schedules=shown, total=schedules.count(), limit=limit, offset=offset)


class OneSchedule(ScheduleView):
    """`GET`, `PATCH` and `DELETE /v1/schedules/:id`."""

    def get(self, request: Request, public_id: str) -> Response:
        read_query(request)
        return shown(find_schedule(account_of(request), public_id))

    def patch(self, request: Request, public_id: str) -> Response:
        read_query(request)
        schedule = find_schedule(account_of(request), public_id)
        return shown(change(schedule, read_schedule(read_object(request), complete=False)))

    def delete(self, request: Request, public_id: str) -> Response:
        """Its jobs stay."""
        read_query(request)
        schedule = find_schedule(account_of(request), public_id)
        answer = shown(schedule)
        schedule.delete()
        return answer


class Pause(ScheduleView):
    """`POST /v1/schedules/:id/pause`."""

    paused = True

    def post(self, request: Request, public_id: str) -> Response:
        read_query(request)
        return shown(change(find_schedule(account_of(request), public_id), {"paused": self.paused}))


class Resume(Pause):
    """`POST /v1/schedules/:id/resume`."""

    paused = False


class RunNow(ScheduleView):
    """`POST /v1/schedules/:id/run`."""

    def post(self, request: Request, public_id: str) -> Response:
        read_query(request)
        run = partial(run_now, find_schedule(account_of(request), public_id), test=is_test(request))
        return answered_once(request, run, ran)


class Runs(ScheduleView):
    """`GET /v1/schedules/:id/runs`."""

    query = {"GET": PAGED}

    def get(self, request: Request, public_id: str) -> Response:
        asked = read_query(request, **self.query["GET"])
        runs = find_schedule(account_of(request), public_id).runs.all()
        limit, offset = asked["limit"], asked["offset"]
        shown = [run_as_dict(run) for run in runs.order_by("-id")[offset : offset + limit]]
        return success(runs=shown, total=runs.count(), limit=limit, offset=offset)


def find_schedule(account: Account, public_id: str) -> Schedule:
    """The account's own; another account's is as if it were not there. One query. Raises: ApiError."""
    own = Schedule.objects.filter(account=account, public_id=public_id)
    schedule = own.first() if PUBLIC_ID.fullmatch(public_id) else None
    if schedule is None:
        raise ApiError("not_found", f"You have no schedule {public_id[:60]}.")
    return schedule


def created(schedule: Schedule) -> Response:
    return success(201, schedule=schedule_as_dict(schedule), headers={"Location": schedule_url(schedule)})


def shown(schedule: Schedule) -> Response:
    return success(schedule=schedule_as_dict(schedule))


def ran(run: ScheduleRun) -> Response:
    return success(201, run=run_as_dict(run))
