// Lives in an isolated world of every document, from before the page's first script: nothing here can be seen,
// overridden or falsified by the page. `scrpy.read(order)` waits as ordered, then answers all fields as one JSON string.
if (window === window.top) globalThis.scrpy ??= (() => {
  const POLL_MS = 25;
  const REFRESH_SOON_S = 3;
  const MOST_ROOTS = 1_000;
  const MOST_ROWS = 10_000;
  const MOST_SPAN = 100;
  const MOST_CELLS = 200_000;
  const MOST_VALUES = 250_000;
  const MOST_SHOWN = 250_000;
  const MOST_LINKS = 10_000;
  const MOST_METAS = 500;
  const MOST_ELEMENTS = 20_000;
  const MOST_PLACES = 100;
  const MOST_OBSERVERS = 100;
  const LONGEST_HINT = 80;
  const UNWATCHED_MS = 600;
  const LONGEST_URL = 8_192;
  const LONGEST_LINK_TEXT = 500;
  const LONGEST_META = 8_192;
  const REFRESH = /^\s*([\d.]+)\s*[;,]\s*(?:url\s*=\s*)?["']?([^"']+)/i;

  let changedAt = null;
  let leavingAt = null;
  let finished = false;
  let loadedAt = null;
  let networkIdle = false;
  let requests = 1;

  // Time as far as it was watched from outside. Where scrpy, its driver or the browser stood still, so did what a page
  // waits for; their time must not run out meanwhile.
  const watched = { ms: 0, at: performance.now() };
  const watchedMs = () => watched.ms + Math.min(performance.now() - watched.at, UNWATCHED_MS);
  const noteWatched = () => { Object.assign(watched, { ms: watchedMs(), at: performance.now() }); };

  // Not what the parser makes of the source: a record of each node would keep a large page in memory for long.
  const watchChanges = () => {
    if (changedAt !== null || document.readyState === "loading") return;
    changedAt = performance.now();
    new MutationObserver(() => { changedAt = performance.now(); })
      .observe(document, { subtree: true, childList: true, characterData: true, attributes: true });
  };
  window.addEventListener("readystatechange", watchChanges, { capture: true });
  // Once it has been read a page leads nowhere: what the tab shows next is another's, and must not be mixed up with it.
  globalThis.navigation?.addEventListener("navigate", (event) => {
    if (finished) { event.preventDefault(); return; }
    if (!event.destination.sameDocument && event.downloadRequest === null) leavingAt = performance.now();
  });

  // An observer sees each resource, also one that came from the cache; the page can empty the list, and resize it.
  const observers = [];
  const countRequestsOf = (frame) => {
    const observer = new frame.PerformanceObserver((list) => { requests += list.getEntries().length; });
    observer.observe({ type: "resource" });
    if (observers.length < MOST_OBSERVERS) observers.push(observer); // which keeps a frame that is gone from being freed
  };
  countRequestsOf(window);

  class OverBudget extends Error {
    constructor(budget) { super(); this.budget = budget; }
  }

  const navigation = () => performance.getEntriesByType("navigation")[0];

  const checkBudgets = (limits) => {
    for (const observer of observers) requests += observer.takeRecords().length;
    if (requests > limits.requests) throw new OverBudget("requests");
    if (navigation()?.decodedBodySize > limits.html) throw new OverBudget("html");
  };

  // Thrown with where it stands: the indexes of the rule, of rules nested in it, and of the selector at last.
  class BadSelector extends Error {
    constructor(place) { super(); this.place = place; }
  }

  // ---------------------------------------------------------------- finding

  // A form's fields stand in for its properties, to us as to the page: these readings nothing hides.
  const own = ({ prototype }, name) => {
    const { get, value } = Object.getOwnPropertyDescriptor(prototype, name);
    return (node, ...given) => (get ?? value).apply(node, given);
  };
  const typeOf = own(Node, "nodeType"), parentOf = own(Node, "parentNode"), ownerOf = own(Node, "ownerDocument");
  const lastChildOf = own(Node, "lastChild"), previousOf = own(Node, "previousSibling");
  const attributeOf = own(Element, "getAttribute"), shadowOf = own(Element, "shadowRoot");
  const SEARCHED = { [Node.ELEMENT_NODE]: Element, [Node.DOCUMENT_NODE]: Document, [Node.DOCUMENT_FRAGMENT_NODE]: DocumentFragment };
  const searching = (name) => (root, selector) => SEARCHED[typeOf(root)].prototype[name].call(root, selector);
  const allIn = searching("querySelectorAll"), firstIn = searching("querySelector");
  const closestOf = own(Element, "closest"), isNode = (match) => typeof match === "object", kindOf = (match) => (isNode(match) ? typeOf(match) : null);
  const textIn = own(Node, "textContent"), childrenOf = own(Node, "childNodes"), valueIn = own(Node, "nodeValue");

  const documentOf = (root) => ownerOf(root) ?? root;

  const xpath = (expression, root) => {
    const owner = documentOf(root);
    const result = owner.evaluate(expression, root, null, XPathResult.ANY_TYPE, null);
    switch (result.resultType) {
      case XPathResult.NUMBER_TYPE: return Number.isFinite(result.numberValue) ? [result.numberValue] : [];
      case XPathResult.STRING_TYPE: return [result.stringValue];
      case XPathResult.BOOLEAN_TYPE: return [result.booleanValue];
    }
    const nodes = owner.evaluate(expression, root, null, XPathResult.ORDERED_NODE_SNAPSHOT_TYPE, null);
    return Array.from({ length: nodes.snapshotLength }, (_, index) => nodes.snapshotItem(index));
  };

  const css = (selector, root, all) => {
    if (selector === ":scope") return [typeOf(root) === Node.DOCUMENT_NODE ? root.documentElement : root];
    if (all) return Array.from(allIn(root, selector));
    const first = firstIn(root, selector);
    return first === null ? [] : [first];
  };

  const META_NAMES = ["name", "property", "itemprop", "http-equiv"];
  const meta = (name) => Array.from(document.querySelectorAll("meta"))
    .filter((element) => META_NAMES.some((attribute) => element.getAttribute(attribute)?.trim().toLowerCase() === name));

  // The roots to search from `root` on: itself, then the open shadow roots and frames inside it, if they were asked for.
  const rootsIn = (root, scope) => {
    const roots = [root];
    if (!scope.shadow && !scope.frames) return roots;
    for (const each of roots) {
      for (const element of allIn(each, ":not(form)")) {
        if (scope.shadow && element.shadowRoot) roots.push(element.shadowRoot);
        if (scope.frames && element.contentDocument) roots.push(element.contentDocument);
      }
      if (scope.shadow && typeOf(each) === Node.ELEMENT_NODE && shadowOf(each) !== null) roots.push(shadowOf(each));
      if (roots.length > MOST_ROOTS) break;
    }
    return roots;
  };

  // XPath cannot look into shadow roots.
  const search = ([kind, text], root, all, scope) => {
    if (kind === "meta") return meta(text);
    let found = [];
    for (const each of text === ":scope" ? [root] : rootsIn(root, scope)) {
      if (kind === "xpath" && typeOf(each) === Node.DOCUMENT_FRAGMENT_NODE) continue;
      found = found.concat(kind === "xpath" ? xpath(text, each) : css(text, each, all));
      if (found.length > 0 && !all) break;
    }
    return found;
  };

  // The first selector that matches anything, and what it matches.
  const find = (rule, root, all, scope, place) => {
    for (const [alternative, selector] of rule.selectors.entries()) {
      let matches;
      try { matches = search(selector, root, all, scope); } catch { throw new BadSelector([...place, alternative]); }
      if (matches.length > 0) return { matches, selector, alternative };
    }
    return { matches: [], selector: null, alternative: null };
  };

  // ---------------------------------------------------------------- reading

  // The text of an element without the scripts and styles inside it; a script that was itself selected keeps its text.
  const textOf = (node) => {
    if (firstIn(node, "script, style") === null) return textIn(node);
    const walker = document.createTreeWalker(node, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT | NodeFilter.SHOW_CDATA_SECTION,
      (inner) => (/^(script|style)$/i.test(inner.nodeName) ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_ACCEPT));
    const parts = [];
    while (walker.nextNode()) if (typeOf(walker.currentNode) !== Node.ELEMENT_NODE) parts.push(walker.currentNode.data);
    return parts.join("");
  };

  const OWN_TEXT = new Set([Node.TEXT_NODE, Node.CDATA_SECTION_NODE]);
  const ownTextOf = (node) =>
    Array.from(childrenOf(node)).filter((child) => OWN_TEXT.has(typeOf(child))).map((child) => child.data).join("");

  const clean = (string) => string.toWellFormed().replaceAll("\0", "\uFFFD");
  const fold = (string) => string.replace(/\s+/g, " ").trim();

  // How many rows are left of the section (thead, tbody, tfoot) that a row stands in: no cell spans beyond it.
  const rowsLeft = (rows) => {
    const left = new Array(rows.length);
    for (let y = rows.length - 1; y >= 0; y--) left[y] = rows[y].parentNode === rows[y + 1]?.parentNode ? left[y + 1] + 1 : 1;
    return left;
  };

  // A table, or the one around a match, or the first inside it.
  const tableOf = (match) => closestOf(match, "table") ?? firstIn(match, "table");

  // The rows of a table as lists of texts, a cell repeated over the columns and rows that it spans.
  const rowsOf = (table, budget) => {
    const rows = Array.from(table.rows), left = rowsLeft(rows), grid = [];
    let cells = 0;
    for (const [y, row] of rows.entries()) {
      if (y >= MOST_ROWS || cells >= MOST_CELLS) { budget.cuts++; break; }
      let x = 0;
      for (const cell of row.cells) {
        while (grid[y]?.[x] !== undefined) x++;
        const text = fold(textOf(cell));
        const height = Math.min(cell.rowSpan || Infinity, MOST_SPAN, left[y]), width = Math.min(cell.colSpan, MOST_SPAN);
        for (let down = 0; down < height; down++)
          for (let right = 0; right < width; right++) (grid[y + down] ??= [])[x + right] ??= text;
        x += width;
        cells += width * height;
      }
      grid[y] ??= [];
    }
    return grid.slice(0, rows.length).map((row) => Array.from(row, (cell) => cell ?? ""));
  };

  const headingsOf = (cells) => {
    const taken = new Set(), copies = new Map();
    return cells.map((cell, index) => {
      const wanted = cell || `column ${index + 1}`;
      let name = wanted, copy = copies.get(wanted) ?? 1;
      while (taken.has(name)) name = `${wanted} ${++copy}`;
      copies.set(wanted, copy);
      taken.add(name);
      return name;
    });
  };

  // The rows by their headings: the first row, or those of a thead, each column's different texts joined.
  const asObjects = (table, rows) => {
    const inHead = table.tHead?.rows.length ?? 0;
    const heads = rows.slice(0, inHead > 0 && inHead < rows.length ? inHead : 1);
    const width = rows.reduce((most, cells) => Math.max(most, cells.length), 0);
    const texts = Array.from({ length: width }, (_, x) => [...new Set(heads.map((cells) => cells[x]).filter(Boolean))].join(" "));
    const headings = headingsOf(texts);
    return rows.slice(heads.length).map((cells) => Object.fromEntries(headings.map((heading, x) => [heading, cells[x] ?? null])));
  };

  const outputs = {
    text: textOf,
    ownText: ownTextOf,
    html: own(Element, "innerHTML"),
    outerHtml: own(Element, "outerHTML"),
    table_json: (node, budget) => { const table = tableOf(node); return table && asObjects(table, rowsOf(table, budget)); },
    table_array: (node, budget) => { const table = tableOf(node); return table && rowsOf(table, budget); },
  };
  const FOLDED = new Set(["text", "ownText"]);
  const TABLES = new Set(["table_json", "table_array"]);

  // What a match is, or is of.
  const elementOf = (match) => (typeOf(match) === Node.ELEMENT_NODE ? match : match.ownerElement ?? match.parentElement);
  const isBranch = (match) => kindOf(match) === Node.ELEMENT_NODE || kindOf(match) === Node.DOCUMENT_NODE;

  // What a rule reads of one match. Of what is no element (an attribute, a text, a number) there is just its value.
  const valueOf = (match, rule, attribute, budget) => {
    const folds = rule.clean ?? (attribute === null && FOLDED.has(rule.output) && kindOf(match) !== Node.ATTRIBUTE_NODE);
    const tidy = (value) => (folds && typeof value === "string" ? fold(value) : value);
    if (!isBranch(match)) {
      if (TABLES.has(rule.output) || attribute !== null) return null;
      return tidy(isNode(match) ? valueIn(match) : match);
    }
    const node = typeOf(match) === Node.DOCUMENT_NODE ? match.documentElement : match;
    return node && tidy(attribute === null ? outputs[rule.output](node, budget) : attributeOf(node, attribute));
  };

  // Cuts to what one value and all of them together may take, in bytes of UTF-8.
  class Budget {
    constructor(limits) {
      this.most = { html: limits.markup, outerHtml: limits.markup };
      this.value = limits.value;
      this.left = limits.data;
      this.values = MOST_VALUES;
      this.encoder = new TextEncoder();
      this.room = new Uint8Array(limits.markup);
      this.cuts = 0;
    }

    get spent() { return this.left <= 0 || this.values <= 0; }

    take(value, output) {
      if (typeof value === "string") return this.takeText(value, this.most[output] ?? this.value);
      if (Array.isArray(value)) return this.takeAll(value, (each) => this.take(each, output));
      if (value === null || typeof value !== "object") return value;
      const entries = Object.entries(value);
      this.values -= entries.length;
      return Object.fromEntries(entries.map(([key, each]) => [this.takeKey(key), this.take(each, output)]));
    }

    // What `read` gives of each, until all is spent.
    takeAll(items, read) {
      const taken = [];
      for (const item of items) {
        if (this.spent) { this.cuts++; break; }
        this.values--;
        taken.push(read(item));
      }
      return taken;
    }

    takeText(value, most, left = this.left) {
      const text = clean(value);
      const { read, written } = this.encoder.encodeInto(text, this.room.subarray(0, Math.min(most, left)));
      this.left = Math.max(0, this.left - written);
      if (read < text.length) this.cuts++;
      return text.slice(0, read);
    }

    // A name is not cut to what is left, only to what a value may have: half a name is another one.
    takeKey(key) { return this.takeText(key, this.value, this.value); }
  }

  // Where the matches stand in the document, whose first element is 0. Of those within shadow roots and frames nothing.
  const placesOf = (matches, { places }) => {
    if (places === null) return [];
    const elements = matches.slice(0, MOST_PLACES).filter(isNode).map(elementOf);
    return elements.map((element) => places.get(element)).filter((place) => place !== undefined);
  };

  const readRule = (rule, root, order, budget, place) => {
    const all = rule.many || rule.output === "count" || order.explain;
    const { matches, selector, alternative } = find(rule, root, all, order.scope, place);
    const reading = { value: null, matches: matches.length, alternative, cut: 0, elements: placesOf(matches, order) };
    if (rule.output === "exists") return { ...reading, value: matches.length > 0 && matches[0] !== false };
    if (rule.output === "count") return { ...reading, value: matches.length };
    budget.values--;
    const cutsBefore = budget.cuts;
    const wanted = matches.slice(0, rule.many ? rule.limit : 1);
    const read = rule.rules === null
      ? (match) => budget.take(valueOf(match, rule, selector[2], budget), rule.output)
      : (match) => (isBranch(match) ? readRules(rule.rules, match, order, budget, place) : null);
    const taken = rule.many ? budget.takeAll(wanted, read) : wanted.map(read);
    const values = taken.filter((value) => value !== null);
    const over = rule.many && taken.length < matches.length ? 1 : 0;
    // What was cut of a nested field is told of that field.
    const cut = rule.rules === null ? Math.max(over, budget.cuts - cutsBefore) : over;
    return { ...reading, value: rule.many ? values : values[0] ?? null, cut };
  };

  const readRules = (rules, root, order, budget, place) =>
    rules.map((rule, index) => readRule(rule, root, order, budget, [...place, index]));

  const JSONLD = "script[type^='application/ld+json' i]";
  const isMatched = (rule, index, scope) => {
    if (rule.selectors.length === 0) return document.querySelector(JSONLD) !== null;
    const [first] = find(rule, document, false, scope, [index]).matches;
    return first !== undefined && first !== false && first !== "";
  };

  const leadsElsewhere = (url) =>
    URL.canParse(url, document.baseURI) && new URL(url, document.baseURI).href !== document.URL;

  const isLeaving = (now, settleMs) => {
    if (leavingAt !== null) return now - leavingAt < settleMs;
    const refresh = document.querySelector("meta[http-equiv=refresh i]")?.content.match(REFRESH);
    return refresh != null && Number(refresh[1]) <= REFRESH_SOON_S && leadsElsewhere(refresh[2]);
  };

  // Where there are no rules that could match, an empty page has yet to be rendered.
  const saysSomething = () => {
    const texts = document.createTreeWalker(document.body ?? document, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT,
      (node) => (/^(script|style|noscript)$/i.test(node.nodeName) ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_ACCEPT));
    while (texts.nextNode()) if (texts.currentNode.data?.trim()) return true;
    return false;
  };

  // Whether the document has come to rest; `unmatched` shrinks as rules find something.
  const isReady = ({ rules, wait, scope }, unmatched, deadline) => {
    const now = performance.now();
    if (document.readyState === "loading") return false;
    watchChanges();
    if (document.readyState === "complete") loadedAt ??= watchedMs();
    const sinceLoad = loadedAt === null ? -1 : watchedMs() - loadedAt;
    if (now >= deadline || sinceLoad >= wait.settle) return true;
    if (isLeaving(now, wait.settle)) return false;
    const quiet = now - changedAt >= wait.quiet;
    if (!quiet && sinceLoad < wait.restless) return false;
    for (const rule of unmatched) if (isMatched(...rule, scope)) unmatched.delete(rule); else break;
    const still = quiet && networkIdle && sinceLoad >= 0;
    if (unmatched.size > 0 || (rules.length === 0 && !saysSomething())) return still && sinceLoad >= wait.late;
    return still || !wait.whole;
  };

  const nextLook = (wait) => {
    const untilQuiet = changedAt === null ? 0 : changedAt + wait.quiet - performance.now();
    return untilQuiet > 0 ? untilQuiet : POLL_MS;
  };

  const settle = async (order) => {
    const unmatched = new Set(order.rules.map((rule, index) => [rule, index]));
    const deadline = performance.now() + order.wait.remaining;
    noteWatched();
    // postTask, not setTimeout: a page can clear every timer of its document, ours included.
    while (!isReady(order, unmatched, deadline)) {
      await scheduler.postTask(() => {}, { delay: nextLook(order.wait) });
      checkBudgets(order.limits);
    }
  };

  const isBoxed = own(Element, "checkVisibility"), boxOf = own(Element, "getBoundingClientRect");
  const isVisible = (match) => {
    const element = elementOf(match);
    if (!element || !isBoxed(element, { visibilityProperty: true })) return false;
    const { width, height } = boxOf(element);
    return width > 0 && height > 0;
  };

  // What XPath works out has no place in the page: it counts as there, and as seen, if it is true.
  const isThere = (match, seen) => (isNode(match) ? !seen || isVisible(match) : Boolean(match));

  const hasCome = ({ selector, state }, scope) => {
    let matches;
    try { matches = search(selector, document, true, scope); } catch { throw new BadSelector(null); }
    if (state === "attached") return matches.some((match) => isThere(match, false));
    if (state === "visible") return matches.some((match) => isThere(match, true));
    if (document.readyState === "loading") return false;
    return !matches.some((match) => isThere(match, state === "hidden"));
  };

  class NotCome extends Error {}

  const appear = async (order) => {
    const deadline = performance.now() + order.awaited.remaining;
    while (!hasCome(order.awaited, order.scope)) {
      if (performance.now() >= deadline) throw new NotCome();
      await scheduler.postTask(() => {}, { delay: POLL_MS });
      checkBudgets(order.limits);
    }
  };

  const jsonldOf = (order) => {
    const budget = new Budget(order.limits);
    const scripts = order.jsonld ? Array.from(document.querySelectorAll(JSONLD)) : [];
    const jsonld = scripts.map((script) => budget.takeText(script.textContent, order.limits.markup));
    return { jsonld, jsonldCut: budget.cuts > 0 };
  };

  // ---------------------------------------------------------------- the document as a whole

  const isXml = () => /[/+]xml$/.test(document.contentType);
  const trimmed = (string, most) => fold(clean(string).slice(0, most).toWellFormed());

  const spaceOf = own(Element, "namespaceURI"), localNameOf = own(Element, "localName"), nameOf = own(Node, "nodeName");
  const attributeNamesOf = own(Element, "getAttributeNames");
  const contentOf = own(HTMLTemplateElement, "content");
  const framed = own(HTMLIFrameElement, "contentDocument"), viewOf = own(Document, "defaultView");
  const createElement = own(Document, "createElement"), fontsOf = own(Document, "fonts");
  const bodyOf = own(Document, "body"), rootOf = own(Document, "documentElement"), baseOf = own(Node, "baseURI");
  const selected = own(Document, "querySelectorAll"), allOf = (selector) => Array.from(selected(document, selector));

  const HTML = "http://www.w3.org/1999/xhtml";
  const PARSED = new Set([HTML, "http://www.w3.org/2000/svg", "http://www.w3.org/1998/Math/MathML"]);
  const VOID = new Set("area base basefont bgsound br col embed frame hr img input keygen link meta param source track wbr".split(" "));
  const RAW = new Set(["style", "script", "xmp", "iframe", "noembed", "noframes", "plaintext"]);
  const UNSHOWN = new Set("head script style template object embed canvas video audio datalist select textarea input".split(" "));
  const TABLE_PARTS = new Set(["table", "thead", "tbody", "tfoot", "tr", "td", "th"]);
  const LOSES_FIRST_LINE = new Set(["pre", "textarea", "listing"]);
  const HEADINGS = ["h1", "h2", "h3", "h4", "h5", "h6"];
  const ENDS_P = new Set([...HEADINGS, ..."address article aside blockquote center details dialog dir div dl fieldset figcaption figure footer form"
    .concat(" header hgroup hr li dd dt listing main menu nav ol p plaintext pre search section summary table ul xmp").split(" ")]);
  // Which elements the parser ends when it meets which inside them; scripts may put them there.
  const ENDED_BY = new Map([["p", ENDS_P], ["a", new Set(["a"])], ["button", new Set(["button"])], ["li", new Set(["li"])],
    ["dt", new Set(["dt", "dd"])], ["dd", new Set(["dt", "dd"])], ["option", new Set(["option", "optgroup"])],
    ...HEADINGS.map((name) => [name, new Set(HEADINGS)])]);
  // Comments for `restore`: between two texts, of which the parser would make one; before a row without a tbody, which
  // it would get; where an element would be ended too soon, and where it really ends.
  const MARKS = { between: "scrpy", row: "scrpy row", cut: "scrpy cut", end: "scrpy end" };
  const marked = (name) => `<!--${MARKS[name]}-->`;

  const escaped = (text) => String(text).replaceAll("&", "&amp;").replaceAll("\r", "&#13;");
  const escapedText = (text) => escaped(text).replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  const escapedValue = (text) => escaped(text).replaceAll('"', "&quot;");
  const htmlNameOf = (node) => (typeOf(node) === Node.ELEMENT_NODE && spaceOf(node) === HTML ? localNameOf(node) : null);
  // Computed styles of all elements would take more memory than a page has.
  const displayOf = (element) => getComputedStyle(element).display;
  const spanOf = (cell) => Math.min(cell.colSpan, MOST_SPAN);
  const isText = (node) => node !== null && typeOf(node) === Node.TEXT_NODE;
  const isShown = (node) => viewOf(ownerOf(node)) !== null;

  // Whether the parser took noscript for text.
  const runsScripts = () => {
    const probe = createElement(document, "noscript");
    probe.append("<");
    return probe.innerHTML === "<";
  };

  // Markup of which the parser makes the same tree, as nearly as markup can tell one. Nothing of the page is changed or
  // copied for it: its scripts would hear of that. Throws OverBudget beyond `most` characters.
  class Markup {
    constructor(scope, most) {
      Object.assign(this, { scope, most, length: 0, parts: [], cuts: new Set(), raw: runsScripts() ? new Set([...RAW, "noscript"]) : RAW });
    }

    of(root) {
      this.todo = [root];
      while (this.todo.length > 0) {
        const next = this.todo.pop();
        this.write(typeof next === "string" ? next : this.begin(next));
      }
      return this.parts.join("");
    }

    write(text) {
      this.length += text.length;
      if (this.length > this.most) throw new OverBudget("html");
      this.parts.push(text);
    }

    // What a node begins with; the rest of it is still to do.
    begin(node) {
      switch (typeOf(node)) {
        case Node.ELEMENT_NODE: return this.element(node, htmlNameOf(node));
        case Node.TEXT_NODE: case Node.CDATA_SECTION_NODE: return this.text(node);
        case Node.COMMENT_NODE: return `<!--${node.data.replace(/(^-?|--!?)>/g, "$1&gt;")}-->`;
        case Node.DOCUMENT_TYPE_NODE: return new XMLSerializer().serializeToString(node);
        case Node.DOCUMENT_NODE: return this.document(node);
        case Node.DOCUMENT_FRAGMENT_NODE: this.children(node);
      }
      return "";
    }

    // A text file is in standards mode without saying so.
    document(root) {
      this.children(root);
      return root.compatMode === "CSS1Compat" && !root.doctype ? "<!DOCTYPE html>" : "";
    }

    children(node) {
      for (let child = lastChildOf(node); child !== null; child = previousOf(child)) this.todo.push(child);
    }

    element(node, html) {
      const name = PARSED.has(spaceOf(node)) ? localNameOf(node) : nameOf(node);
      const inner = html === "iframe" && this.scope.frames ? framed(node) : null;
      const attributes = attributeNamesOf(node).filter((each) => inner === null || each !== "srcdoc")
        .map((each) => ` ${each}="${escapedValue(attributeOf(node, each))}"`);
      if (inner !== null) attributes.push(` srcdoc="${escapedValue(new Markup(this.scope, this.most - this.length).of(inner))}"`);
      if (!VOID.has(html)) this.inside(node, html, name);
      return `${this.before(node, html)}<${name}${attributes.join("")}>`;
    }

    before(node, html) {
      if (this.cuts.delete(node)) return marked("cut");
      return html === "tr" && isShown(node) && parentOf(node) !== null && htmlNameOf(parentOf(node)) === "table" ? marked("row") : "";
    }

    // The first child at which the parser would end its parent.
    cutOf(node, html) {
      const enders = ENDED_BY.get(html);
      let first = null;
      if (enders === undefined || !isShown(node)) return first;
      for (let child = lastChildOf(node); child !== null; child = previousOf(child)) if (enders.has(htmlNameOf(child))) first = child;
      return first;
    }

    inside(node, html, name) {
      this.todo.push(`</${name}>`);
      const cut = this.cutOf(node, html);
      if (cut !== null) {
        this.cuts.add(cut);
        this.todo.push(marked("end"));
      }
      this.children(html === "template" ? contentOf(node) : node);
      const shadow = this.scope.shadow ? shadowOf(node) : null;
      if (shadow !== null) {
        const focus = shadow.delegatesFocus ? " shadowrootdelegatesfocus" : "";
        this.todo.push("</template>", shadow, `<template shadowrootmode="open"${focus}>`);
      }
    }

    text(node) {
      const parent = parentOf(node), around = parent && htmlNameOf(parent), before = previousOf(node);
      if (this.raw.has(around)) return node.data.includes("<!--") ? node.data : node.data.replaceAll(`</${around}`, `<\\/${around}`);
      if (isText(before) && isShown(node)) return marked("between") + escapedText(node.data);
      return (before === null && LOSES_FIRST_LINE.has(around) && node.data[0] === "\n" ? "\n" : "") + escapedText(node.data);
    }
  }

  const serialise = ({ scope, limits }) => {
    const markup = isXml() ? new XMLSerializer().serializeToString(document) : new Markup(scope, limits.html).of(document);
    const text = clean(markup);
    if (new Blob([text]).size > limits.html) throw new OverBudget("html");
    return text;
  };

  const isMark = (node, name) => node?.nodeType === Node.COMMENT_NODE && node.data === MARKS[name];

  // The parser has put the row into a tbody of its own making.
  const unwrap = (mark) => {
    const made = mark.nextElementSibling;
    if (mark.parentNode.localName === "table" && made?.localName === "tbody") made.replaceWith(...made.childNodes);
  };

  // The parser has ended the mark's parent here: what follows it, up to its real end, belongs into it.
  const rejoin = (mark) => {
    const parent = mark.parentNode, rest = [];
    let next = parent.nextSibling;
    for (; next !== null && !isMark(next, "end"); next = next.nextSibling) rest.push(next);
    if (next === null) return;
    const made = next.nextSibling;
    if (parent.localName === "p" && made?.localName === "p" && !made.hasChildNodes()) made.remove();
    next.remove();
    for (const each of rest) parent.append(each);
  };

  // Take out of a kept document what was put into its markup, and undo what the parser has made of that.
  const restore = () => {
    for (const root of rootsIn(document, { shadow: true, frames: true })) {
      const walker = document.createTreeWalker(root, NodeFilter.SHOW_COMMENT), marks = [];
      while (walker.nextNode()) marks.push(walker.currentNode);
      for (const mark of marks.reverse()) {
        if (isMark(mark, "row")) unwrap(mark);
        if (isMark(mark, "cut")) rejoin(mark);
      }
      for (const mark of marks) if (Object.values(MARKS).includes(mark.data)) mark.remove();
    }
  };

  // What markdown is made of: what the page shows, in plain markup, with the few attributes that mean something there.
  class Shown extends Markup {
    constructor(scope, most) {
      super(scope, most);
      Object.assign(this, { elements: 0, vast: new Map() });
    }

    begin(node) {
      switch (typeOf(node)) {
        case Node.ELEMENT_NODE: return this.element(node, htmlNameOf(node));
        case Node.TEXT_NODE: case Node.CDATA_SECTION_NODE: return escapedText(node.data);
        case Node.DOCUMENT_NODE: case Node.DOCUMENT_FRAGMENT_NODE: this.children(node);
      }
      return "";
    }

    element(node, html) {
      if (++this.elements > MOST_SHOWN) throw new OverBudget("html");
      if (spaceOf(node) === "http://www.w3.org/2000/svg" || UNSHOWN.has(html) || (html === "noscript" && this.raw.has(html))) return "";
      if (!isBoxed(node) && displayOf(node) === "none") return "";
      if (html === "iframe") { this.frame(node); return ""; }
      if (html === "img" && !/^https?:/.test(node.src)) return escapedText(node.alt);
      const name = this.nameFor(node, html);
      if (!VOID.has(name)) {
        this.todo.push(`</${name}>`);
        this.shownChildren(node, html);
      }
      return `<${name}${Object.entries(this.attributes(node, name)).map(([key, value]) => ` ${key}="${escapedValue(value)}"`).join("")}>`;
    }

    frame(node) {
      if (this.scope.frames && framed(node) !== null) this.todo.push("</div>", framed(node), "<div>");
    }

    // Slots are where their contents are seen.
    shownChildren(node, html) {
      const shadow = this.scope.shadow ? shadowOf(node) : null;
      const assigned = html === "slot" ? node.assignedNodes() : [];
      if (assigned.length > 0) this.todo.push(...assigned.reverse()); else this.children(shadow ?? node);
    }

    nameFor(node, html) {
      if (TABLE_PARTS.has(html) && this.isVast(node.closest("table"))) return "div";
      if (html !== null && /^[a-z][a-z0-9]*$/.test(html)) return html;
      return displayOf(node).startsWith("inline") ? "span" : "div";
    }

    // Whether a table has more cells than can be drawn: every row has as many as the longest one.
    isVast(table) {
      if (table === null) return false;
      if (!this.vast.has(table)) {
        const rows = Array.from(table.rows);
        const width = rows.reduce((most, row) => Math.max(most, Array.from(row.cells).reduce((sum, cell) => sum + spanOf(cell), 0)), 0);
        this.vast.set(table, rows.length * width > MOST_CELLS);
      }
      return this.vast.get(table);
    }

    attributes(node, name) {
      switch (name) {
        case "a": return /^(https?|mailto|tel):/.test(node.href) ? { href: node.href.slice(0, LONGEST_URL) } : {};
        case "img": return { src: node.src.slice(0, LONGEST_URL), alt: node.alt.slice(0, LONGEST_META) };
        case "ol": return node.start === 1 ? {} : { start: node.start };
        case "td": case "th": return spanOf(node) === 1 ? {} : { colspan: spanOf(node) };
        case "code": case "pre": return { class: /\b(?:language|lang)-[\w+#-]{1,40}/.exec(attributeOf(node, "class"))?.[0] ?? "" };
      }
      return {};
    }
  }

  const withinBudget = (make) => {
    try { return make(); } catch (error) { if (error instanceof OverBudget) return null; throw error; }
  };

  const visibleText = (limits) => {
    const text = clean(bodyOf(document)?.innerText ?? rootOf(document)?.textContent ?? "");
    if (text.length > limits.html || new Blob([text]).size > limits.html) throw new OverBudget("html");
    return text;
  };

  // Links in SVG hold their addresses in another way.
  const addressOf = (link) => (typeof link.href === "string" ? link.href : URL.parse(link.href.baseVal, baseOf(document))?.href ?? "");

  const linksOf = (limits) => {
    const found = new Map();
    let left = limits.html, cut = false;
    for (const link of allOf("a[href], area[href]")) {
      const url = addressOf(link);
      if (!/^https?:/.test(url) || url.length > LONGEST_URL || found.has(url)) continue;
      const each = { url, text: trimmed(link.textContent, LONGEST_LINK_TEXT), rel: trimmed(attributeOf(link, "rel") ?? "", LONGEST_LINK_TEXT) };
      left -= url.length + each.text.length + each.rel.length;
      cut = left < 0 || found.size >= MOST_LINKS;
      if (cut) break;
      found.set(url, each);
    }
    return { found: [...found.values()], cut };
  };

  // What the head says, as it is written; what it means is for Python to tell.
  const headOf = () => ({
    title: trimmed(allOf("title").find((title) => spaceOf(title) === HTML)?.textContent ?? "", LONGEST_META),
    language: trimmed(rootOf(document)?.getAttribute("lang") ?? "", LONGEST_META),
    metas: allOf("meta[content]").slice(0, MOST_METAS).flatMap((element) =>
      ["name", "property", "itemprop"].filter((name) => element.hasAttribute(name)).map((name) =>
        [trimmed(attributeOf(element, name), LONGEST_META).toLowerCase(), trimmed(attributeOf(element, "content"), LONGEST_META)])),
    links: allOf("link[rel][href]").slice(0, MOST_METAS).filter((element) => element.href?.length <= LONGEST_URL).map((element) =>
      [trimmed(element.rel, LONGEST_META).toLowerCase(), element.href.toWellFormed()]),
  });

  // Every element with what a selector could tell it by, and where it is on the page: [x, y, width, height] in pixels.
  const HINTS = ["itemprop", "data-testid", "data-test", "data-qa", "name", "property", "rel", "role", "type", "href", "src", "content"];
  const mapOf = (limits) => {
    const all = allOf("*"), places = new Map(), elements = [];
    const root = rootOf(document);
    let left = limits.html;
    for (const element of all.slice(0, MOST_ELEMENTS)) {
      const each = describedElement(element, places);
      left -= JSON.stringify(each).length;
      if (left < 0) break;
      places.set(element, elements.push(each) - 1);
    }
    return { width: root?.scrollWidth ?? 0, height: root?.scrollHeight ?? 0, elements, cut: elements.length < all.length };
  };

  const describedElement = (element, places) => {
    const { x, y, width, height } = boxOf(element);
    const hints = HINTS.map((name) => [name, attributeOf(element, name)]).filter(([, value]) => value !== null);
    return {
      parent: places.get(parentOf(element)) ?? null,
      tag: localNameOf(element).slice(0, LONGEST_HINT),
      id: trimmed(attributeOf(element, "id") ?? "", LONGEST_HINT),
      classes: trimmed(attributeOf(element, "class") ?? "", LONGEST_META).split(" ").filter(Boolean),
      attributes: Object.fromEntries(hints.map(([name, value]) => [name, trimmed(value, LONGEST_HINT)])),
      box: width > 0 && height > 0 ? [x + window.scrollX, y + window.scrollY, width, height].map(Math.round) : null,
      text: UNSHOWN.has(localNameOf(element)) ? "" : trimmed(ownTextOf(element), LONGEST_HINT),
    };
  };

  // Null is what is over its budget.
  const WHOLES = {
    html: (order) => withinBudget(() => serialise(order)),
    shown: ({ scope, limits }) => withinBudget(() => clean(new Shown(scope, limits.html).of(document))),
    text: ({ limits }) => withinBudget(() => visibleText(limits)),
    links: ({ limits }) => linksOf(limits),
    map: ({ limits }) => mapOf(limits),
    head: headOf,
  };

  const wholesOf = (order) => Object.fromEntries(order.wholes.map((name) => [name, WHOLES[name](order)]));

  const answer = (order) => {
    checkBudgets(order.limits);
    const budget = new Budget(order.limits);
    order.places = order.explain ? new Map(allOf("*").map((element, place) => [element, place])) : null;
    return {
      url: document.URL,
      status: navigation()?.responseStatus ?? 0,
      contentType: document.contentType,
      baseUrl: document.baseURI,
      readings: readRules(order.rules, document, order, budget, []),
      ...jsonldOf(order),
      wholes: wholesOf(order),
    };
  };

  // When each phase of the document ended, in milliseconds from its navigation on; 0 is what did not happen. The times
  // are the browser's own: a page can change what it sees of them, not what is seen here.
  const endsOf = (readyAt) => {
    const { fetchStart = 0, connectEnd = 0, responseStart = 0, domContentLoadedEventStart = 0, loadEventStart = 0 } = navigation() ?? {};
    const load = Math.min(loadEventStart || domContentLoadedEventStart || readyAt, readyAt);
    return { start: fetchStart, connect: connectEnd, firstByte: responseStart, load, wait: readyAt, read: performance.now() };
  };

  // ---------------------------------------------------------------- acting

  const LONGEST_FRAME_MS = 100;
  const MOST_STEPS = 100;

  const pause = (ms) => scheduler.postTask(() => {}, { delay: ms });
  // Whoever watches what comes into view is told with the next frame; without scripts there may be none.
  const painted = () => Promise.race([
    new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))),
    pause(LONGEST_FRAME_MS),
  ]);

  // A click may lead on by a script that runs a moment later; nothing else tells of that than leaving itself.
  const arrive = async ({ settle, remaining }) => {
    const deadline = performance.now() + remaining;
    const isOnTheWay = (now) => document.readyState === "loading"
      || ((leavingAt !== null || now < settle) && isLeaving(now, settle));
    do await pause(POLL_MS); while (isOnTheWay(performance.now()) && performance.now() < deadline);
    return {};
  };

  const overflows = (element) => element.scrollHeight > element.clientHeight + 1 && /auto|scroll|overlay/.test(getComputedStyle(element).overflowY);

  const scrollerAround = (element) => {
    let each = element?.nodeType === Node.ELEMENT_NODE ? element : element?.parentElement;
    while (each && !(overflows(each) && each !== document.body)) each = each.parentElement;
    return each ?? null;
  };

  const areaOf = (element) => element.clientWidth * element.clientHeight;

  // What scrolls: what is around the items, or the page, or the largest part of a page that does not scroll itself.
  const scrollerOf = (items) => {
    const root = document.scrollingElement ?? document.documentElement;
    const around = scrollerAround(items.at(-1));
    if (around) return around;
    const fixed = [document.documentElement, document.body].some((each) => each && getComputedStyle(each).overflowY === "hidden");
    if (!fixed && root.scrollHeight > root.clientHeight + 1) return root;
    const parts = Array.from(document.querySelectorAll("body *")).filter(overflows);
    return parts.reduce((largest, each) => (areaOf(each) > areaOf(largest) ? each : largest), parts[0] ?? root);
  };

  const itemsOf = ({ items, scope }) => {
    try { return items === null ? [] : search(items, document, true, scope); } catch { throw new BadSelector(null); }
  };

  const extentOf = (order) => {
    const items = itemsOf(order), scroller = scrollerOf(items);
    return { scroller, height: scroller.scrollHeight, items: items.length };
  };

  // Down by steps of what can be seen, so that whatever waits to be seen is; from a step above, so that there is one.
  const scrollDown = async (scroller, deadline) => {
    const bottom = () => scroller.scrollHeight - scroller.clientHeight;
    let top = Math.max(0, scroller.scrollTop - scroller.clientHeight);
    const step = Math.max(scroller.clientHeight, (bottom() - top) / MOST_STEPS, 1);
    for (; top < bottom() && performance.now() < deadline; top += step) {
      scroller.scrollTo({ top, behavior: "instant" });
      await painted();
    }
    scroller.scrollTo({ top: bottom(), behavior: "instant" });
  };

  // Whether there is more than before, and no more is just coming.
  const hasGrown = async (order, before, until) => {
    watchChanges();
    const grown = (now) => now.height > before.height || now.items > before.items;
    while (!grown(extentOf(order))) {
      if (performance.now() >= until) return false;
      await pause(POLL_MS);
      checkBudgets(order.limits);
    }
    while (performance.now() - changedAt < order.limits.quiet && performance.now() < until) await pause(POLL_MS);
    return true;
  };

  const scrollToEnd = async (order) => {
    const deadline = performance.now() + order.remaining;
    const enough = ({ items }) => order.limit !== null && items >= order.limit;
    let extent = extentOf(order), scrolls = 0, stoppedBy = null;
    while (stoppedBy === null) {
      if (enough(extent)) stoppedBy = "limit";
      else if (scrolls >= order.most) stoppedBy = "maxScrolls";
      else if (performance.now() >= deadline) stoppedBy = "timeout";
      else {
        scrolls++;
        await scrollDown(extent.scroller, deadline);
        const grown = await hasGrown(order, extent, Math.min(deadline, performance.now() + order.settle));
        if (!grown) stoppedBy = performance.now() >= deadline ? "timeout" : "end";
        extent = extentOf(order);
      }
    }
    return { scrolls, ...(order.items === null ? {} : { items: extent.items }), stoppedBy };
  };

  // What `work` gives, or which of the things that are foreseen went wrong.
  const tried = async (work) => {
    try {
      return JSON.stringify(await work());
    } catch (error) {
      if (error instanceof BadSelector) return JSON.stringify({ badSelector: error.place });
      if (error instanceof NotCome) return JSON.stringify({ notCome: true });
      if (error instanceof OverBudget) return JSON.stringify({ overBudget: error.budget });
      throw error;
    }
  };

  return {
    noteNetworkIdle() { networkIdle = true; },
    noteWatched,

    async read(order) {
      return tried(async () => {
        if (order.awaited !== null) await appear(order);
        if (order.wait !== null) await settle(order);
        if (order.pause > 0) await scheduler.postTask(() => {}, { delay: order.pause });
        const readyAt = performance.now();
        if (order.kept) restore();
        finished = order.last;
        return { ...answer(order), ends: endsOf(readyAt) };
      });
    },

    arrive(order) { return tried(() => arrive(order)); },
    meet(order) { return tried(async () => { await appear(order); return {}; }); },
    async scrollBy({ x, y }) {
      window.scrollBy({ left: x, top: y, behavior: "instant" });
      await painted();
      return "{}";
    },
    scrollToEnd(order) { return tried(() => scrollToEnd(order)); },

    // Return when what the page shows has come: its fonts, and the images that are on their way.
    async shown({ images }) {
      const awaited = images ? Array.from(document.querySelectorAll("img")).filter((image) => image.complete || image.loading !== "lazy") : [];
      await Promise.allSettled([fontsOf(document).ready, ...awaited.map((image) => image.decode())]);
    },

    countRequestsOf,

    // Can be called as long as the document is there.
    stay() {},

    wipe() {
      finished = true;
      window.name = "";
      try { sessionStorage.clear(); } catch { /* an opaque origin has none */ }
    },
  };
})();
// A frame of the same site, whose requests count as the page's. Others are bounded by connections and bytes alone.
else try { window.top.scrpy.countRequestsOf(window); } catch { /* another site's */ }
