"""How mail goes out."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from scrpy import settings as ours


def test_without_a_word_mail_is_printed(monkeypatch):
    monkeypatch.delenv("EMAIL_URL", raising=False)

    assert ours.mail()["EMAIL_BACKEND"] == "django.core.mail.backends.console.EmailBackend"


def test_mail_goes_by_the_server_that_is_named(monkeypatch):
    monkeypatch.setenv("EMAIL_URL", "smtp+tls://ada:pass%40word@mail.example.com:587")

    mail = ours.mail()

    assert (mail["EMAIL_HOST"], mail["EMAIL_PORT"], mail["EMAIL_USE_TLS"]) == ("mail.example.com", 587, True)
    assert (mail["EMAIL_HOST_USER"], mail["EMAIL_HOST_PASSWORD"]) == ("ada", "pass@word")


@pytest.mark.parametrize("text", ["nonsense", "ftp://host", "smtp://host:x"])
def test_what_is_no_mail_server_stops_the_start_by_name_alone(monkeypatch, text):
    monkeypatch.setenv("EMAIL_URL", text)

    with pytest.raises(ImproperlyConfigured, match=r"^EMAIL_URL: expected"):
        ours.mail()
