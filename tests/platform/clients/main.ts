// The main job, by a client made of the OpenAPI document: its types are checked before it runs.
import createClient from "openapi-fetch";
import type { components, paths } from "./scrpy.js";

const [baseUrl, key, ...urls] = process.argv.slice(2);
const api = createClient<paths>({ baseUrl, headers: { Authorization: `Bearer ${key}` } });

const selectors: components["schemas"]["Selectors"] = {
    title: "h1",
    price: { selector: ".price", cast: "price" },
    tags: [".tags li"],
};
const made = await api.POST("/v1/jobs", { body: { urls, selectors, name: "TypeScript", options: { retries: 1 } } });
if (!made.data || !("job" in made.data)) throw new Error(made.error?.error.message ?? "no job was made");

const params = { path: { id: made.data.job.id } };
let ended = false;
while (!ended) {
    const { data, error } = await api.GET("/v1/jobs/{id}", { params: { ...params, query: { wait: 60, results: false } } });
    if (error) throw new Error(error.error.message);
    ended = data.job.completedAt !== null;
}

const { data, error } = await api.GET("/v1/jobs/{id}/results", { params: { ...params, query: { order: "index" } } });
if (error) throw new Error(error.error.message);
if (typeof data === "string") throw new Error("a file, which was not asked for");
console.log(JSON.stringify(data.results.map((result) => result.data)));

const refused = await api.POST("/v1/jobs", { body: { urls: ["http://10.0.0.1/"], selectors } });
console.log(refused.error?.error.code, refused.error?.error.details[0]?.code);
