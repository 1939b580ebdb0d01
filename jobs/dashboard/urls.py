"""The addresses of the pages, under `/dashboard/`."""

from django.urls import path

from jobs.dashboard import overview, people

app_name = "dashboard"
urlpatterns = [
    path("", overview.overview, name="overview"),
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
