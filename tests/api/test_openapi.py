"""The OpenAPI document has all that the API has, and nothing else; `conforming` sees that answers are as it says."""

import json
import re

import jsonschema_rs
import pytest
from drf_spectacular.validation import validate_schema

from jobs.api import urls
from jobs.api.deliveries import TEST_FIELDS
from jobs.api.errors import PROBLEMS, STATUSES
from jobs.api.job_requests import FIELDS, PREVIEW_FIELDS, REEXTRACT_FIELDS, SCRAPE_FIELDS
from jobs.api.schedule_requests import SCHEDULE_FIELDS
from jobs.api.schema.operations import OPERATIONS
from jobs.exports import FORMATS
from jobs.models.api_key import SCOPES
from jobs.options import READERS
from jobs.options.acting import KINDS
from jobs.webhooks.asked import EVENTS
from jobs.webhooks.events import TEST_EVENT
from scraping.errors import ScrapeError
from scraping.rules.parse import KEYS
from tests.api.conforming import document, fault_of, path_of, resolved
from tests.api.test_documentation import SOURCES, leaves

SCHEMAS = document()["components"]["schemas"]


def operations():
    return [
        (method, path, operation)
        for path, methods in document()["paths"].items()
        for method, operation in methods.items()
    ]


def codes(schema):
    return set(schema["properties"]["code"]["enum"])


def names(schema):
    return set(SCHEMAS[schema]["properties"])


def test_it_is_what_openapi_3_1_calls_a_document():
    validate_schema(json.loads(json.dumps(document())))

    assert document()["openapi"].startswith("3.1.")


def test_it_has_every_route_and_method_and_no_other():
    routes = {
        f"{method.upper()} {path_of(f'v1/{route.pattern}')}"
        for route in urls.urlpatterns
        for view in [vars(route.callback)["cls"]]
        for method in view.http_method_names
        if method != "head" and hasattr(view, method)
    }

    assert {f"{method.upper()} {path}" for method, path, _ in operations()} == routes == set(OPERATIONS)


@pytest.mark.parametrize("route", urls.urlpatterns, ids=lambda route: str(route.pattern))
def test_it_has_the_query_parameters_of_each_route_and_no_others(route):
    view, path = vars(route.callback)["cls"], path_of(f"v1/{route.pattern}")

    told = {
        method.upper(): {each["name"] for each in operation["parameters"] if each["in"] == "query"}
        for method, operation in document()["paths"][path].items()
    }

    assert {method: those for method, those in told.items() if those} == {
        method: set(readers) for method, readers in view.query.items()
    }


def test_it_has_every_code_of_an_error_and_no_other():
    assert codes(SCHEMAS["Error"]["properties"]["error"]) == set(STATUSES)
    named = {
        code
        for response in document()["components"]["responses"].values()
        for code in response["content"]["application/json"]["schema"]["properties"]["error"]["properties"]["code"][
            "enum"
        ]
    }
    assert named == set(STATUSES) - {"method_not_allowed"}  # of an operation that is not there
    assert codes(SCHEMAS["PageError"]) == {error.code for error in leaves(ScrapeError)}


def test_it_has_every_code_of_a_problem_and_no_other():
    in_sources = re.findall(r'(?:Refused\(|(?:add|_note|noting|Problem|RuleError)\(\s*[^,]+,\s+)"([a-z_]+)"', SOURCES)

    assert codes(SCHEMAS["Problem"]) == set(PROBLEMS)
    assert set(in_sources) <= set(PROBLEMS)


def test_it_has_every_scope_and_no_other():
    needed = {scope for _, _, operation in operations() for need in operation["security"] for scope in need["apiKey"]}

    assert needed == set(SCOPES)
    assert all(f"`{scope}`" in document()["components"]["securitySchemes"]["apiKey"]["description"] for scope in SCOPES)


def test_it_has_every_event_and_no_other():
    assert (
        set(document()["webhooks"]) == {*EVENTS, TEST_EVENT} == set(SCHEMAS["Delivery"]["properties"]["event"]["enum"])
    )


def test_it_has_every_option_and_no_other():
    assert names("Options") == set(READERS)
    assert all("description" in option for option in SCHEMAS["Options"]["properties"].values())


def test_it_has_every_action_and_no_other():
    told = {
        SCHEMAS[one["$ref"].rpartition("/")[2]]["properties"]["type"]["const"] for one in SCHEMAS["Action"]["oneOf"]
    }

    assert told == set(KINDS)


@pytest.mark.parametrize(
    ("schema", "fields"),
    [
        ("JobRequest", FIELDS),
        ("ScrapeRequest", SCRAPE_FIELDS),
        ("PreviewRequest", PREVIEW_FIELDS),
        ("ReextractRequest", REEXTRACT_FIELDS),
        ("TestDeliveryRequest", TEST_FIELDS),
        ("ScheduleRequest", SCHEDULE_FIELDS),
        ("ScheduleChanges", SCHEDULE_FIELDS),
    ],
)
def test_it_has_every_field_of_a_request_and_no_other(schema, fields):
    assert names(schema) == set(fields)


def test_it_has_every_key_of_a_rule_and_no_other():
    assert names("ElementRule") | names("MetaRule") | names("JsonLdRule") == set(KEYS)


def test_it_has_the_type_of_every_export():
    types = OPERATIONS["GET /v1/jobs/{id}/results"].answers[200].content

    assert {each.content_type.partition(";")[0] for each in FORMATS.values()} | {"application/json"} == set(types)


def examples():
    for method, path, operation in operations():
        bodies = [operation.get("requestBody", {}), *map(resolved, operation["responses"].values())]
        for body in bodies:
            for content in body.get("content", {}).values():
                if "example" in content:
                    yield pytest.param(content, id=f"{method} {path}")
    for kind, webhook in document()["webhooks"].items():
        yield pytest.param(webhook["post"]["requestBody"]["content"]["application/json"], id=kind)


@pytest.mark.parametrize("content", list(examples()))
def test_every_example_is_what_its_schema_says(content):
    assert fault_of(content["example"], content["schema"]) is None


@pytest.mark.parametrize("kind", ["requestBody", "responses"])
def test_every_json_is_shown_by_an_example(kind):
    for method, path, operation in operations():
        bodies = operation["responses"].values() if kind == "responses" else [operation.get(kind, {})]
        for body in map(resolved, bodies):
            for content in body.get("content", {}).values():
                is_file = content["schema"].get("type") == "string" or content["schema"] in ({}, {"type": "object"})
                assert "example" in content or is_file, (method, path)


def test_every_reference_leads_somewhere():
    text = json.dumps(document())
    for kind, name in re.findall(r'"\$ref": "#/components/(\w+)/(\w[\w-]*)"', text):
        assert name in document()["components"][kind]


def test_every_schema_is_used():
    text = json.dumps(document())

    assert [name for name in SCHEMAS if f'#/components/schemas/{name}"' not in text] == []
    assert [name for name in document()["components"]["responses"] if f'/responses/{name}"' not in text] == []


def test_every_schema_is_one():
    for schema in SCHEMAS.values():
        jsonschema_rs.meta.validate(schema)


def test_it_is_served_to_everyone(client):
    answer = client.get("/v1/openapi.json")

    assert (answer.status_code, answer["Content-Type"]) == (200, "application/json")
    assert answer.json() == json.loads(json.dumps(document()))


def test_it_takes_no_parameters(client):
    assert client.get("/v1/openapi.json?format=yaml").status_code == 400
