//! The crate `oauth2`: V1, V2, delegated, and the legacy path without a version.
#![forbid(unsafe_code)]

use std::time::Duration;

use interop_rust::{Result, Settings, version};
use oauth2::basic::{
    BasicClient, BasicErrorResponse, BasicErrorResponseType, BasicRevocationErrorResponse,
    BasicTokenIntrospectionResponse, BasicTokenResponse, BasicTokenType,
};
use oauth2::{
    AccessToken, AuthType, Client, ClientId, ClientSecret, RefreshToken, RequestTokenError, Scope,
    StandardRevocableToken, TokenResponse, TokenUrl,
};
use serde::{Deserialize, Serialize};

fn main() -> Result<()> {
    let settings = Settings::read()?;
    let ask = |path: &str, secret: &str, auth: AuthType| -> Result<_> {
        let client = BasicClient::new(ClientId::new(settings.client_id.clone()))
            .set_client_secret(ClientSecret::new(secret.to_owned()))
            .set_token_uri(TokenUrl::from_url(settings.url(path)?))
            .set_auth_type(auth);
        Ok(client.exchange_client_credentials().request(&settings.http))
    };
    let token = |path: &str| -> Result<BasicTokenResponse> {
        Ok(ask(path, &settings.client_secret, AuthType::RequestBody)??)
    };

    let v1 = token("/sentinel/api/account/{account}/app/token?v=1.0")?;
    settings.verify_v1(v1.access_token().secret())?;
    println!("sent v1");
    assert_eq!(v1.expires_in(), None);
    println!("seen V1, no expires_in: expires_in() is None, so when to ask again is the caller's business");

    let without = token("/sentinel/api/account/{account}/app/token")?;
    settings.verify_v1(without.access_token().secret())?;
    println!("sent no-version");

    let v2 = "/sentinel/api/v2/account/{account}/app/token";
    let unread = token(v2).unwrap_err();
    let why = unread.source().map(ToString::to_string).unwrap_or_default();
    assert!(why.contains("expected u64"), "{unread}: {why}");
    println!("seen V2, expires_in \"3600\", with its BasicClient: `Failed to parse server response: {why}`");

    // Its client takes any type for the response, so the user can bring one that reads what Sentinel says.
    let sentinels = |path: &str| -> Result<SentinelTokenResponse> {
        let client: SentinelClient = Client::new(ClientId::new(settings.client_id.clone()));
        let client = client
            .set_client_secret(ClientSecret::new(settings.client_secret.clone()))
            .set_token_uri(TokenUrl::from_url(settings.url(path)?))
            .set_auth_type(AuthType::RequestBody);
        Ok(client.exchange_client_credentials().request(&settings.http)?)
    };
    let own = sentinels(v2)?;
    settings.verify_v2(own.access_token().secret())?;
    assert_eq!(own.expires_in(), Some(Duration::from_secs(3600)));
    println!("sent v2");
    let delegated = sentinels(&format!("{v2}?state=consumer-1"))?;
    let claims = settings.verify_v2(delegated.access_token().secret())?;
    assert_eq!(claims["https://liveperson.com/consumer_id"], "consumer-1");
    println!("sent delegated");

    let refused = ask(v2, "wrong", AuthType::RequestBody)?.unwrap_err();
    let RequestTokenError::ServerResponse(refused) = refused else {
        return Err(refused.into());
    };
    assert_eq!(*refused.error(), BasicErrorResponseType::InvalidClient);
    println!("seen a wrong secret: ServerResponse with error invalid_client");
    assert!(ask(v2, &settings.client_secret, AuthType::BasicAuth)?.is_err());
    println!("seen its default, HTTP Basic, gets 401 invalid_client");

    println!("client oauth2 {}", version("oauth2"));
    println!(
        "needed the authority as a root certificate of its reqwest client; AuthType::RequestBody; for V2 a TokenResponse of \
         one's own, since its BasicTokenResponse reads no expires_in that is a string"
    );
    Ok(())
}

/// What Sentinel answers, `expires_in` being a string.
#[derive(Debug, Deserialize, Serialize)]
struct SentinelTokenResponse {
    access_token: AccessToken,
    token_type: BasicTokenType,
    expires_in: Option<String>,
}

impl TokenResponse for SentinelTokenResponse {
    type TokenType = BasicTokenType;

    fn access_token(&self) -> &AccessToken {
        &self.access_token
    }

    fn token_type(&self) -> &BasicTokenType {
        &self.token_type
    }

    fn expires_in(&self) -> Option<Duration> {
        self.expires_in.as_ref()?.parse().ok().map(Duration::from_secs)
    }

    fn refresh_token(&self) -> Option<&RefreshToken> {
        None
    }

    fn scopes(&self) -> Option<&Vec<Scope>> {
        None
    }
}

type SentinelClient = Client<
    BasicErrorResponse,
    SentinelTokenResponse,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
>;
