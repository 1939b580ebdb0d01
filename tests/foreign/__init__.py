"""Pages that others have made, fetched from package registries and served by this machine, scraped and read again."""
