//! What describes the control plane: the `OpenAPI` document for programs, the page for people.

use std::sync::OnceLock;

use aws_lc_rs::digest::{SHA256, digest};
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, REFERRER_POLICY};
use axum::response::IntoResponse;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// `OpenAPI` 3.1. The tests hold it against the routes.
pub(super) const OPENAPI: &str = include_str!("openapi.json");

const PAGE: &str = include_str!("page.html");

pub(super) async fn openapi() -> impl IntoResponse {
    ([(CONTENT_TYPE, "application/json")], OPENAPI)
}

pub(super) async fn page() -> impl IntoResponse {
    let headers: [(HeaderName, &str); 3] = [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CONTENT_SECURITY_POLICY, policy()),
        (REFERRER_POLICY, "no-referrer"),
    ];
    (headers, PAGE)
}

/// The page's own script and style, and nothing else, whatever finds its way into it.
fn policy() -> &'static str {
    static POLICY: OnceLock<String> = OnceLock::new();
    POLICY.get_or_init(|| {
        let hash = |element: &str| {
            let content = content_of(PAGE, element).unwrap_or_default();
            STANDARD.encode(digest(&SHA256, content.as_bytes()))
        };
        format!(
            "default-src 'none'; script-src 'sha256-{}'; style-src 'sha256-{}'; connect-src 'self'; img-src data:; \
             base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'",
            hash("script"),
            hash("style"),
        )
    })
}

/// What stands between the tags of the page's only element of this name.
fn content_of<'a>(page: &'a str, element: &str) -> Option<&'a str> {
    let (_, rest) = page.split_once(&format!("<{element}>"))?;
    let (content, _) = rest.split_once(&format!("</{element}>"))?;
    Some(content)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_has_one_script_and_one_style_and_loads_nothing() {
        for element in ["script", "style"] {
            assert_eq!(PAGE.matches(&format!("<{element}")).count(), 1, "{element}");
            assert!(content_of(PAGE, element).is_some_and(|content| content.len() > 100));
        }
        for elsewhere in [
            "href=\"http",
            "url(",
            "@import",
            " src=",
            " style=\"",
            " onclick=",
            "innerHTML",
        ] {
            assert!(!PAGE.contains(elsewhere), "{elsewhere}");
        }
        assert!(policy().starts_with("default-src 'none'"));
    }
}
