"""The addresses of the pages, under `/dashboard/`."""

from django.urls import path, register_converter

from jobs.dashboard import (
    deliveries,
    exports,
    failures,
    files,
    hosts,
    job,
    jobs,
    keys,
    live,
    members,
    new_job,
    one_page,
    overview,
    people,
    schedules,
    timeline,
    usage,
    webhooks,
)


class Name:
    """The public name of something."""

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


class JobName(Name):
    regex = "job_[0-9a-z]{1,36}"


class ArtifactName(Name):
    regex = "art_[0-9a-z]{1,36}"


class DeliveryName(Name):
    regex = "dlv_[0-9a-z]{1,36}"


class ScheduleName(Name):
    regex = "sch_[0-9a-z]{1,36}"


class KeyName(Name):
    """The public part of an API key."""

    regex = "[0-9A-Za-z]{12}"


class Index:
    """The place of a page in its job."""

    regex = "(?:0|[1-9][0-9]{0,8})"

    def to_python(self, value: str) -> int:
        return int(value)

    def to_url(self, value: int) -> str:
        return str(value)


register_converter(JobName, "job")
register_converter(ArtifactName, "artifact")
register_converter(DeliveryName, "delivery")
register_converter(ScheduleName, "schedule")
register_converter(KeyName, "key")
register_converter(Index, "index")

app_name = "dashboard"
urlpatterns = [
    path("", overview.overview, name="overview"),
    path("now/", overview.now, name="now"),
    path("demo/", overview.demo, name="demo"),
    path("jobs/", jobs.jobs, name="jobs"),
    path("jobs/rows/", jobs.rows, name="job-rows"),
    path("jobs/new/", new_job.new_job, name="new-job"),
    path("jobs/new/make/", new_job.create, name="create-job"),
    path("jobs/new/preview/", new_job.preview, name="preview"),
    path("previews/<job:public_id>/", new_job.previewed, name="previewed"),
    path("jobs/<job:public_id>/", job.results, name="job"),
    path("jobs/<job:public_id>/head/", job.head, name="job-head"),
    path("jobs/<job:public_id>/results/", job.results_part, name="job-results"),
    path("jobs/<job:public_id>/fills/", job.fills, name="job-fills"),
    path("jobs/<job:public_id>/news/", live.news, name="job-news"),
    path("jobs/<job:public_id>/failures/", failures.failures, name="job-failures"),
    path("jobs/<job:public_id>/deliveries/", deliveries.deliveries, name="job-deliveries"),
    path("jobs/<job:public_id>/timeline/", timeline.timeline, name="job-timeline"),
    path("jobs/<job:public_id>/exports/", exports.exports, name="job-exports"),
    path("jobs/<job:public_id>/exports/<slug:form>/", exports.export, name="export"),
    path("jobs/<job:public_id>/pages/<index:index>/", one_page.one_page, name="page"),
    path("jobs/<job:public_id>/pages/<index:index>/try/", one_page.try_rules, name="try-rules"),
    path("jobs/<job:public_id>/pages/<index:index>/thumbnail/", files.thumbnail, name="thumbnail"),
    path("jobs/<job:public_id>/trial/", one_page.trial, name="trial"),
    path("jobs/<job:public_id>/request/", job.asked, name="job-request"),
    path("jobs/<job:public_id>/cancel/", job.cancel, name="cancel-job"),
    path("jobs/<job:public_id>/retry/", job.retry, name="retry-job"),
    path("jobs/<job:public_id>/duplicate/", job.duplicate, name="duplicate-job"),
    path("jobs/<job:public_id>/purge/", job.purge, name="purge-job"),
    path("schedules/", schedules.schedules, name="schedules"),
    path("schedules/new/", schedules.new, name="new-schedule"),
    path("schedules/<schedule:public_id>/", schedules.schedule, name="schedule"),
    path("schedules/<schedule:public_id>/edit/", schedules.edit, name="edit-schedule"),
    path("schedules/<schedule:public_id>/pause/", schedules.pause, name="pause-schedule"),
    path("schedules/<schedule:public_id>/resume/", schedules.resume, name="resume-schedule"),
    path("schedules/<schedule:public_id>/run/", schedules.run, name="run-schedule"),
    path("schedules/<schedule:public_id>/delete/", schedules.delete, name="delete-schedule"),
    path("keys/", keys.keys, name="keys"),
    path("keys/new/", keys.new, name="new-key"),
    path("keys/<key:public_id>/revoke/", keys.revoke, name="revoke-key"),
    path("webhooks/", webhooks.webhooks, name="webhooks"),
    path("webhooks/secret/", webhooks.secret, name="secret"),
    path("webhooks/secret/roll/", webhooks.roll, name="roll-secret"),
    path("webhooks/test/", webhooks.send_test, name="test-delivery"),
    path("webhooks/<delivery:public_id>/", webhooks.delivery, name="delivery"),
    path("webhooks/<delivery:public_id>/outcome/", webhooks.outcome, name="delivery-outcome"),
    path("webhooks/<delivery:public_id>/resend/", webhooks.resend, name="resend-delivery"),
    path("usage/", usage.usage, name="usage"),
    path("hosts/", hosts.hosts, name="hosts"),
    path("members/", members.members, name="members"),
    path("members/add/", members.add, name="add-member"),
    path("members/<int:member>/role/", members.change, name="change-member"),
    path("members/<int:member>/remove/", members.remove, name="remove-member"),
    path("files/<artifact:public_id>/", files.file, name="file"),
    path("files/<artifact:public_id>/html/", files.html, name="file-html"),
    path("sign-in/", people.SignIn.as_view(), name="sign-in"),
    path("sign-out/", people.SignOut.as_view(), name="sign-out"),
    path("password/forgotten/", people.ForgottenPassword.as_view(), name="forgotten-password"),
    path("password/sent/", people.ResetSent.as_view(), name="reset-sent"),
    path("password/new/<uidb64>/<token>/", people.NewPassword.as_view(), name="new-password"),
    path("password/", people.ChangePassword.as_view(), name="change-password"),
    path("profile/", people.profile, name="profile"),
    path("profile/sessions/end/", people.end_session, name="end-session"),
    path("accounts/", people.accounts, name="accounts"),
    path("accounts/switch/", people.switch, name="switch-account"),
]
