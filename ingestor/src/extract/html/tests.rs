use super::{Builder, read};
use crate::extract::{Extracted, Kind, Shape};

fn page(html: &str) -> Extracted {
    let mut builder = Builder::default();
    read(html, &mut builder).expect("is readable");
    builder.finish(Kind::Html, "a.html").expect("has text")
}

#[test]
fn the_frame_of_a_page_and_hidden_parts_are_left_out() {
    let html = r#"<html lang="de"><head><title>Shop</title><meta name="author" content="Ann">
        <link rel="canonical" href="https://example.com/shop"><style>p{}</style></head><body>
        <header>Logo</header><nav>Home</nav><!-- comment -->
        <main><h1>Tea</h1><p>Fresh <b>green</b>&nbsp;tea<script>x()</script></p><aside>Ad</aside>
        <p hidden>h1</p><p style="display: none">h2</p><p style="font-size:0">h3</p><template>h4</template>
        <div style="position:absolute; left:-9999px">h5</div><footer>Share</footer></main>
        <footer>Imprint</footer></body></html>"#;
    let page = page(html);
    assert_eq!(page.text, "Tea\n\nFresh green tea");
    assert_eq!((page.title.as_str(), page.author.as_deref()), ("Shop", Some("Ann")));
    assert_eq!(page.source_url.as_deref(), Some("https://example.com/shop"));
    assert_eq!(page.language, "de");
}

#[test]
fn text_survives_whatever_the_markup() {
    for (html, text) in [
        ("<p>one<p>two", "one\n\ntwo"),
        ("<div>a<div>b</div>c</div>", "a\n\nb\n\nc"),
        ("<p>Line<br>break", "Line\nbreak"),
        ("<pre>\n  a\n    b</pre>", "  a\n    b"),
        ("<header>Only a header</header>", "Only a header"),
        (
            "<main></main><p>filled by a script later, says the body",
            "filled by a script later, says the body",
        ),
        (
            "<p>Mail <a href='mailto:a@b.c?subject=x'>us</a>, <a href='tel:+4312'>call +43 12</a>",
            "Mail us (a@b.c), call +43 12",
        ),
        ("<ul><li>a<ol start=3><li>b</ol><li>c</ul>", "- a\n  3. b\n- c"),
        ("<dl><dt>Tea:<dd>hot<dd>green<dt>Milk<dd>cold</dl>", "Tea: hot\ngreen\nMilk: cold"),
        ("<ul><li><h2>Tea</h2><p>Hot.</ul>", "Tea\n\nHot."),
        ("<p>a<img src=x alt=hidden>b", "a b"),
        ("<h1>It <em>works</em></h1>x", "It works\n\nx"),
        ("<article><header><h1>T</h1></header>x</article><article>y</article>", "T\n\nx\n\ny"),
    ] {
        assert_eq!(page(html).text, text, "{html}");
    }
}

#[test]
fn tables_become_rows_that_name_their_columns() {
    for (html, text) in [
        (
            "<table><tr><th>Item<th>Price<tr><td>Tea<td>3<tr><td>Milk<td>1</table>",
            "Item: Tea; Price: 3\nItem: Milk; Price: 1",
        ),
        ("<table><tr><th>Mon<td>9–5<tr><th>Tue<td>closed</table>", "Mon: 9–5\nTue: closed"),
        ("<table><caption>Fares</caption><tr><td>a<td>b<td>c</table>", "Fares\n\na; b; c"),
        (
            "<table><tr><th>A<th colspan=2>B<tr><td rowspan=2>x<td>1<td>2<tr><td>3<td>4</table>",
            "A: x; B: 1; B: 2\nA: x; B: 3; B: 4",
        ),
        ("<table><tr><td>Layout <table><tr><td>in<td>side</table></table>", "Layout\n\nin: side"),
        (
            "<table><tr><th colspan=2>Fares<tr><th>To<th>Price<tr><td>Graz<td>3</table>",
            "Fares\n\nTo: Graz; Price: 3",
        ),
        ("<table><tr><td rowspan=999999 colspan=999999>x</table>", "x"),
    ] {
        assert_eq!(page(html).text, text, "{html}");
    }
    let page = page("<table><thead><tr><th>Item<th>Price</thead><tr><td>Tea<td>3</table>");
    let Shape::Table { header, rows } = &page.blocks[0].shape else { panic!("not a table") };
    assert_eq!((header.join("|").as_str(), rows.len()), ("Item|Price", 1));
}

#[test]
fn an_address_that_is_no_web_address_is_no_source() {
    assert_eq!(page("<link rel=canonical href='javascript:alert(1)'><p>x").source_url, None);
}

#[test]
fn the_head_of_a_page_says_who_wrote_it_when_and_about_what() {
    let html = "<html lang=de><head><meta property='og:title' content='Shared'><meta name=Author content='Ann Lee'>\
        <meta property='article:published_time' content='2026-04-01T10:00:00+02:00'>\
        <meta name='last-modified' content='2026-05-01'><meta name=description content='All about tea.'>\
        <meta name=viewport content='width=1'><link rel=canonical href='https://shop.example/tea'></head>\
        <body><p>Tee und mehr.";
    let page = page(html);
    assert_eq!((page.title.as_str(), page.author.as_deref()), ("Shared", Some("Ann Lee")));
    assert_eq!(page.own.created.as_deref(), Some("2026-04-01T10:00:00+02:00"));
    assert_eq!(page.own.modified_ms, Some(1_777_593_600_000));
    assert_eq!(page.source_url.as_deref(), Some("https://shop.example/tea"));
    let attributes: Vec<_> = page.own.attributes.into_iter().collect();
    assert_eq!(attributes, [("description".to_owned(), "All about tea.".to_owned())]);
}
