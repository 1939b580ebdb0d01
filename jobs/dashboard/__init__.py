"""Pages for the people of an account: what runs, what came of it, what to do next.

`access` says who may, and is on every view. `people` is about signing in and out, `navigation` the way between the
pages. Several pages share `advice` on failures, the `fields` of a page, its `files`, `trials` of rules, `paging` and
`spans` of time; `job_frame` and `fills` are parts of a job's page. Every other module is a page. What is read is read
where the API reads it, in `jobs`.
"""
