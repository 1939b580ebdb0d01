// Selectors for an element of a page, by what the output `elements` tells of all of them.
"use strict";

const NAMED = ["data-testid", "data-test", "data-qa", "itemprop", "property", "name"];
const READ = ["href", "src", "content"];
// Names that programs make up change with the next version of the site.
const MADE_UP = /\d{3,}|^[a-z]{1,3}[-_]?[0-9a-f]{5,}|^(css|sc|jsx|svelte|emotion|chakra|styles?)-|__?[A-Za-z0-9]{5,}$|[:/[\]()%!@]/;

// There is one of these by chance only.
const MEANS_NOTHING = new Set(["div", "span", "p", "a", "li", "ul", "section", "td", "tr", "b", "i", "strong", "em", "html", "body"]);

class Elements {
  constructor(elements) {
    this.all = elements;
    this.tokens = elements.map(tokensOf);
    this.having = new Map();
    this.tokens.forEach((tokens, place) => tokens.forEach((token) => {
      if (!this.having.has(token)) this.having.set(token, []);
      this.having.get(token).push(place);
    }));
  }

  // The smallest that is drawn at a point, the innermost of equal ones.
  at(x, y) {
    let best = null, area = Infinity;
    this.all.forEach(({ box }, place) => {
      if (box === null) return;
      const [left, top, width, height] = box;
      if (x < left || y < top || x > left + width || y > top + height || width * height > area) return;
      best = place;
      area = width * height;
    });
    return best;
  }

  ancestors(place) {
    const found = [];
    for (let above = this.all[place].parent; above !== null && above !== undefined; above = this.all[above].parent) found.push(above);
    return found;
  }

  isWithin(place, root) { return this.ancestors(place).includes(root); }

  // How many have a token, in all or within another.
  count(token, root = null) {
    const places = this.having.get(token) ?? [];
    return root === null ? places.length : places.filter((place) => this.isWithin(place, root)).length;
  }

  nth(place) {
    const { parent, tag } = this.all[place];
    const same = this.all.map((each, other) => [each, other]).filter(([each]) => each.parent === parent && each.tag === tag);
    return same.length === 1 ? tag : `${tag}:nth-of-type(${same.findIndex(([, other]) => other === place) + 1})`;
  }

  // One that matches this element alone, as far as can be told; short, and of names that people gave.
  alone(place) {
    const unique = this.tokens[place].find((token) => this.count(token) === 1 && !MEANS_NOTHING.has(token));
    if (unique) return unique;
    for (const above of this.ancestors(place)) {
      const root = this.tokens[above].find((token) => this.count(token) === 1 && !MEANS_NOTHING.has(token));
      if (!root) continue;
      const inside = this.tokens[place].find((token) => this.count(token, above) === 1);
      return inside ? `${root} ${inside}` : `${root} > ${this.path(place, above).join(" > ")}`;
    }
    return this.path(place, null).join(" > ");
  }

  path(place, root) {
    const steps = [];
    for (let at = place; at !== root && at !== null && at !== undefined; at = this.all[at].parent) steps.unshift(this.nth(at));
    return steps;
  }

  // One that matches this element and those like it; null if there are none.
  alike(place) {
    const token = this.tokens[place].find((each) => this.count(each) > 1 && each !== this.all[place].tag);
    if (token) return token;
    const { tag } = this.all[place];
    for (const above of this.ancestors(place)) {
      const around = this.tokens[above].find((each) => each !== this.all[above].tag && this.count(each) > 1);
      if (around) return `${around} ${tag}`;
    }
    return this.count(tag) > 1 ? tag : null;
  }

  // Attributes of it, or of what is around it, that are worth reading.
  attributes(place) {
    return READ.filter((name) => this.all[place].attributes[name]);
  }

  suggestName(place) {
    const { attributes, classes, id, tag } = this.all[place];
    const given = attributes.itemprop ?? attributes["data-testid"] ?? [id, ...classes].find((each) => each && !MADE_UP.test(each));
    const name = (given ?? ({ h1: "title", a: "link", img: "image" }[tag] ?? tag)).replace(/[^\p{L}\p{N}]+/gu, "_").replace(/^_+|_+$/g, "");
    return name.slice(0, 40) || "field";
  }
}

// What a selector of one step can be, the best first.
function tokensOf({ tag, id, classes, attributes }) {
  const named = NAMED.filter((name) => attributes[name]).map((name) => `[${name}="${CSS.escape(attributes[name])}"]`);
  const good = classes.filter((each) => !MADE_UP.test(each)).map((each) => `.${CSS.escape(each)}`);
  return [...(id && !MADE_UP.test(id) ? [`#${CSS.escape(id)}`] : []), ...named, ...good, ...good.map((each) => tag + each), tag];
}
