"""How waiting pages reach workers and what becomes of them: in the database alone, without a browser."""
