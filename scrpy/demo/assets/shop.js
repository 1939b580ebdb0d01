// Renders the page that the address names, out of the shop's JSON API.

const main = document.querySelector("main");

/** An element with a class, attributes and children; text stays text. */
function make(tag, { class: name, ...attributes } = {}, ...children) {
  const element = document.createElement(tag);
  if (name) element.className = name;
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

async function read(path) {
  const answer = await fetch(path);
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  return answer.json();
}

function card({ number, title, price, image }) {
  return make("li", { class: "card" },
    make("a", { href: `/products/${number}` },
      make("img", { src: image, alt: "", width: 400, height: 300, loading: "lazy" }),
      make("h2", {}, title),
      make("span", { class: "price" }, price)));
}

function pageLink(number, current) {
  const attributes = { href: `/products?page=${number}` };
  if (number === current) attributes["aria-current"] = "page";
  return make("a", attributes, String(number));
}

function list({ page, pages, total, products }) {
  document.title = `Brightwood, page ${page} of ${pages}`;
  const numbers = Array.from({ length: pages }, (_, index) => index + 1);
  const links = numbers.map((number) => pageLink(number, page));
  if (page < pages) links.push(make("a", { class: "next", rel: "next", href: `/products?page=${page + 1}` }, "Next"));
  return [
    make("h1", {}, "All products"),
    make("p", { class: "count" }, `${total} products`),
    make("ul", { class: "cards" }, ...products.map(card)),
    make("nav", { class: "pagination", "aria-label": "Pages" }, ...links),
  ];
}

function review({ author, stars, text }) {
  return make("li", { class: "review" },
    make("span", { class: "author" }, author),
    make("span", { class: "stars", "data-stars": stars, "aria-label": `${stars} of 5 stars` },
      "★".repeat(stars) + "☆".repeat(5 - stars)),
    make("p", { class: "text" }, text));
}

function product({ title, price, image, description, tags, reviews, related }) {
  document.title = `${title}, Brightwood`;
  return [
    make("article", { class: "detail" },
      make("img", { class: "product", src: image, alt: title, width: 400, height: 300 }),
      make("div", {},
        make("h1", {}, title),
        make("p", { class: "price" }, price),
        make("p", { class: "description" }, description),
        make("ul", { class: "tags" }, ...tags.map((tag) => make("li", {}, tag))))),
    make("h2", {}, reviews.length ? `Reviews (${reviews.length})` : "No reviews yet"),
    make("ul", { class: "reviews" }, ...reviews.map(review)),
    make("h2", {}, "Goes well with"),
    make("ul", { class: "cards related" }, ...related.map(card)),
  ];
}

async function render() {
  const number = location.pathname.match(/^\/products\/(\d+)$/)?.[1];
  if (number) return product(await read(`/api/products/${number}`));
  return list(await read(`/api/products${location.search}`));
}

try {
  main.replaceChildren(...await render());
} catch (error) {
  main.replaceChildren(make("p", { class: "waiting" }, `The shop did not answer (${error.message}).`));
}
main.removeAttribute("aria-busy");
