//! The steps of the demonstration. Each does something and checks that it did.

use core::fmt;
use std::io::Write as _;

use lp_auth::http::Request;
use lp_auth::http::StatusCode;
use lp_auth::http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use lp_auth::{
    AccessToken, ApiVersion, Claims, Client, HeaderStyle, KeySet, Limits, Rejected, ServiceHost, ServiceName,
    Verifier, VerifyError,
};
use lp_auth_core::{Answer, Body, Runtime, Transport};
use lp_auth_emulator::{Emulator, Endpoint, TokenDraft};
use lp_auth_jwt::{JwksRequest, Unverified};
use secrecy::ExposeSecret as _;

use super::report::{Outcome, Report};
use crate::failure::Failure;
use crate::progress;

/// One walk through the flow, over one transport.
pub(super) struct Walk<'a, T, R> {
    emulator: &'a Emulator,
    transport: T,
    runtime: R,
    verbose: bool,
}

/// What a step brings for later ones, and what it says.
type Step<T> = Result<(T, String), String>;

impl<'a, T, R> Walk<'a, T, R>
where
    T: Transport + Clone + 'static,
    R: Runtime + Clone + 'static,
{
    pub(super) fn new(emulator: &'a Emulator, transport: T, runtime: R, verbose: bool) -> Self {
        // Keys are made when they are first needed, a tenth of a second each: before anybody takes the time.
        emulator.v1_public_key_pem();
        emulator.jwks();
        Self {
            emulator,
            transport,
            runtime,
            verbose,
        }
    }

    /// All steps, up to the first that fails: those behind it stand on it.
    pub(super) async fn all(&self, report: &mut Report) -> Result<(), Failure> {
        match self.steps(report).await {
            Ok(()) | Err(Stop::StepFailed) => Ok(()),
            Err(Stop::NotShown(failure)) => Err(failure),
        }
    }

    async fn steps(&self, report: &mut Report) -> Result<(), Stop> {
        let sentinel = self.take(report, "Domain API", self.domain_api()).await?;
        let v1 = self.take(report, "V1 token", self.token(ApiVersion::V1)).await?;
        self.take(report, "V1 verification", self.v1_verification(&v1.1))
            .await?;
        let v2 = self.take(report, "V2 token", self.token(ApiVersion::V2)).await?;
        self.take(report, "JWKS", self.jwks(&sentinel, &v2.1)).await?;
        let verifier = self
            .take(report, "V2 verification", self.v2_verification(&v2.1))
            .await?;
        self.take(report, "Protected call", self.protected_call(&sentinel, &v2.1))
            .await?;
        let new = self
            .take(report, "Key rotation", self.rotation(&v2, &verifier))
            .await?;
        self.take(
            report,
            "Tampered token",
            self.tampering(&sentinel, &new, &verifier),
        )
        .await
    }

    /// Does a step, takes its time and shows it.
    async fn take<A>(
        &self,
        report: &mut Report,
        name: &str,
        step: impl Future<Output = Step<A>>,
    ) -> Result<A, Stop> {
        let began = self.runtime.now();
        let (answer, outcome): (Option<A>, Outcome) = match step.await {
            Ok((answer, detail)) => (Some(answer), Ok(detail)),
            Err(problem) => (None, Err(problem)),
        };
        let took = self.runtime.now().since(began);
        report.step(name, took, &outcome).map_err(Stop::NotShown)?;
        answer.ok_or(Stop::StepFailed)
    }

    async fn domain_api(&self) -> Step<ServiceHost> {
        let client = self.client(ApiVersion::V2)?;
        let sentinel = client.host(&ServiceName::SENTINEL).await.map_err(text)?;
        same("the host", &sentinel.to_string(), self.emulator.sentinel())?;
        self.asked(Endpoint::DomainApi, 1)?;
        let detail = format!("Sentinel is at {sentinel}");
        Ok((sentinel, detail))
    }

    async fn token(&self, version: ApiVersion) -> Step<(Client, AccessToken)> {
        let asked_before = self.emulator.request_count(Endpoint::Token);
        let client = self.client(version)?;
        let token = client.token().await.map_err(text)?;
        let again = client.token().await.map_err(text)?;
        ensure(token == again, "the second question brought another token")?;
        self.asked(Endpoint::Token, asked_before + 1)?;
        let life = token.expires_at().since(self.runtime.now());
        ensure(life.as_secs() > 3000, "the token does not live for an hour")?;
        Ok((
            (client, token),
            format!("good for {} minutes", life.as_secs().div_ceil(60)),
        ))
    }

    async fn v1_verification(&self, token: &AccessToken) -> Step<()> {
        let keys = KeySet::from_text(&self.emulator.v1_public_key_pem()).map_err(text)?;
        let verifier = self
            .verifier()
            .api_versions([ApiVersion::V1])
            .v1_keys(keys)
            .build()
            .map_err(text)?;
        let claims = verifier.verify(token.expose()).await.map_err(text)?;
        self.is_of_the_client(&claims)?;
        self.asked(Endpoint::Keys, 0)?;
        Ok(((), "genuine, by the static key; nobody was asked".to_owned()))
    }

    async fn jwks(&self, sentinel: &ServiceHost, token: &AccessToken) -> Step<()> {
        let request = JwksRequest.to_http(sentinel).map_err(text)?;
        let sent = self.runtime.now();
        let outcome = self.transport.send(request, Limits::default()).await;
        let keys = JwksRequest
            .read(sentinel, Answer { outcome, sent })
            .map_err(text)?
            .keys;
        let kid = kid(token)?;
        ensure(
            keys.key(&kid).is_some(),
            "the key that signed the token is not published",
        )?;
        let number = keys.keys().count();
        Ok(((), format!("{number} key, kid {}", short(&kid))))
    }

    async fn v2_verification(&self, token: &AccessToken) -> Step<Verifier> {
        let asked_before = self.emulator.request_count(Endpoint::Keys);
        let verifier = self.verifier().build().map_err(text)?;
        let claims = verifier.verify(token.expose()).await.map_err(text)?;
        self.is_of_the_client(&claims)?;
        verifier.verify(token.expose()).await.map_err(text)?;
        self.asked(Endpoint::Keys, asked_before + 1)?;
        Ok((
            verifier,
            "genuine; the keys were fetched once for two checks".to_owned(),
        ))
    }

    async fn protected_call(&self, sentinel: &ServiceHost, token: &AccessToken) -> Step<()> {
        let with = self
            .invoke(sentinel, Some(token.authorization(HeaderStyle::Bearer)))
            .await?;
        ensure(with == StatusCode::OK, &format!("the API answered {with}"))?;
        let without = self.invoke(sentinel, None).await?;
        ensure(
            without == StatusCode::UNAUTHORIZED,
            &format!("without a token the API answered {without}"),
        )?;
        Ok((
            (),
            format!("{} with the token, {} without", with.as_u16(), without.as_u16()),
        ))
    }

    async fn rotation(&self, old: &(Client, AccessToken), verifier: &Verifier) -> Step<AccessToken> {
        let (client, old) = old;
        self.emulator.rotate_keys().map_err(text)?;
        ensure(
            client.invalidate(old),
            "the client does not give the old token up",
        )?;
        let new = client.token().await.map_err(text)?;
        let (old_kid, new_kid) = (kid(old)?, kid(&new)?);
        ensure(old_kid != new_kid, "the new token is signed with the old key")?;
        let asked_before = self.emulator.request_count(Endpoint::Keys);
        verifier.verify(old.expose()).await.map_err(text)?;
        self.asked(Endpoint::Keys, asked_before)?;
        verifier.verify(new.expose()).await.map_err(text)?;
        verifier.verify(old.expose()).await.map_err(text)?;
        self.asked(Endpoint::Keys, asked_before + 1)?;
        let detail = format!(
            "kid {} signs; old and new token pass, after one fetch",
            short(&new_kid)
        );
        Ok((new, detail))
    }

    async fn tampering(&self, sentinel: &ServiceHost, token: &AccessToken, verifier: &Verifier) -> Step<()> {
        let tampered = TokenDraft::tampered(token.expose());
        ensure(tampered != token.expose(), "the token could not be changed")?;
        match verifier.verify(&tampered).await {
            Err(VerifyError::Rejected(Rejected::Signature)) => {}
            Err(other) => return Err(format!("refused for another reason: {other}")),
            Ok(_) => return Err("the verifier accepted it".to_owned()),
        }
        let mut header = HeaderValue::try_from(format!("Bearer {tampered}")).map_err(text)?;
        header.set_sensitive(true);
        let status = self.invoke(sentinel, Some(header)).await?;
        ensure(
            status == StatusCode::UNAUTHORIZED,
            &format!("the API answered {status}"),
        )?;
        Ok(((), "refused by the verifier, and by the API with 401".to_owned()))
    }

    /// Invokes a function, and sees to it that an answer of success is the function's.
    async fn invoke(
        &self,
        host: &ServiceHost,
        authorization: Option<HeaderValue>,
    ) -> Result<StatusCode, String> {
        let account = self.emulator.account();
        let path = format!("/api/account/{account}/lambdas/2f1c5c0e-1c1e-4c69-9d4e-0a5f3f1b7c2d/invoke?v=1");
        let mut request = Request::post(host.uri(&path).map_err(text)?)
            .header(CONTENT_TYPE, "application/json")
            .body(Body::from(
                br#"{"timestamp":0,"headers":[],"payload":{"motto":"hello"}}"#.as_slice(),
            ))
            .map_err(text)?;
        if let Some(authorization) = authorization {
            request.headers_mut().insert(AUTHORIZATION, authorization);
        }
        let reply = self
            .transport
            .send(request, Limits::default())
            .await
            .map_err(text)?;
        let body = String::from_utf8_lossy(reply.body().as_ref());
        let is_ours = body.contains(r#""motto":"hello""#);
        ensure(
            is_ours == reply.status().is_success(),
            "the API gave back something else than the payload",
        )?;
        Ok(reply.status())
    }

    fn client(&self, version: ApiVersion) -> Result<Client, String> {
        Client::builder(self.emulator.account().as_str())
            .client_id(self.emulator.client_id())
            .client_secret(self.emulator.client_secret().expose_secret())
            .api_version(version)
            .domain_api(self.emulator.domain_api())
            .trusted_host(self.emulator.sentinel())
            .transport(self.transport.clone(), self.runtime.clone())
            .watch(watch(self.verbose))
            .build()
            .map_err(text)
    }

    fn verifier(&self) -> lp_auth::VerifierBuilder {
        Verifier::builder(self.emulator.account().as_str())
            .clients([self.emulator.client_id()])
            .domain_api(self.emulator.domain_api())
            .trusted_host(self.emulator.sentinel())
            .transport(self.transport.clone(), self.runtime.clone())
            .watch(watch(self.verbose))
    }

    fn is_of_the_client(&self, claims: &Claims) -> Result<(), String> {
        let azp = claims.azp().unwrap_or_default();
        same("the client", azp, self.emulator.client_id())
    }

    /// So often was this asked for since the emulator started.
    fn asked(&self, endpoint: Endpoint, times: usize) -> Result<(), String> {
        let counted = self.emulator.request_count(endpoint);
        ensure(
            counted == times,
            &format!("{counted} requests where there should be {times} ({endpoint:?})"),
        )
    }
}

/// Why a walk ends early.
enum Stop {
    /// The report could not be written.
    NotShown(Failure),
    /// The report has it.
    StepFailed,
}

fn watch(verbose: bool) -> impl Fn(&lp_auth::Progress) + Send + Sync + 'static {
    move |news| {
        if verbose {
            // Nobody is left to be told.
            let _ = writeln!(anstream::stderr(), "{}", progress::line(news));
        }
    }
}

fn ensure(is_so: bool, problem: &str) -> Result<(), String> {
    if is_so { Ok(()) } else { Err(problem.to_owned()) }
}

fn same(what: &str, is: &str, should_be: &str) -> Result<(), String> {
    ensure(
        is == should_be,
        &format!("{what} is `{is}` and should be `{should_be}`"),
    )
}

/// Which key the token says it is signed with.
fn kid(token: &AccessToken) -> Result<String, String> {
    let unverified = Unverified::decode(token.expose()).map_err(text)?;
    Ok(unverified.kid().ok_or("the token names no key")?.to_owned())
}

/// Enough of a UUID to tell it from others.
fn short(kid: &str) -> String {
    kid.split('-').next().unwrap_or_default().to_owned()
}

fn text(error: impl fmt::Display) -> String {
    error.to_string()
}
