//! The crate `openidconnect`: V1, and why its own client cannot read V2.
#![forbid(unsafe_code)]

use interop_rust::{Result, Settings, version};
use openidconnect::core::{CoreClient, CoreJsonWebKeySet, CoreTokenResponse};
use openidconnect::{
    AuthType, ClientId, ClientSecret, IssuerUrl, JsonWebKeySetUrl, OAuth2TokenResponse, TokenUrl,
};

fn main() -> Result<()> {
    let settings = Settings::read()?;
    // Its own reading of the key set, though no id token will ever come to be verified with it.
    let keys = JsonWebKeySetUrl::from_url(settings.url("/sentinel/well-known/jwks")?);
    let keys = CoreJsonWebKeySet::fetch(&keys, &settings.http)?;
    assert_eq!(keys.keys().len(), 1);

    let token = |path: &str| -> Result<CoreTokenResponse> {
        // `Sentinel` is no URL, which its type for an issuer must be.
        let issuer = IssuerUrl::from_url(settings.url("/")?);
        let client = CoreClient::new(ClientId::new(settings.client_id.clone()), issuer, keys.clone())
            .set_client_secret(ClientSecret::new(settings.client_secret.clone()))
            .set_token_uri(TokenUrl::from_url(settings.url(path)?))
            .set_auth_type(AuthType::RequestBody);
        Ok(client.exchange_client_credentials().request(&settings.http)?)
    };

    let v1 = token("/sentinel/api/account/{account}/app/token?v=1.0")?;
    settings.verify_v1(v1.access_token().secret())?;
    println!("sent v1");
    assert_eq!(v1.expires_in(), None);
    println!("seen V1, no expires_in: expires_in() is None");
    let unread = token("/sentinel/api/v2/account/{account}/app/token").unwrap_err();
    let why = unread.source().map(ToString::to_string).unwrap_or_default();
    assert!(why.contains("expected u64"), "{unread}: {why}");
    println!("seen V2, expires_in \"3600\", with its CoreClient: `Failed to parse server response: {why}`");
    println!("client openidconnect {}", version("openidconnect"));
    println!(
        "needed the authority as a root certificate of its reqwest client; AuthType::RequestBody; a made-up issuer URL"
    );
    Ok(())
}
