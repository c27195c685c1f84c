//! How each library is set up.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use azure_core::credentials::{Secret, TokenCredential};
use azure_core::http::headers::Headers;
use azure_core::http::{AsyncRawResponse, ClientOptions, HttpClient, Request, StatusCode, Transport};
use azure_identity::{ClientSecretCredential, ClientSecretCredentialOptions};
use google_cloud_auth::credentials::user_account;
use player::token::PRIVATE_KEY;
use serde_json::json;
use tokio::runtime::Runtime;
use yup_oauth2::{ServiceAccountAuthenticator, ServiceAccountKey};

use crate::Ask;
use crate::server::{Server, reply};

/// Its address cannot be chosen but for https, so the server answers within the process.
pub(crate) fn azure(_: &Runtime, server: &Server) -> Ask {
    let wire = Wire {
        requests: server.counter(),
        latency: server.latency,
        lifetime: server.lifetime,
    };
    let options = ClientSecretCredentialOptions {
        client_options: ClientOptions {
            transport: Some(Transport::new(Arc::new(wire))),
            ..ClientOptions::default()
        },
    };
    let secret = Secret::new("hush");
    let credential = ClientSecretCredential::new("tenant", "me".to_owned(), secret, Some(options))
        .expect("the settings are complete");
    Arc::new(move || {
        let credential = Arc::clone(&credential);
        Box::pin(async move {
            credential
                .get_token(&["https://example.test/.default"], None)
                .await
                .is_ok()
        })
    })
}

#[derive(Debug)]
struct Wire {
    requests: Arc<AtomicUsize>,
    latency: Duration,
    lifetime: u64,
}

#[async_trait]
impl HttpClient for Wire {
    async fn execute_request(&self, _: &Request) -> azure_core::Result<AsyncRawResponse> {
        let number = self.requests.fetch_add(1, Ordering::Relaxed);
        if !self.latency.is_zero() {
            tokio::time::sleep(self.latency).await;
        }
        let body = reply(self.lifetime, number);
        Ok(AsyncRawResponse::from_bytes(StatusCode::Ok, Headers::new(), body))
    }
}

pub(crate) fn google(runtime: &Runtime, server: &Server) -> Ask {
    let _inside = runtime.enter();
    let user = json!({
        "type": "authorized_user",
        "client_id": "me",
        "client_secret": "hush",
        "refresh_token": "again",
    });
    let credentials = user_account::Builder::new(user)
        .with_token_uri(server.url())
        .build_access_token_credentials()
        .expect("the settings are complete");
    Arc::new(move || {
        let credentials = credentials.clone();
        Box::pin(async move { credentials.access_token().await.is_ok() })
    })
}

pub(crate) fn yup(runtime: &Runtime, server: &Server) -> Ask {
    let key = ServiceAccountKey {
        key_type: Some("service_account".to_owned()),
        project_id: None,
        private_key_id: None,
        private_key: PRIVATE_KEY.to_owned(),
        client_email: "me@example.test".to_owned(),
        client_id: None,
        auth_uri: None,
        token_uri: server.url(),
        auth_provider_x509_cert_url: None,
        client_x509_cert_url: None,
    };
    let authenticator = runtime
        .block_on(ServiceAccountAuthenticator::builder(key).build())
        .expect("the key is good");
    Arc::new(move || {
        let authenticator = authenticator.clone();
        Box::pin(async move { authenticator.token(&["scope"]).await.is_ok() })
    })
}
