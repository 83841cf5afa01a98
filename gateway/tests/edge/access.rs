//! What is counted of requests: routes and statuses, never paths that a caller made up.

use crate::client::{get, post};
use crate::stack::stack;

#[tokio::test]
async fn requests_are_counted_by_route_and_status() {
    let stack = stack(&[("GATEWAY_ACCESS_LOG", "true")]).await;
    assert_eq!(post(stack.http, "/chat", r#"{"message":"open?"}"#).await.status, 200);
    assert_eq!(get(stack.http, "/chat/nonsense/events").await.status, 400);
    assert_eq!(get(stack.http, "/wp-admin/setup.php").await.status, 404);
    let metrics = get(stack.internal, "/metrics").await.body;
    for line in [
        r#"gateway_requests_total{route="/chat",status="200"} 1"#,
        r#"gateway_requests_total{route="/chat/{answer_id}/events",status="400"} 1"#,
        r#"gateway_requests_total{route="none",status="404"} 1"#,
    ] {
        assert!(metrics.contains(line), "{line}: {metrics}");
    }
    assert!(!metrics.contains("wp-admin") && !metrics.contains("nonsense"), "{metrics}");
}
