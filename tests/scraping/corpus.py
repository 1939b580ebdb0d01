"""Pages, rules, and what each rule gives: the extraction grammar by example, all values worked out by hand."""

# ruff: noqa: E501  (markup is easier to read unbroken)

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Sheet:
    """One page, and rules with their values."""

    name: str
    html: str
    cases: list[tuple[object, object]]
    options: dict[str, object] = field(default_factory=dict)


CATALOGUE = """
<header id=top class="Head wide"><h1 lang=en-GB title="Walnut &amp; oak"> Walnut
   <em>Armchair</em> </h1><nav><a href="/" rel="home nofollow">Home</a> <a href="/chairs?page=2#list" hreflang=en>Chairs</a>
<a href="https://shop.example/new" target=_blank>New</a> <a name=anchor>No link</a> <a href="">Empty</a></nav></header>
<main><article class="card first" data-id=1 data-price="12.50"><h2>One</h2><p class=price>$12.50</p><ul><li>oak</li><li>red</li></ul></article>
<article class=card data-id=2><h2>Two</h2><p class="price sale">$9.00</p><img src="/2.png" alt="Two!"></article>
<article class="card last" data-id=30 data-price=""><h2>Three</h2><ul><li>ash</li></ul></article></main>
<div class="sm:w w@lg" id="a.b">escaped</div><div id=1x>digit</div><p id=Case class=Mixed>case</p><custom-card>custom</custom-card>
<form><input name=q value=chair disabled><input type=CHECKBOX checked value=yes><textarea name=note> two
lines </textarea><select><option value=a>A<option value=b selected>B</select><button>Go</button></form>
"""

CSS = Sheet(
    "css",
    CATALOGUE,
    [
        ("h1", "Walnut Armchair"),
        ("h1 em", "Armchair"),
        ("h1 > em", "Armchair"),
        ("header > em", None),
        ("H1", "Walnut Armchair"),
        ("  h1  ", "Walnut Armchair"),
        ("#top h1", "Walnut Armchair"),
        (".Head.wide h1", "Walnut Armchair"),
        (".head", None),
        ("#case", None),
        ("#Case", "case"),
        (".Mixed", "case"),
        ("h1@title", "Walnut & oak"),
        ("h1@TITLE", "Walnut & oak"),
        ("h1 @title", "Walnut & oak"),
        ("h1::attr(title)", "Walnut & oak"),
        ("h1::attr( title )", "Walnut & oak"),
        ("h1::text", "Walnut Armchair"),
        ("h1@lang", "en-GB"),
        ("h1@nothing", None),
        ("h1:lang(en)@title", "Walnut & oak"),
        ("a@href", "/"),
        (["nav a@href"], ["/", "/chairs?page=2#list", "https://shop.example/new", ""]),
        (["nav a"], ["Home", "Chairs", "New", "No link", "Empty"]),
        (["nav a[href]"], ["Home", "Chairs", "New", "Empty"]),
        ("a[href^=http]", "New"),
        ("a[href*='page=']", "Chairs"),
        ("a[href$='#list']", "Chairs"),
        ("a[rel~=nofollow]", "Home"),
        ("a[rel~='home nofollow']", None),
        ("a[href='']", "Empty"),
        ("a[hreflang|=en]", "Chairs"),
        ("a[hreflang=EN]", "Chairs"),
        ("a[target=_BLANK i]", "New"),
        ("a[href*='']", None),
        ("a:not([href])", "No link"),
        (["a:not([href], [rel])"], ["No link"]),
        (["article:nth-child(odd) h2"], ["One", "Three"]),
        (["article:nth-child(2n) h2"], ["Two"]),
        (["article:nth-child(-n+2) h2"], ["One", "Two"]),
        ("article:nth-last-child(1) h2", "Three"),
        ("article:nth-of-type(2) h2", "Two"),
        (["article:nth-child(1 of .last) h2"], ["Three"]),
        ("article:first-of-type@data-id", "1"),
        ("article:last-child@data-id", "30"),
        ("article:has(img) h2", "Two"),
        (["article:has(> ul > li:nth-child(2))@data-id"], ["1"]),
        (["article:not(:has(.price))@data-id"], ["30"]),
        ("article:has(+ article .sale)@data-id", "1"),
        (["article:is(.first, .last) h2"], ["One", "Three"]),
        (["article:where(.first, .last) h2"], ["One", "Three"]),
        (["article:is(.first, :unknown) h2"], ["One"]),
        (["article + article h2"], ["Two", "Three"]),
        (["article.first ~ article h2"], ["Two", "Three"]),
        (["h2, .price"], ["One", "$12.50", "Two", "$9.00", "Three"]),
        (["article@data-price"], ["12.50", ""]),
        (["article[data-price]@data-id"], ["1", "30"]),
        ("article[data-id='30'] li", "ash"),
        ('article[data-id="2"] img@alt', "Two!"),
        ("article[data-id=\\32 ] h2", "Two"),
        (".sm\\:w", "escaped"),
        (".w\\@lg", "escaped"),
        (".w\\@lg@id", "a.b"),
        ("#a\\.b", "escaped"),
        ("[id='a.b']@class", "sm:w w@lg"),
        ("[id='1x']", "digit"),
        ("#\\31 x", "digit"),
        ("custom-card", "custom"),
        ("input:disabled@value", "chair"),
        ("input:checked@value", "yes"),
        ("input[type=checkbox]@value", "yes"),
        ("input@disabled", ""),
        ("input:enabled@value", "yes"),
        ("textarea", "two lines"),
        ("option:checked", "B"),
        ("button:empty", None),
        ("img:empty@src", "/2.png"),
        ("article:only-child", None),
        (":root@lang", None),
        (":root > head > title", "Site"),
        (":scope > body > main h2", "One"),
        ("h1/**/", "Walnut Armchair"),
        ("main article:nth-child(3) ul li:only-child", "ash"),
        ("h2::before", None),
        (["h6"], []),
    ],
)

XPATH = Sheet(
    "xpath",
    CATALOGUE,
    [
        ("//h1", "Walnut Armchair"),
        ("//h1/em/text()", "Armchair"),
        ("//H1", "Walnut Armchair"),
        ("/html/body/header/h1", "Walnut Armchair"),
        ("./html/body/main/article/h2", "One"),
        ("//h1/@title", "Walnut & oak"),
        (["//nav/a/@href"], ["/", "/chairs?page=2#list", "https://shop.example/new", ""]),
        (["//nav/a[@href]"], ["Home", "Chairs", "New", "Empty"]),
        ("(//h2)[2]", "Two"),
        ("(//h2)[last()]", "Three"),
        (["//article[position() < 3]/h2"], ["One", "Two"]),
        (["//li[1]"], ["oak", "ash"]),
        ("//article[@data-id='2']//img/@src", "/2.png"),
        ("//article[h2='Three']/@data-id", "30"),
        ("//article[contains(@class, 'last')]/h2", "Three"),
        ("//article[starts-with(p, '$9')]/h2", "Two"),
        ("//article[.//li='red']/h2", "One"),
        ("//article[not(p)]/h2", "Three"),
        ("//article[count(.//li) > 1]/h2", "One"),
        ("//h2[text()='Two']/following-sibling::p", "$9.00"),
        ("//img/preceding-sibling::h2", "Two"),
        ("//img/parent::article/@data-id", "2"),
        ("//img/ancestor::main/article[1]/h2", "One"),
        ("//img/..//h2", "Two"),
        (["//h2 | //li"], ["One", "oak", "red", "Two", "Three", "ash"]),
        ("xpath=count(//article)", 3),
        ("xpath=count(//h6)", 0),
        ("xpath=sum(//article/@data-id)", 33),
        ("xpath=number(//article[1]/@data-price)", 12.5),
        ("xpath=number(//h1)", None),
        ("xpath=1 div 0", None),
        ("xpath=1 div 3 > 0.3", True),
        ("xpath=string(//h2)", "One"),
        ("xpath=string(//h6)", ""),
        ("xpath=normalize-space(//h1)", "Walnut Armchair"),
        ("xpath=concat(//h2, '-', //article/@data-id)", "One-1"),
        ("xpath=substring-after(//p[@class='price'], '$')", "12.50"),
        ("xpath=translate(//h2, 'One', 'two')", "two"),
        ("xpath=string-length(//h2)", 3),
        ("xpath=boolean(//h6)", False),
        ("xpath=count(//h2) = 3 and true()", True),
        ("xpath=id('a.b')", "escaped"),
        ("xpath= //h1/@lang", "en-GB"),
        (["xpath=count(//li)"], [3]),
        (["//h6"], []),
        (["//li/text()"], ["oak", "red", "ash"]),
        ("//*[local-name()='custom-card']", "custom"),
        ("//a[@target and not(@rel)]", "New"),
        ("//p[@class='price sale']", "$9.00"),
        ("//*[@id='1x']", "digit"),
        ({"selector": "h1", "selectorType": "css"}, "Walnut Armchair"),
        ({"selector": "string(//h2)", "selectorType": "xpath"}, "One"),
        ({"selector": "//h2", "type": "list", "limit": 2}, ["One", "Two"]),
        ({"selector": "//h2", "output": "outerHtml"}, "<h2>One</h2>"),
        ({"selector": "//img", "output": "@alt"}, "Two!"),
        ({"selector": "xpath=boolean(//h6)", "output": "exists"}, False),
        ({"selector": "xpath=count(//h2) = 3", "output": "exists"}, True),
        ({"selector": "//h2/text()", "output": "ownText"}, "One"),
        ({"selector": "//h2/text()", "output": "html"}, "One"),
        ({"selector": "//h1/@title", "output": "html"}, "Walnut & oak"),
        ({"selector": "//h2/text()", "output": "@id"}, None),
        ({"selector": "xpath=count(//h2)", "output": {"a": "h2"}}, None),
        ({"selector": "xpath=string(//h2)", "output": {"a": "h2"}}, None),
        ({"selector": "//h1/@title", "output": {"a": "h2"}}, None),
        ({"selector": "//h2/text()", "output": {"a": "h2"}}, None),
        ({"selector": "//h2/text()", "type": "list", "output": {"a": ":scope"}}, []),
        ({"selector": "//h1/@title", "output": "table_json"}, None),
        ({"selector": "xpath=/", "output": {"title": "title"}}, {"title": "Site"}),
    ],
)

OBJECTS = Sheet(
    "objects",
    CATALOGUE,
    [
        ({"selector": ".none"}, None),
        ({"selector": ".none", "type": "list"}, []),
        ({"selector": [".none", "h6", "h2"]}, "One"),
        ({"selector": ["h2", "h1"]}, "One"),
        ({"selector": [".none", "//article[2]/h2"]}, "Two"),
        ({"selector": [".none", "img@alt"]}, "Two!"),
        ({"selector": [".none", "li"], "type": "list"}, ["oak", "red", "ash"]),
        ({"selector": "h2", "output": "count"}, 3),
        ({"selector": "h6", "output": "count"}, 0),
        ({"selector": [".none", "li"], "output": "count"}, 3),
        ({"selector": "h2", "output": "exists"}, True),
        ({"selector": "h6", "output": "exists"}, False),
        ({"selector": "h1", "output": "ownText"}, "Walnut"),
        ({"selector": "h1", "output": "html", "clean": True}, "Walnut <em>Armchair</em>"),
        ({"selector": "h1", "output": "html"}, " Walnut\n   <em>Armchair</em> "),
        ({"selector": "h1", "clean": False}, " Walnut\n   Armchair "),
        ({"selector": "h1 em", "output": "outerHtml"}, "<em>Armchair</em>"),
        ({"selector": "article", "output": "@data-price", "type": "list"}, ["12.50", ""]),
        ({"selector": "article", "output": "@data-none", "type": "list"}, []),
        ({"selector": "article", "output": {"name": "h2", "price": ".price"}}, {"name": "One", "price": "$12.50"}),
        (
            {"selector": "article", "type": "list", "output": {"id": ":scope@data-id", "tags": ["li"]}},
            [{"id": "1", "tags": ["oak", "red"]}, {"id": "2", "tags": []}, {"id": "30", "tags": ["ash"]}],
        ),
        (
            {"selector": "article", "type": "list", "limit": 1, "output": {"own": ":scope", "same": "./."}},
            [{"own": "One$12.50oakred", "same": "One$12.50oakred"}],
        ),
        (
            {"selector": "main", "output": {"cards": {"selector": "article", "type": "list", "output": {
                "list": {"selector": "ul", "output": {"tags": {"selector": "li", "type": "list"}}}}}}},
            {"cards": [{"list": {"tags": ["oak", "red"]}}, {"list": None}, {"list": {"tags": ["ash"]}}]},
        ),
        ({"selector": "article", "output": {"all": "//h1", "in": "./h1", "child": ":scope > h2"}},
         {"all": "Walnut Armchair", "in": None, "child": "One"}),
        ({"selector": "article", "type": "list", "output": {"n": {"selector": "li", "output": "count"},
          "img": {"selector": "img", "output": "exists"}}},
         [{"n": 2, "img": False}, {"n": 0, "img": True}, {"n": 1, "img": False}]),
        ({"selector": "article", "type": "list", "output": {"p": {"selector": ".price", "cast": "price", "default": 0}}},
         [{"p": {"amount": "12.50", "currency": "USD"}}, {"p": {"amount": "9.00", "currency": "USD"}}, {"p": 0}]),
        ({"selector": "article:nth-child(2)", "output": {"x": "main h2"}}, {"x": "Two"}),
        ({"selector": "h6", "output": {"a": "b"}}, None),
        ({"selector": "h6", "type": "list", "output": {"a": "b"}}, []),
        ({"selector": "h6", "type": "list", "output": {"a": "b"}, "default": 0}, 0),
        ({"selector": "h6", "default": ""}, ""),
        ({"selector": "h6", "default": False}, False),
        ({"selector": "h6", "default": []}, []),
        ({"selector": "h6", "default": None}, None),
        ({"selector": "h6", "default": {"a": [1]}}, {"a": [1]}),
        ({"selector": "h2", "default": "x"}, "One"),
        ({"selector": "h2", "cast": "number", "default": 5}, 5),
        ({"selector": "li", "type": "list", "limit": 2}, ["oak", "red"]),
        ({"selector": "li", "type": "list", "pattern": "^[or].*"}, ["oak", "red"]),
        ({"selector": "li", "type": "list", "pattern": "z"}, []),
        ({"selector": "h2", "required": True}, "One"),
        # patterns
        ({"selector": ".price", "pattern": "[0-9.]+"}, "12.50"),
        ({"selector": ".price", "pattern": "\\$(\\d+)\\.(\\d+)"}, "12"),
        ({"selector": ".price", "pattern": "\\$(\\d+)\\.(\\d+)", "group": 2}, "50"),
        ({"selector": ".price", "pattern": "\\$(\\d+)", "group": 0}, "$12"),
        ({"selector": ".price", "pattern": "(?P<cents>\\d+)$", "group": "cents"}, "50"),
        ({"selector": ".price", "pattern": "€"}, None),
        ({"selector": "h1", "pattern": "(?i)walnut (.*)"}, "Armchair"),
        ({"selector": "xpath=count(//li)", "pattern": "\\d"}, "3"),
        ({"selector": "xpath=boolean(//li)", "pattern": "t.*"}, "true"),
        # transforms
        ({"selector": "h2", "transform": "lower"}, "one"),
        ({"selector": "h2", "transform": "upper"}, "ONE"),
        ({"selector": "h1", "clean": False, "transform": "strip"}, "Walnut\n   Armchair"),
        ({"selector": ".price", "transform": "digits"}, "1250"),
        ({"selector": ".price", "transform": "number"}, "12.50"),
        ({"selector": "h2", "transform": "number"}, None),
        ({"selector": "h2", "transform": "number", "default": "0"}, "0"),
        ({"selector": "li", "type": "list", "transform": "first"}, "oak"),
        ({"selector": "li", "type": "list", "transform": "last"}, "ash"),
        ({"selector": ".none", "type": "list", "transform": "first"}, None),
        ({"selector": "li", "type": "list", "transform": "join(, )"}, "oak, red, ash"),
        ({"selector": ".none", "type": "list", "transform": "join(, )"}, None),
        ({"selector": "article", "type": "list", "output": "@class", "transform": ["split( )", "unique"]},
         ["card", "first", "last"]),
        ({"selector": "article@class", "transform": "split( )"}, ["card", "first"]),
        ({"selector": ".none", "transform": "split( )"}, []),
        ({"selector": ".price", "transform": "replace($, EUR )"}, "EUR12.50"),
        ({"selector": ".price", "transform": ["replace($, '')", "replace('.', ',')"]}, "12,50"),
        ({"selector": "img@src", "transform": "absoluteUrl"}, "https://shop.example/2.png"),
        ({"selector": "nav a@href", "type": "list", "transform": "absoluteUrl"},
         ["https://shop.example/", "https://shop.example/chairs?page=2#list", "https://shop.example/new"]),
        # casts
        ({"selector": "article@data-id", "cast": "integer"}, 1),
        ({"selector": "article@data-price", "cast": "number"}, 12.5),
        ({"selector": ".price", "cast": "price"}, {"amount": "12.50", "currency": "USD"}),
        ({"selector": ".price", "cast": "integer"}, None),
        ({"selector": "xpath=count(//li)", "cast": "string"}, "3"),
        ({"selector": "input:checked@value", "cast": "boolean"}, True),
        ({"selector": "xpath=boolean(//h6)", "cast": "boolean"}, False),
        ({"selector": "img@src", "cast": "url"}, "https://shop.example/2.png"),
        ({"selector": "h1@lang", "cast": "date"}, None),
        ({"selector": "article", "type": "list", "output": "@data-price", "cast": "number"}, [12.5]),
        ({"selector": "article", "type": "list", "output": "@data-id", "cast": "integer"}, [1, 2, 30]),
        ({"selector": "article@data-id", "cast": "json"}, 1),
    ],
)  # fmt: skip

TEXTS = Sheet(
    "texts",
    """<p id=scripts>a<script>s()</script>b<style>p{}</style>c</p><svg id=svg><style>x{}</style><title>Icon</title><text>T</text>
<linearGradient id=Grad xlink:href="#u"></linearGradient><a href="/svg" xlink:href="/x">link</a></svg>
<p id=br>one<br>two</p><p id=nbsp>&nbsp;a&nbsp;&nbsp;b &#8203;</p><p id=comment>x<!-- no -->y</p>
<noscript id=ns><b>raw</b></noscript><div id=nsin>a<noscript><i>n</i></noscript></div><template id=tpl><b>inside</b></template>
<textarea id=ta>  keep
 me </textarea><pre id=pre>a
  b</pre><p id=hidden hidden>hidden</p><p id=none style="display:none">none</p><p id=cdata>a<![CDATA[b]]>c</p>
<p id=ent>&lt;b&gt; &amp;amp; &eacute;</p><p id=empty></p><p id=space> </p><p id=mixed> own <b>child</b> tail </p>
<math id=m><mi>x</mi></math><style id=st>a { b: c }</style><p id=shy>a&shy;b</p><p id=rtl>&#x202e;abc</p><p id=emoji>&#x1f600;</p>
<a id=attrs title="  two
 lines  " data-x='{"a": [1, 2.5]}' data-Y=up>x</a><ul id=l><li> 1 </li><li></li><li>&nbsp;</li></ul><div id=upper style="text-transform:uppercase">low</div>""",
    [
        ("#scripts", "abc"),
        ("#scripts script", "s()"),
        ("#scripts style", "p{}"),
        ("#st", "a { b: c }"),
        ("#svg text", "T"),
        ("#svg > title", "Icon"),
        ("#svg", "IconT link"),
        ("linearGradient@id", "Grad"),
        ("lineargradient@id", "Grad"),
        ("#svg a@href", "/svg"),
        ("#svg a@xlink:href", "/x"),
        ("//*[local-name()='text']", "T"),
        ("//text", None),
        ("//*[local-name()='linearGradient']/@id", "Grad"),
        ("#m mi", "x"),
        ("#br", "onetwo"),
        ("#nbsp", "a b \u200b"),
        ("#comment", "xy"),
        ("//p[@id='comment']/comment()", "no"),
        ("#ns", "<b>raw</b>"),
        ("#ns b", None),
        ("#nsin", "a<i>n</i>"),
        ("#tpl", ""),
        ({"selector": "#tpl", "output": "html"}, "<b>inside</b>"),
        ("#tpl b", None),
        ("#ta", "keep me"),
        ({"selector": "#ta", "clean": False}, "  keep\n me "),
        ("#pre", "a b"),
        ({"selector": "#pre", "clean": False}, "a\n  b"),
        ("#hidden", "hidden"),
        ("#none", "none"),
        ("#cdata", "ac"),
        ("#ent", "<b> &amp; é"),
        ({"selector": "#ent", "output": "html"}, "&lt;b&gt; &amp;amp; é"),
        ("#empty", ""),
        ("#space", ""),
        ({"selector": "#empty", "default": "x"}, ""),
        ("#mixed", "own child tail"),
        ({"selector": "#mixed", "output": "ownText"}, "own tail"),
        ({"selector": "#mixed", "output": "ownText", "clean": False}, " own  tail "),
        ("//p[@id='mixed']/text()", "own"),
        (["//p[@id='mixed']/text()"], ["own", "tail"]),
        ("//p[@id='mixed']/text()[2]", "tail"),
        ("#shy", "a\u00adb"),
        ("#rtl", "\u202eabc"),
        ("#emoji", "\U0001f600"),
        ("#attrs@title", "  two\n lines  "),
        ({"selector": "#attrs@title", "clean": True}, "two lines"),
        ({"selector": "//a/@title", "clean": True}, "two lines"),
        ("//a[@id='attrs']/@title", "  two\n lines  "),
        ("#attrs@data-y", "up"),
        ("#attrs@data-Y", "up"),
        ({"selector": "#attrs@data-x", "cast": "json"}, {"a": [1, 2.5]}),
        (["#l li"], ["1", "", ""]),
        ("#upper", "low"),
        ({"selector": "#nbsp", "clean": False}, "\u00a0a\u00a0\u00a0b \u200b"),
    ],
)

TABLES = Sheet(
    "tables",
    """<table id=plain><tr><th>Size<th>Price</tr><tr><td>S<td>5</tr><tr><td>L</tr><tr><td>X<td>9<td>more</tr></table>
<table id=heads><caption>Cap</caption><thead><tr><th rowspan=2>Name<th colspan=2>Year</tr><tr><th>2023<th>2024</tr></thead>
<tbody><tr><td>a<td>1<td>2</tr></tbody><tfoot><tr><td>sum<td>1<td>2</tr></tfoot></table>
<table id=spans><tr><th>A<th>B<th>C</tr><tr><td rowspan=2>1<td colspan=2>2</tr><tr><td>3<td>4</tr></table>
<table id=dup><tr><th>A<th>A<th>A 2<th></tr><tr><td>1<td>2<td>3<td>4</tr></table>
<table id=outer><tr><th>H</tr><tr><td>x<table id=inner><tr><th>I</tr><tr><td>y</tr></table></tr></table>
<table id=empty></table><table id=one><tr><td>a<td>b</tr></table><div id=wrap><p>p</p><table><tr><td>w</tr></table></div><p id=no>no</p>
<table id=zero><tr><td rowspan=0>z<td>1</tr><tr><td>2</tr></table>
<table id=wide><tr><td rowspan=9>z<td colspan=2>1</tr><tr><td>2</tr></table>
<table id=late><tbody><tr><td>body</tr></tbody><thead><tr><th>head</tr></thead></table>
<table id=allhead><thead><tr><th>k</tr><tr><th>v</tr></thead></table>
<table id=proto><tr><th>__proto__<th>constructor</tr><tr><td>1<td>2</tr></table>
<table id=fold><tr><td> a
 b <script>1</script></tr></table>""",
    [
        (
            {"selector": "#plain", "output": "table_json"},
            [
                {"Size": "S", "Price": "5", "column 3": None},
                {"Size": "L", "Price": None, "column 3": None},
                {"Size": "X", "Price": "9", "column 3": "more"},
            ],
        ),
        ({"selector": "#plain", "output": "table_array"}, [["Size", "Price"], ["S", "5"], ["L"], ["X", "9", "more"]]),
        (
            {"selector": "#heads", "output": "table_json"},
            [
                {"Name": "a", "Year 2023": "1", "Year 2024": "2"},
                {"Name": "sum", "Year 2023": "1", "Year 2024": "2"},
            ],
        ),
        (
            {"selector": "#heads", "output": "table_array"},
            [["Name", "Year", "Year"], ["Name", "2023", "2024"], ["a", "1", "2"], ["sum", "1", "2"]],
        ),
        ({"selector": "#spans", "output": "table_array"}, [["A", "B", "C"], ["1", "2", "2"], ["1", "3", "4"]]),
        (
            {"selector": "#spans", "output": "table_json"},
            [{"A": "1", "B": "2", "C": "2"}, {"A": "1", "B": "3", "C": "4"}],
        ),
        ({"selector": "#dup", "output": "table_json"}, [{"A": "1", "A 2": "2", "A 2 2": "3", "column 4": "4"}]),
        ({"selector": "#outer", "output": "table_array"}, [["H"], ["xIy"]]),
        ({"selector": "#inner", "output": "table_json"}, [{"I": "y"}]),
        ({"selector": "#empty", "output": "table_array"}, []),
        ({"selector": "#empty", "output": "table_json"}, []),
        ({"selector": "#one", "output": "table_json"}, []),
        ({"selector": "#one", "output": "table_array"}, [["a", "b"]]),
        ({"selector": "#wrap", "output": "table_array"}, [["w"]]),
        ({"selector": "#one td", "output": "table_array"}, [["a", "b"]]),
        ({"selector": "#no", "output": "table_array"}, None),
        ({"selector": "#no", "output": "table_json", "default": []}, []),
        ({"selector": "#nothing", "output": "table_json"}, None),
        ({"selector": "#nothing", "output": "table_json", "type": "list"}, []),
        ({"selector": "#zero", "output": "table_array"}, [["z", "1"], ["z", "2"]]),
        ({"selector": "#wide", "output": "table_array"}, [["z", "1", "1"], ["z", "2"]]),
        ({"selector": "#late", "output": "table_json"}, [{"head": "body"}]),
        ({"selector": "#allhead", "output": "table_json"}, [{"k": "v"}]),
        ({"selector": "#proto", "output": "table_json"}, [{"__proto__": "1", "constructor": "2"}]),
        ({"selector": "#fold", "output": "table_array"}, [["a b"]]),
        ({"selector": "#inner, #one", "type": "list", "output": "table_array"}, [[["I"], ["y"]], [["a", "b"]]]),
        ({"selector": "#spans", "output": {"cells": ["td"]}}, {"cells": ["1", "2", "3", "4"]}),
    ],
)

META = Sheet(
    "meta",
    """<meta name=Description content="A &amp; B"><meta property=og:title content="Open"><meta property="og:title" content="Second">
<meta property="product:price:amount" content="12.50"><meta itemprop=sku content=S1><meta http-equiv=content-language content=de>
<meta name=empty content=""><meta name=bare><meta name=" spaced " content="  a  b "><meta name=description content=Other>
<script type="application/ld+json">{"@graph": [{"@type": "WebSite", "name": "Site"}, {"@type": "Product", "name": "Chair",
"offers": [{"price": 12.5, "sku": 1}, {"price": "9", "sku": 2}], "n": 0, "b": false, "e": "", "l": [], "t": "Tom &amp; Jerry"}]}</script>
<script type="application/ld+json">[{"@type": "Product", "name": "Table"}, [{"@type": "Offer", "d": "2024-01-15"}]]</script>
<script type="application/ld+json">{not json}</script><script type="application/ld+json"></script>
<script type="application/LD+JSON; charset=utf-8"><!-- {"@type": "Commented", "name": "C"} --></script>
<script type="application/ld+json">
//<![CDATA[
{"@type": "Data", "name": "D
E"};
//]]></script>
<script type="application/ld+json">{&quot;@type&quot;: &quot;Escaped&quot;, &quot;name&quot;: &quot;x&quot;}</script>
<script type="application/ld+json">{"@type": "Nul", "name": "a\\u0000b", "half": "x\\ud800y"}</script>
<script type="application/ld+json">{"@graph": {"@type": "Single", "name": "one"}}</script>
<script type="application/json">{"@type": "Product", "name": "Not LD"}</script>""",
    [
        ({"source": "meta", "selector": "description"}, "A & B"),
        ({"source": "meta", "selector": "DESCRIPTION"}, "A & B"),
        ({"source": "meta", "selector": "description", "type": "list"}, ["A & B", "Other"]),
        ({"source": "meta", "selector": "og:title"}, "Open"),
        ({"source": "opengraph", "selector": "title"}, "Open"),
        ({"source": "opengraph", "selector": "og:title", "type": "list"}, ["Open", "Second"]),
        ({"source": "opengraph", "selector": "product:price:amount", "cast": "number"}, 12.5),
        ({"source": "opengraph", "selector": "image"}, None),
        ({"source": "opengraph", "selector": ["image", "title"]}, "Open"),
        ({"source": "meta", "selector": "sku", "transform": "lower"}, "s1"),
        ({"source": "meta", "selector": "content-language"}, "de"),
        ({"source": "meta", "selector": "empty"}, ""),
        ({"source": "meta", "selector": "bare"}, None),
        ({"source": "meta", "selector": "spaced"}, "  a  b "),
        ({"source": "meta", "selector": "spaced", "clean": True}, "a b"),
        ({"source": "meta", "selector": "none", "default": "x"}, "x"),
        ({"source": "jsonld", "path": "name"}, "Site"),
        ({"source": "jsonld", "path": "name", "type": "list"},
         ["Site", "Chair", "Table", "C", "D\nE", "x", "a\ufffdb", "one"]),
        ({"source": "jsonld", "path": "[?\"@type\"=='Product'].name", "type": "list"}, ["Chair", "Table"]),
        ({"source": "jsonld", "path": "[?\"@type\"=='Product'].name | [0]"}, "Chair"),
        ({"source": "jsonld", "path": "offers"}, {"price": 12.5, "sku": 1}),
        ({"source": "jsonld", "path": "offers", "type": "list"}, [{"price": 12.5, "sku": 1}, {"price": "9", "sku": 2}]),
        ({"source": "jsonld", "path": "offers[].price", "type": "list", "cast": "number"}, [12.5, 9]),
        ({"source": "jsonld", "path": "offers[1].sku"}, 2),
        ({"source": "jsonld", "path": "n"}, 0),
        ({"source": "jsonld", "path": "b"}, False),
        ({"source": "jsonld", "path": "e"}, ""),
        ({"source": "jsonld", "path": "l"}, None),
        ({"source": "jsonld", "path": "t"}, "Tom &amp; Jerry"),
        ({"source": "jsonld", "path": "half"}, "x\ufffdy"),
        ({"source": "jsonld", "path": "nothing", "default": 7}, 7),
        ({"source": "jsonld", "path": "d", "cast": "date"}, "2024-01-15"),
        ({"source": "jsonld", "path": "length(@)"}, 2),
        ({"source": "jsonld", "path": "[0].name"}, "Site"),
        ({"source": "jsonld", "path": "name | length(@)", "type": "list", "limit": 2}, [4, 5]),
        ({"source": "jsonld", "path": "{n: name, o: offers[0].price}", "type": "list", "limit": 2},
         [{"n": "Site", "o": None}, {"n": "Chair", "o": 12.5}]),
        ({"source": "jsonld", "path": "&name"}, None),
        ({"source": "jsonld", "path": "offers[::0]"}, None),
        ({"source": "jsonld", "path": "name", "pattern": "S(.*)"}, "ite"),
        ({"source": "jsonld", "path": "name", "type": "list", "limit": 3, "transform": "join(/)"}, "Site/Chair/Table"),
        ({"source": "jsonld", "path": "name", "type": "list", "limit": 5, "clean": True, "transform": "last"}, "D E"),
        ({"selector": "body", "output": {"about": {"source": "meta", "selector": "sku"},
                                         "name": {"source": "jsonld", "path": "name"}}},
         {"about": "S1", "name": "Site"}),
    ],
)  # fmt: skip

ROOTS = """<h1>Page</h1><p class=t>page</p><div id=host><template shadowrootmode=open><p class=t>shadow</p><div id=deep>
<template shadowrootmode=open><p class=t data-x=1>deeper</p></template></div><slot></slot></template><i>slotted</i></div>
<div><template shadowrootmode=closed><p class=t>closed</p></template></div>
<iframe srcdoc="<p class=t>frame</p><div><template shadowrootmode=open><p class=t>shadow in frame</p></template></div>"></iframe>
<iframe sandbox srcdoc="<p class=t>foreign</p>"></iframe>"""

PLAIN_ROOTS = Sheet(
    "neither shadow roots nor frames",
    ROOTS,
    [
        ([".t"], ["page"]),
        (["//p"], ["page"]),
        ("#host", "slotted"),
        ("#deep", None),
        ({"selector": ".t", "output": "count"}, 1),
    ],
)
SHADOW_ROOTS = Sheet(
    "shadow roots",
    ROOTS,
    [
        ([".t"], ["page", "shadow", "deeper"]),
        (["//p"], ["page"]),
        ("#deep", ""),
        ("[data-x]@data-x", "1"),
        (
            {"selector": "#host", "output": {"in": [".t"], "light": "i"}},
            {"in": ["shadow", "deeper"], "light": "slotted"},
        ),
        ({"selector": "#deep", "output": {"in": ".t"}}, {"in": "deeper"}),
        ({"selector": ".t", "output": "count"}, 3),
        ({"selector": ["h6", "#deep"], "output": "exists"}, True),
        ("#host .t", None),
    ],
    {"shadow": True},
)
FRAMES = Sheet(
    "frames",
    ROOTS,
    [
        ([".t"], ["page", "frame"]),
        (["//p"], ["page", "frame"]),
        ("h1", "Page"),
        ("xpath=count(//p)", 1),
        ({"selector": "iframe", "output": {"t": ".t"}}, {"t": None}),
        ({"selector": "body", "output": {"t": [".t"]}}, {"t": ["page", "frame"]}),
    ],
    {"frames": True},
)
BOTH = Sheet(
    "shadow roots and frames",
    ROOTS,
    [([".t"], ["page", "shadow", "frame", "deeper", "shadow in frame"]), (["//p"], ["page", "frame"])],
    {"shadow": True, "frames": True},
)

LOCALE = Sheet(
    "locale",
    "<b id=n>1.299</b><b id=d>01/02/2024</b><b id=p>1.299,00 kr</b>",
    [
        ({"selector": "#n", "cast": "number"}, 1299),
        ({"selector": "#d", "cast": "date"}, "2024-02-01"),
        ({"selector": "#n", "transform": "number"}, "1299"),
    ],
    {"locale": "de-DE"},
)

SHEETS = [CSS, XPATH, OBJECTS, TEXTS, TABLES, META, PLAIN_ROOTS, SHADOW_ROOTS, FRAMES, BOTH, LOCALE]
