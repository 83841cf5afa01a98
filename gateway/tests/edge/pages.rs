//! Document pages, and files that are built in.

use crate::client::{get, request};
use crate::stack::stack;

#[tokio::test]
async fn a_document_has_a_readable_page_with_an_anchor_for_each_passage() {
    let stack = stack(&[]).await;
    let page = get(stack.http, "/documents/main/docs/hours%20%26%20more.md").await;
    assert_eq!((page.status, page.header("content-type")), (200, "text/html; charset=utf-8"));
    assert!(page.body.contains("<title>Opening &lt;hours&gt;</title>"), "{}", page.body);
    assert!(page.body.contains("<section id=\"passage-3\">") && page.body.contains("&lt;b&gt;we&lt;/b&gt;"));
    assert!(page.header("content-security-policy").starts_with("default-src 'none'; style-src 'self'"));
    assert_eq!(get(stack.http, "/documents.css").await.status, 200);
    for (path, status) in
        [("/documents/main/other.md", 404), ("/documents/private/docs/hours%20%26%20more.md", 404)]
    {
        let reply = get(stack.http, path).await;
        assert_eq!((reply.status, reply.body.contains("/var/lib")), (status, false), "{path}");
    }
}

#[tokio::test]
async fn built_in_files_are_served_once_and_then_known() {
    let stack = stack(&[]).await;
    for (path, kind) in [
        ("/", "text/html"),
        ("/demo.css", "text/css"),
        ("/demo.js", "text/javascript"),
        ("/playground", "text/html"),
        ("/playground/state?scene=error", "text/html"),
        ("/playground/page.css", "text/css"),
        ("/playground/page.js", "text/javascript"),
        ("/widget.js", "text/javascript"),
        ("/openapi.json", "application/json"),
    ] {
        let reply = get(stack.http, path).await;
        assert_eq!((reply.status, reply.header("x-content-type-options")), (200, "nosniff"), "{path}");
        assert!(reply.header("content-type").starts_with(kind) && !reply.body.is_empty(), "{path}");
        let again =
            request(stack.http, &format!("GET {path}"), &[("if-none-match", reply.header("etag"))], "").await;
        assert_eq!((again.status, again.body.as_str()), (304, ""), "{path}");
    }
    let policy = get(stack.http, "/").await.header("content-security-policy").to_owned();
    assert!(policy.starts_with("default-src 'self'; connect-src 'self' ws: wss:"), "{policy}");
}

#[tokio::test]
async fn any_page_may_load_the_widget_and_its_languages() {
    let stack = stack(&[("GATEWAY_DEMO", "false")]).await;
    for path in ["/widget.js", "/languages/de.json", "/languages/ja.json"] {
        let reply = get(stack.http, path).await;
        assert_eq!((reply.status, reply.header("access-control-allow-origin")), (200, "*"), "{path}");
        assert_eq!(reply.header("cross-origin-resource-policy"), "cross-origin", "{path}");
    }
    for path in ["/languages/xx.json", "/languages/de", "/languages/..%2Fen.json"] {
        assert_eq!(get(stack.http, path).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn only_a_state_of_the_playground_may_be_framed_and_only_by_its_own_origin() {
    let stack = stack(&[]).await;
    for (path, ancestors, option) in [
        ("/", "frame-ancestors 'none'", "DENY"),
        ("/playground", "frame-ancestors 'none'", "DENY"),
        ("/playground/state", "frame-ancestors 'self'", "SAMEORIGIN"),
    ] {
        let reply = get(stack.http, path).await;
        assert!(reply.header("content-security-policy").ends_with(ancestors), "{path}");
        assert_eq!(reply.header("x-frame-options"), option, "{path}");
    }
    assert_eq!(get(stack.http, "/playground/secrets.js").await.status, 404);
}

#[tokio::test]
async fn the_demonstration_is_off_unless_asked_for() {
    let stack = stack(&[("GATEWAY_DEMO", "false")]).await;
    assert_eq!(get(stack.http, "/").await.status, 404);
    assert_eq!(get(stack.http, "/playground").await.status, 404);
    assert_eq!(get(stack.http, "/ws/echo").await.status, 404);
}
