// Lives in an isolated world of every document, from before the page's first script: nothing here can be seen,
// overridden or falsified by the page. `scrpy.read(order)` waits as ordered, then answers all fields as one JSON string.
if (window === window.top) globalThis.scrpy ??= (() => {
  const POLL_MS = 25;
  const REFRESH_SOON_S = 3;
  const REFRESH = /^\s*([\d.]+)\s*[;,]\s*(?:url\s*=\s*)?["']?([^"']+)/i;

  let changedAt = performance.now();
  let leavingAt = null;
  let loadedAt = null;
  let networkIdle = false;
  let requests = 1;

  new MutationObserver(() => { changedAt = performance.now(); })
    .observe(document, { subtree: true, childList: true, characterData: true, attributes: true });
  globalThis.navigation?.addEventListener("navigate", (event) => {
    if (!event.destination.sameDocument && event.downloadRequest === null) leavingAt = performance.now();
  });

  // An observer sees each resource, also one that came from the cache; the page can empty the list, and resize it.
  const resources = new PerformanceObserver((list) => { requests += list.getEntries().length; });
  resources.observe({ type: "resource" });

  class OverBudget extends Error {
    constructor(budget) { super(); this.budget = budget; }
  }

  const navigation = () => performance.getEntriesByType("navigation")[0];

  const checkBudgets = (limits) => {
    requests += resources.takeRecords().length;
    if (requests > limits.requests) throw new OverBudget("requests");
    if (navigation()?.decodedBodySize > limits.html) throw new OverBudget("html");
  };

  class BadSelector extends Error {
    constructor(index) { super(); this.index = index; }
  }

  const xpath = (expression) => {
    const result = document.evaluate(expression, document, null, XPathResult.ANY_TYPE, null);
    switch (result.resultType) {
      case XPathResult.NUMBER_TYPE: return Number.isFinite(result.numberValue) ? [result.numberValue] : [];
      case XPathResult.STRING_TYPE: return [result.stringValue];
      case XPathResult.BOOLEAN_TYPE: return [result.booleanValue];
    }
    const nodes = document.evaluate(expression, document, null, XPathResult.ORDERED_NODE_SNAPSHOT_TYPE, null);
    return Array.from({ length: nodes.snapshotLength }, (_, index) => nodes.snapshotItem(index));
  };

  const find = (rule, index) => {
    try {
      if (rule.xpath) return xpath(rule.selector);
      if (rule.many) return Array.from(document.querySelectorAll(rule.selector));
      const first = document.querySelector(rule.selector);
      return first === null ? [] : [first];
    } catch {
      throw new BadSelector(index);
    }
  };

  // The text of an element without the scripts and styles inside it; a script that was itself selected keeps its text.
  const textOf = (node) => {
    if (node.nodeType === Node.DOCUMENT_NODE) return node.documentElement ? textOf(node.documentElement) : "";
    if (!node.querySelector?.("script, style")) return node.textContent;
    const walker = document.createTreeWalker(node, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT | NodeFilter.SHOW_CDATA_SECTION,
      (inner) => (/^(script|style)$/i.test(inner.nodeName) ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_ACCEPT));
    const parts = [];
    while (walker.nextNode()) if (walker.currentNode.nodeType !== Node.ELEMENT_NODE) parts.push(walker.currentNode.data);
    return parts.join("");
  };

  const clean = (string) => string.toWellFormed().replaceAll("\0", "\uFFFD");
  const fold = (string) => string.replace(/\s+/g, " ").trim();

  const valueOf = (match, rule) => {
    if (!(match instanceof Node)) return typeof match === "string" ? fold(match) : match;
    if (rule.attribute !== null) return match.getAttribute?.(rule.attribute) ?? null;
    if (match.nodeType === Node.DOCUMENT_TYPE_NODE) return null;
    return match.nodeType === Node.ATTRIBUTE_NODE ? match.value : fold(textOf(match));
  };

  // Cuts to what one value and all of them together may take, in bytes of UTF-8.
  class Budget {
    constructor(limits) {
      this.value = limits.value;
      this.left = limits.data;
      this.encoder = new TextEncoder();
      this.room = new Uint8Array(limits.value);
    }

    take(value) {
      if (typeof value !== "string") return { value, cut: false };
      const text = clean(value);
      const { read, written } = this.encoder.encodeInto(text, this.room.subarray(0, Math.min(this.value, this.left)));
      this.left -= written;
      return { value: text.slice(0, read), cut: read < text.length };
    }
  }

  const readRule = (rule, index, limits, budget) => {
    const matches = find(rule, index);
    const wanted = rule.many ? matches.slice(0, limits.items) : matches.slice(0, 1);
    const taken = wanted.map((match) => valueOf(match, rule)).filter((value) => value !== null).map((value) => budget.take(value));
    const cut = (rule.many && matches.length > wanted.length) || taken.some((each) => each.cut);
    const values = taken.map((each) => each.value);
    return [rule.many ? values : values[0] ?? null, cut];
  };

  const isMatched = (rule, index) => {
    const [first] = find(rule, index);
    return first !== undefined && first !== false && first !== "";
  };

  const leadsElsewhere = (url) =>
    URL.canParse(url, document.baseURI) && new URL(url, document.baseURI).href !== document.URL;

  const isLeaving = (now, settleMs) => {
    if (leavingAt !== null) return now - leavingAt < settleMs;
    const refresh = document.querySelector("meta[http-equiv=refresh i]")?.content.match(REFRESH);
    return refresh != null && Number(refresh[1]) <= REFRESH_SOON_S && leadsElsewhere(refresh[2]);
  };

  // Whether the document has come to rest; `unmatched` shrinks as rules find something.
  const isReady = (wait, unmatched, deadline) => {
    const now = performance.now();
    if (document.readyState === "loading") return false;
    if (document.readyState === "complete") loadedAt ??= now;
    const sinceLoad = loadedAt === null ? -1 : now - loadedAt;
    if (now >= deadline || sinceLoad >= wait.settle) return true;
    if (isLeaving(now, wait.settle)) return false;
    const quiet = now - changedAt >= wait.quiet;
    if (!quiet && sinceLoad < wait.restless) return false;
    for (const rule of unmatched) if (isMatched(...rule)) unmatched.delete(rule); else break;
    return unmatched.size === 0 || (quiet && networkIdle && sinceLoad >= wait.late);
  };

  const nextLook = (wait) => {
    const untilQuiet = changedAt + wait.quiet - performance.now();
    return untilQuiet > 0 ? untilQuiet : POLL_MS;
  };

  const settle = async (order) => {
    const unmatched = new Set(order.rules.map((rule, index) => [rule, index]));
    const deadline = performance.now() + order.wait.remaining;
    // postTask, not setTimeout: a page can clear every timer of its document, ours included.
    while (!isReady(order.wait, unmatched, deadline)) {
      await scheduler.postTask(() => {}, { delay: nextLook(order.wait) });
      checkBudgets(order.limits);
    }
  };

  const answer = (order) => {
    checkBudgets(order.limits);
    const budget = new Budget(order.limits);
    return {
      url: document.URL,
      status: navigation()?.responseStatus ?? 0,
      contentType: document.contentType,
      values: order.rules.map((rule, index) => readRule(rule, index, order.limits, budget)),
    };
  };

  return {
    noteNetworkIdle() { networkIdle = true; },

    async read(order) {
      try {
        if (order.wait !== null) await settle(order);
        return JSON.stringify(answer(order));
      } catch (error) {
        if (error instanceof BadSelector) return JSON.stringify({ badSelector: error.index });
        if (error instanceof OverBudget) return JSON.stringify({ overBudget: error.budget });
        throw error;
      }
    },

    wipe() {
      window.name = "";
      try { sessionStorage.clear(); } catch { /* an opaque origin has none */ }
    },
  };
})();
