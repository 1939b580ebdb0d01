"""What each code of a failure means, and what to do about it, for people."""

from typing import NamedTuple


class Advice(NamedTuple):
    means: str
    do: str


ADVICE = {
    "dns_error": Advice(
        "The host's name leads to no address.",
        "Check its spelling in the URL. If the site was there before, its name server may be away: retry later.",
    ),
    "connection_error": Advice(
        "The site did not take the connection, or broke it off.",
        "Open the URL in a browser of your own. If it works there, the site may turn away servers: ask more slowly "
        "(hostDelay), or through a proxy of your own.",
    ),
    "tls_error": Advice(
        "The site's certificate has expired, belongs to another name, or cannot be trusted.",
        "Check the host's name in the URL; otherwise only the site can mend this.",
    ),
    "navigation_timeout": Advice(
        "The page was not ready within its time.",
        "Raise options.timeout, say when the page is ready enough (options.waitUntil), or leave out what it does not "
        "need (options.block).",
    ),
    "wait_timeout": Advice(
        "What the page was to be waited for did not appear.",
        "Look at the page: the selector of options.waitFor may be wrong, or the page shows something else to us.",
    ),
    "http_error": Advice(
        "The site answered with an error status.",
        "404 and 410: the page is gone. 401 and 403: it wants a sign-in, or turns us away. 5xx: retry later. To read "
        "such pages all the same, name the status in options.acceptStatus.",
    ),
    "rate_limited": Advice(
        "The site answered 429: it wants fewer requests.",
        "Lower options.hostConcurrency or raise options.hostDelay, and retry what failed.",
    ),
    "robots_disallowed": Advice(
        "The site's robots.txt asks not to visit this page, or could not be read.",
        "Leave the page alone, or ask the site. It is read because the job asks for it (options.respectRobots).",
    ),
    "blocked_address": Advice(
        "The page led to an address that is not on the public internet.",
        "See where the URL redirects to. Inside addresses are never fetched.",
    ),
    "proxy_error": Advice(
        "The job's own proxy does not answer, or does not lead to the site.",
        "Check that the proxy runs and may reach the site, then retry what failed.",
    ),
    "proxy_auth_failed": Advice(
        "The job's own proxy refused the user name and password.",
        "Make the job again with the proxy's present credentials.",
    ),
    "unsupported_content": Advice(
        "What the site sent is not a page: a download, a picture, or nothing.",
        "Leave such URLs out; only pages have fields to read.",
    ),
    "too_large": Advice(
        "The page, or what it loads, is larger than one page may be.",
        "Leave out what is not needed with options.block: images, media, fonts.",
    ),
    "action_failed": Advice(
        "One of options.actions could not be done.",
        "See which one on the page, and whether its selector still matches. An action may be optional.",
    ),
    "required_field_missing": Advice(
        "A field that must be there was not found.",
        "Look at the page: its markup may have changed, or it shows something else to us. Try rules on a page that was "
        "kept, or make the field not required.",
    ),
    "invalid_selector": Advice(
        "The browser cannot use one of the selectors.",
        "Mend the selector that the message names, and make the job again.",
    ),
    "browser_crashed": Advice(
        "The browser died while it had the page.",
        "Retry it once. If it always does, the page uses too much memory: leave out with options.block what it loads.",
    ),
    "not_kept": Advice(
        "The HTML that was kept of this page is gone.",
        "Post its URL again; with options.keepHtml it can be read again later.",
    ),
    "worker_lost": Advice(
        "The worker that had the page died, each time it was tried.",
        "Retry it. If it happens again, those who run this server can see why in the log of the worker.",
    ),
    "deadline_exceeded": Advice(
        "The job's deadline passed before the page was done.",
        "Retry what failed; give the job more time, or let it ask more at once (options.hostConcurrency).",
    ),
    "internal_error": Advice(
        "Something failed on our side; it is not the page's fault.",
        "Retry it. If it happens again, tell those who run this server the id of the job.",
    ),
}
"""By code: every one of `scraping.errors`."""
UNKNOWN = Advice("A failure of an older version.", "Retry it.")


def advice_on(code: str | None) -> Advice:
    return ADVICE.get(code or "", UNKNOWN)
