//! The four ways to ask.

use core::fmt;
use std::sync::Arc;

use lp_auth::{
    AccessToken, Client, ClientBuilder, Error, Rejected, ServiceName, Stack, Verifier, VerifyError, blocking,
};
use lp_auth_emulator::Endpoint;
use tokio::task::spawn_blocking;

/// An HTTP stack, and whether its asker waits as a task or as a thread.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum HttpStack {
    Isahc,
    IsahcBlocking,
    Reqwest,
    ReqwestBlocking,
}

impl HttpStack {
    pub(crate) const ALL: [Self; 4] = [
        Self::Isahc,
        Self::IsahcBlocking,
        Self::Reqwest,
        Self::ReqwestBlocking,
    ];

    pub(crate) fn asker(self, builder: ClientBuilder) -> Asker {
        let builder = builder.stack(match self {
            Self::Isahc | Self::IsahcBlocking => Stack::Isahc,
            Self::Reqwest | Self::ReqwestBlocking => Stack::Reqwest,
        });
        match self {
            Self::Isahc | Self::Reqwest => {
                let client = builder.build().expect("the settings are complete");
                let verifier = client
                    .verifier()
                    .any_client()
                    .build()
                    .expect("the policy is complete");
                Asker::Task(client, verifier)
            }
            Self::IsahcBlocking | Self::ReqwestBlocking => {
                let client = builder.build_blocking().expect("the settings are complete");
                let verifier = client.verifier().any_client().build_blocking();
                Asker::Thread(Arc::new((client, verifier.expect("the policy is complete"))))
            }
        }
    }
}

impl fmt::Display for HttpStack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Isahc => "isahc",
            Self::IsahcBlocking => "isahc, blocking",
            Self::Reqwest => "reqwest",
            Self::ReqwestBlocking => "reqwest, blocking",
        })
    }
}

/// Whoever asks.
pub(crate) enum Asker {
    Task(Client, Verifier),
    Thread(Arc<(blocking::Client, blocking::Verifier)>),
}

/// What came of a question.
pub(crate) enum Answer {
    Failed(Error),
    Keys,
    Rejected(Rejected),
    Token(AccessToken),
}

impl Asker {
    /// Puts a token at hand, and has Sentinel's host looked up if that is to be known.
    pub(crate) async fn prepare(&self, token: AccessToken, knows_host: bool) {
        let is_taken = match self {
            Self::Task(client, _) => client.restore(token),
            Self::Thread(both) => both.0.restore(token),
        };
        assert!(is_taken.is_ok(), "the token is usable");
        if !knows_host {
            return;
        }
        let host = match self {
            Self::Task(client, _) => client.host(&ServiceName::SENTINEL).await,
            Self::Thread(both) => {
                let both = Arc::clone(both);
                let ask = move || both.0.host(&ServiceName::SENTINEL);
                spawn_blocking(ask).await.expect("it does not panic")
            }
        };
        drop(host);
    }

    /// Asks for a token; or, to have the key set asked for, whether the presented one is genuine.
    pub(crate) async fn ask(&self, at: Endpoint, presented: &str) -> Answer {
        let for_keys = at == Endpoint::Keys;
        match self {
            Self::Task(client, _) if !for_keys => Answer::of_token(client.token().await),
            Self::Task(_, verifier) => Answer::of_verdict(verifier.verify(presented).await.map(drop)),
            Self::Thread(both) => {
                let (both, presented) = (Arc::clone(both), presented.to_owned());
                let ask = move || {
                    if for_keys {
                        Answer::of_verdict(both.1.verify(&presented).map(drop))
                    } else {
                        Answer::of_token(both.0.token())
                    }
                };
                spawn_blocking(ask).await.expect("it does not panic")
            }
        }
    }
}

impl Answer {
    fn of_token(token: Result<AccessToken, Error>) -> Self {
        token.map_or_else(Self::Failed, Self::Token)
    }

    fn of_verdict(verdict: Result<(), VerifyError>) -> Self {
        match verdict {
            Ok(()) => Self::Keys,
            Err(VerifyError::Rejected(rejected)) => Self::Rejected(rejected),
            Err(VerifyError::Unavailable(error)) => Self::Failed(error),
        }
    }
}
