"""Jobs that are made again and again: `cron` knows when, `running` makes them, `representation` shows them."""
