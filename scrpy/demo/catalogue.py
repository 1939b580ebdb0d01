"""What the shop sells: a pure function of the product's number, so that a test can know every field."""

import zlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

PRODUCTS = 200
PER_PAGE = 20
PAGES = PRODUCTS // PER_PAGE

MAKES = ("Oak", "Walnut", "Linen", "Copper", "Slate", "Birch", "Wool", "Enamel", "Rattan", "Glass")
THINGS = (
    ("Desk Lamp", "light"), ("Armchair", "seating"), ("Teapot", "kitchen"), ("Bookshelf", "storage"),
    ("Throw Blanket", "textiles"), ("Wall Clock", "decor"), ("Side Table", "tables"), ("Fruit Bowl", "kitchen"),
    ("Plant Stand", "garden"), ("Floor Cushion", "textiles"), ("Coat Rack", "storage"), ("Candle Holder", "decor"),
    ("Bar Stool", "seating"), ("Serving Tray", "kitchen"), ("Pendant Light", "light"), ("Picture Frame", "decor"),
    ("Storage Basket", "storage"), ("Dining Bench", "seating"), ("Watering Can", "garden"), ("Writing Desk", "tables"),
)  # fmt: skip
TRAITS = ("handmade", "new", "bestseller", "last chance", "recycled", "gift idea", "limited")
PEOPLE = ("Ada", "Béla", "Chidi", "Dörte", "Emi", "Farid", "Grace", "Håkon", "Inés", "Jun", "Kofi", "Ludmiła")
OPINIONS = (
    "Looks even better than in the picture.",
    "Arrived early & well packed.",
    "Solid, simple, exactly what I was after.",
    "The colour is a shade darker than I expected.",
    "My neighbour ordered one the same evening.",
    "“Worth every cent”, says my mother.",
    "Good, but the box was dented.",
)
PROMISES = (
    "Made in small batches and finished by hand.",
    "Built to be repaired, not replaced.",
    "At home in a small flat and in a large kitchen.",
    "Ships flat and needs one screwdriver.",
)


@dataclass(frozen=True)
class Review:
    author: str
    stars: int
    text: str


@dataclass(frozen=True)
class Product:
    number: int
    title: str
    price: str
    image: str
    description: str
    tags: tuple[str, ...]
    reviews: tuple[Review, ...]
    related: tuple[int, ...]


def dice(number: int, throw: str, sides: int) -> int:
    """0 … sides - 1, always the same for the same `throw` of the same product."""
    return zlib.crc32(f"{number}/{throw}".encode()) % sides


def pick(options: Sequence[str], number: int, throw: str) -> str:
    return options[dice(number, throw, len(options))]


def product(number: int) -> Product:
    """Product 1 … 200. No two have the same title. Raises: KeyError, for any other number."""
    if not 1 <= number <= PRODUCTS:
        raise KeyError(number)
    thing, kind = THINGS[number % len(THINGS)]
    make = MAKES[((number - 1) // len(THINGS) + number) % len(MAKES)]
    cents = 900 + 5 * dice(number, "price", 40_000)
    return Product(
        number=number,
        title=f"{make} {thing}",
        price=f"${cents // 100:,}.{cents % 100:02}",
        image=f"/images/{number}.svg",
        description=f"{pick(PROMISES, number, 'first')} {pick(PROMISES, number + 1, 'second')}",
        tags=(kind, make.lower(), pick(TRAITS, number, "trait")),
        reviews=tuple(review(number, n) for n in range(dice(number, "reviews", 6))),
        related=tuple((number + step - 1) % PRODUCTS + 1 for step in (7, 20, 61)),
    )


def review(number: int, n: int) -> Review:
    return Review(
        author=pick(PEOPLE, number, f"author {n}"),
        stars=3 + dice(number, f"stars {n}", 3),
        text=pick(OPINIONS, number, f"text {n}"),
    )


def in_short(number: int) -> dict[str, Any]:
    """What a card shows."""
    whole = product(number)
    return {"number": number, "title": whole.title, "price": whole.price, "image": whole.image}


def detail(number: int) -> dict[str, Any]:
    """The product as the shop's JSON API tells it. Raises: KeyError."""
    whole = product(number)
    return asdict(whole) | {"related": [in_short(other) for other in whole.related]}


def listing(page: int) -> dict[str, Any]:
    """One page of the catalogue. Raises: KeyError, if there is no such page."""
    if not 1 <= page <= PAGES:
        raise KeyError(page)
    numbers = range((page - 1) * PER_PAGE + 1, page * PER_PAGE + 1)
    return {"page": page, "pages": PAGES, "total": PRODUCTS, "products": [in_short(n) for n in numbers]}
