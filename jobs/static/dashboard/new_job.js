// The form of a new job: it is always the JSON that the API takes, which is tried, shown as code, and sent.
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  const facts = JSON.parse(document.getElementById("facts").textContent);
  const get = (id) => document.getElementById(id);
  const form = get("builder"), rows = get("fields");
  let language = "curl", kept = null, elements = null, picked = null, waiting = null;

  // ---------------------------------------------------------------- the form and its JSON

  function addField(name = "", rule = "", focus = false) {
    const row = get("field-row").content.cloneNode(true).firstElementChild;
    const number = `field-${rows.childElementCount}-${Date.now()}`;
    for (const part of row.querySelectorAll(".field-name, .field-rule")) {
      const [label, input] = part.children;
      input.id = label.htmlFor = `${number}-${part.className}`;
    }
    const many = Array.isArray(rule) && rule.length === 1;
    const text = many ? rule[0] : rule;
    row.querySelector("[data-name]").value = name;
    row.querySelector("[data-rule]").value = typeof text === "string" ? text : JSON.stringify(text);
    row.querySelector("[data-many]").checked = many;
    rows.append(row);
    if (focus) row.querySelector("[data-name]").focus();
  }

  function ruleOf(row) {
    const text = row.querySelector("[data-rule]").value.trim();
    if (text.startsWith("{")) {
      try { return JSON.parse(text); } catch { return text; }
    }
    return row.querySelector("[data-many]").checked ? [text] : text;
  }

  function moreOptions() {
    const text = get("options").value.trim();
    get("options-error").textContent = "";
    if (text === "") return {};
    try {
      const options = JSON.parse(text);
      if (typeof options === "object" && options !== null && !Array.isArray(options)) return options;
      throw new SyntaxError("an object is expected: { … }");
    } catch (error) {
      get("options-error").textContent = `This is not JSON yet: ${error.message}`;
      return {};
    }
  }

  function asked() {
    const urls = get("urls").value.split("\n").map((line) => line.trim()).filter(Boolean);
    const fields = Array.from(rows.children, (row) => [row.querySelector("[data-name]").value.trim(), ruleOf(row)])
      .filter(([name, rule]) => name !== "" || rule !== "");
    const outputs = Array.from(form.querySelectorAll("[name=output]:checked"), (box) => box.value);
    const options = { ...(outputs.length > 0 ? { outputs } : {}), ...moreOptions() };
    return {
      ...(get("name").value.trim() ? { name: get("name").value.trim() } : {}),
      urls,
      ...(fields.length > 0 ? { selectors: Object.fromEntries(fields) } : {}),
      ...(Object.keys(options).length > 0 ? { options } : {}),
      ...(get("webhook").value.trim() ? { webhook: get("webhook").value.trim() } : {}),
    };
  }

  function fill({ name = "", urls = [], selectors = {}, options = {}, webhook = "" }) {
    const { outputs = [], ...more } = options ?? {};
    // What was typed before this script had come stays.
    get("name").value ||= name ?? "";
    get("webhook").value ||= typeof webhook === "string" ? webhook : "";
    get("urls").value ||= Array.isArray(urls) ? urls.join("\n") : "";
    get("options").value ||= Object.keys(more).length > 0 ? JSON.stringify(more) : "";
    for (const box of form.querySelectorAll("[name=output]")) box.checked = Array.isArray(outputs) && outputs.includes(box.value);
    Object.entries(selectors ?? {}).forEach(([field, rule]) => addField(field, rule));
  }

  // ---------------------------------------------------------------- the same as code

  const shell = (text) => `'${text.replaceAll("'", "'\\''")}'`;
  const MOST_SHOWN = 20;

  const CODE = {
    curl: (body) => `curl ${facts.api} \\\n  -H "Authorization: Bearer ${facts.key}" \\\n  -H "Content-Type: application/json" \\\n  -d ${shell(body)}`,
    python: (body) => `import json, urllib.request\n\nrequest = urllib.request.Request(\n    ${JSON.stringify(facts.api)},\n    data=json.dumps(${pythonOf(JSON.parse(body))}).encode(),\n    headers={"Authorization": "Bearer ${facts.key}", "Content-Type": "application/json"},\n)\njob = json.load(urllib.request.urlopen(request))["job"]\nprint(job["id"], job["status"])`,
    javascript: (body) => `const answer = await fetch(${JSON.stringify(facts.api)}, {\n  method: "POST",\n  headers: { Authorization: "Bearer ${facts.key}", "Content-Type": "application/json" },\n  body: JSON.stringify(${body}),\n});\nconst { job } = await answer.json();\nconsole.log(job.id, job.status);`,
  };

  function pythonOf(value) {
    if (value === null) return "None";
    if (value === true || value === false) return value ? "True" : "False";
    if (Array.isArray(value)) return `[${value.map(pythonOf).join(", ")}]`;
    if (typeof value === "object") return `{${Object.entries(value).map(([key, each]) => `${JSON.stringify(key)}: ${pythonOf(each)}`).join(", ")}}`;
    return JSON.stringify(value);
  }

  function showCode() {
    const body = asked();
    const count = body.urls.length;
    get("url-count").textContent = count === 0 ? "" : `${count.toLocaleString("en")} URL${count === 1 ? "" : "s"}`;
    const shown = { ...body, urls: body.urls.slice(0, MOST_SHOWN) };
    get("code").firstElementChild.textContent = CODE[language](JSON.stringify(shown, null, 2));
  }

  // ---------------------------------------------------------------- trying it

  function tryIt(source) {
    const body = asked();
    if (source !== null && !body.selectors) return;
    const token = form.querySelector("[name=csrfmiddlewaretoken]").value;
    const values = { request: JSON.stringify({ ...body, urls: body.urls.slice(0, 1) }), csrfmiddlewaretoken: token, ...(source ? { kept: source } : {}) };
    htmx.ajax("POST", form.dataset.preview, { target: "#tried", swap: "outerHTML", values });
  }

  function changed() {
    showCode();
    if (kept === null) return;
    clearTimeout(waiting);
    waiting = setTimeout(() => tryIt(kept), 500);
  }

  async function showPicture(tried) {
    kept = tried.dataset.job;
    const answer = await fetch(tried.dataset.elements);
    const map = await answer.json();
    elements = new Elements(map.elements);
    get("shot").src = tried.dataset.picture;
    get("overlay").setAttribute("viewBox", `0 0 ${map.width} ${map.height}`);
    get("shot").onload = () => {
      const { naturalWidth, naturalHeight } = get("shot");
      get("overlay").setAttribute("viewBox", `0 0 ${naturalWidth} ${naturalHeight}`);
      get("picture").hidden = false;
      outline();
    };
  }

  const COLOURS = 6;

  function drawn(place, name) {
    const box = elements.all[place]?.box;
    if (!box) return null;
    const rect = document.createElementNS("http://www.w3.org/2000/svg", "rect");
    ["x", "y", "width", "height"].forEach((side, index) => rect.setAttribute(side, box[index]));
    rect.setAttribute("class", name);
    return rect;
  }

  function outline() {
    const overlay = get("overlay");
    overlay.replaceChildren();
    if (elements === null || !get("outlines").checked) return;
    document.querySelectorAll("#tried [data-places]").forEach((field, index) => {
      field.classList.add(`colour-${index % COLOURS}`);
      for (const place of field.dataset.places.split(" ").filter(Boolean)) {
        const rect = drawn(Number(place), `outline colour-${index % COLOURS}`);
        if (rect) overlay.append(rect);
      }
    });
  }

  document.addEventListener("htmx:afterSwap", () => {
    const tried = get("tried");
    if (tried.dataset.picture) showPicture(tried);
    outline();
  });

  // ---------------------------------------------------------------- pointing at things

  function pointed(event) {
    const shot = get("shot").getBoundingClientRect();
    const scale = get("shot").naturalWidth / shot.width;
    return elements?.at((event.clientX - shot.left) * scale, (event.clientY - shot.top) * scale) ?? null;
  }

  const frame = document.querySelector(".picture-inner");
  frame.addEventListener("pointermove", (event) => {
    get("overlay").querySelector(".pointed")?.remove();
    const place = pointed(event);
    const rect = place === null ? null : drawn(place, "pointed");
    if (rect) get("overlay").append(rect);
    get("picture-hint").textContent = place === null ? "Point at what you want to read, and click." : elements.alone(place);
  });
  frame.addEventListener("pointerleave", () => get("overlay").querySelector(".pointed")?.remove());
  frame.addEventListener("click", (event) => {
    picked = pointed(event);
    if (picked !== null) pick(picked);
  });

  function pick(place) {
    const alone = elements.alone(place), alike = elements.alike(place), choices = get("pick-choices");
    const link = elements.attributes(place).length > 0 ? place : elements.ancestors(place).find((above) => elements.all[above].tag === "a");
    const names = link === undefined ? [] : elements.attributes(link);
    const silent = !elements.all[place].text && link === place;
    const text = ["Its text", alone], its = names.map((name) => [`Its ${name}`, `${elements.alone(link)}@${name}`]);
    const ofAll = silent ? [`The ${names[0]} of all like it`, [`${alike}@${names[0]}`]] : ["The texts of all like it", [alike]];
    const more = alike === null ? [] : [ofAll];
    const offered = silent ? [...its, ...more] : [text, ...its, ...more];
    choices.replaceChildren(choices.firstElementChild);
    offered.forEach(([title, rule], index) => {
      const label = document.createElement("label"), box = document.createElement("input"), code = document.createElement("code");
      Object.assign(box, { type: "radio", name: "pick", value: JSON.stringify(rule), checked: index === 0 });
      code.textContent = Array.isArray(rule) ? `[${rule[0]}]` : rule;
      label.className = "check";
      label.append(box, `${title} `, code);
      choices.append(label);
    });
    get("pick-text").textContent = elements.all[place].text || `<${elements.all[place].tag}>`;
    get("pick-name").value = freeName(elements.suggestName(place));
    get("pick").showModal();
  }

  function freeName(wanted) {
    const taken = new Set(Array.from(rows.querySelectorAll("[data-name]"), (input) => input.value));
    let name = wanted, copy = 1;
    while (taken.has(name)) name = `${wanted}_${++copy}`;
    return name;
  }

  get("pick-add").addEventListener("click", () => {
    const chosen = document.querySelector("[name=pick]:checked");
    addField(get("pick-name").value.trim() || "field", JSON.parse(chosen.value));
    get("pick").close();
    changed();
  });

  // ---------------------------------------------------------------- all together

  form.addEventListener("input", changed);
  form.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.target.matches("input:not([type=file])")) event.preventDefault();
  });
  form.addEventListener("submit", () => { get("request").value = JSON.stringify(asked()); }, { capture: true });
  get("add-field").addEventListener("click", () => addField("", "", true));
  rows.addEventListener("click", (event) => {
    const button = event.target.closest("[data-remove]");
    if (!button) return;
    button.closest("li").remove();
    get("add-field").focus();
    changed();
  });
  get("preview").addEventListener("click", () => { kept = null; tryIt(null); });
  get("outlines").addEventListener("change", outline);
  for (const button of document.querySelectorAll("[data-language]")) {
    button.addEventListener("click", () => {
      language = button.dataset.language;
      for (const other of document.querySelectorAll("[data-language]")) other.setAttribute("aria-pressed", other === button);
      showCode();
    });
  }
  fill(facts.asked);
  showCode();
});
