"""The main job, by a client made of the OpenAPI document."""

import json
import sys

from scrpy_client import AuthenticatedClient
from scrpy_client.api.jobs import create_job, get_job, get_results
from scrpy_client.models import ElementRule, ElementRuleCast, Error, GetResultsOrder, JobRequest, Options, Selectors

base_url, key, *urls = sys.argv[1:]
api = AuthenticatedClient(base_url=base_url, token=key, timeout=90)

selectors = Selectors()
selectors["title"] = "h1"
selectors["price"] = ElementRule(selector=".price", cast=ElementRuleCast.PRICE)
selectors["tags"] = [".tags li"]
body = JobRequest(urls=urls, selectors=selectors, name="Python", options=Options(retries=1))
job = create_job.sync(client=api, body=body).job

while job.completed_at is None:
    job = get_job.sync(job.id, client=api, wait=60, results=False).job

results = get_results.sync(job.id, client=api, order=GetResultsOrder.INDEX).results
print(json.dumps([result.data.to_dict() for result in results]))

refused = create_job.sync(client=api, body=JobRequest(urls=["http://10.0.0.1/"], selectors=selectors))
assert isinstance(refused, Error)
print(refused.error.code.value, refused.error.details[0].code.value)
