"""What strangers write, wherever they may."""

SCRIPT = "<script>alert(1)</script>"
HOSTILE = (
    SCRIPT,
    '"><img src=x onerror=alert(1)>',
    "'-alert(1)-'",
    "</textarea><svg onload=alert(1)>",
    "{{ 7|add:7 }}{% now 'Y' %}",
    "javascript:alert(1)",
    '=HYPERLINK("https://evil.example")',
    "\u202egnp.exe",
    "\u2028line\u2029",
    "a" * 5_000,
    "\U0001f4a9\u0301" * 50,
    "\0 null",
)
