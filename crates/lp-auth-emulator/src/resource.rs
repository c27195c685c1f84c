//! Which resource a path names.

use crate::fault::Endpoint;
use lp_auth_core::ApiVersion;

/// What lives under the emulator's address, with the parts of the path that say which.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Resource<'a> {
    /// All services of an account (LIVEPERSON.md §1).
    AllServices { account: &'a str },
    /// An API of the kind that wants the bare token (LIVEPERSON.md §5).
    Conversation { account: &'a str },
    /// An API of the kind that wants `Bearer`: LivePerson Functions (LIVEPERSON.md §5).
    Invoke { account: &'a str },
    /// The key set (LIVEPERSON.md §4).
    Keys,
    /// One service of an account (LIVEPERSON.md §1).
    OneService { account: &'a str, service: &'a str },
    /// The token endpoint (LIVEPERSON.md §2), with the version that its path says.
    Token { account: &'a str, path: ApiVersion },
}

impl<'a> Resource<'a> {
    pub(crate) fn named_by(path: &'a str) -> Option<Self> {
        let segments: Vec<&str> = path.strip_prefix('/')?.split('/').collect();
        let resource = match *segments.as_slice() {
            ["sentinel", "well-known", "jwks"] => Self::Keys,
            ["sentinel", "api", "account", account, "app", "token"] => Self::Token {
                account,
                path: ApiVersion::V1,
            },
            ["sentinel", "api", "v2", "account", account, "app", "token"] => Self::Token {
                account,
                path: ApiVersion::V2,
            },
            ["api", "account", account, "service", "baseURI.json"] => Self::AllServices { account },
            ["api", "account", account, "service", service, "baseURI.json"] => {
                Self::OneService { account, service }
            }
            ["api", "account", account, "lambdas", _, "invoke"] => Self::Invoke { account },
            ["api", "account", account, "messaging", "consumer", "conversation"] => {
                Self::Conversation { account }
            }
            _ => return None,
        };
        Some(resource)
    }

    pub(crate) fn endpoint(self) -> Endpoint {
        match self {
            Self::AllServices { .. } | Self::OneService { .. } => Endpoint::DomainApi,
            Self::Conversation { .. } | Self::Invoke { .. } => Endpoint::Api,
            Self::Keys => Endpoint::Keys,
            Self::Token { .. } => Endpoint::Token,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_documented_paths_name_something() {
        assert_eq!(
            Resource::named_by("/sentinel/api/v2/account/le81823118/app/token"),
            Some(Resource::Token {
                account: "le81823118",
                path: ApiVersion::V2
            })
        );
        assert_eq!(
            Resource::named_by("/api/account/1/service/faasGW/baseURI.json"),
            Some(Resource::OneService {
                account: "1",
                service: "faasGW"
            })
        );
        for nothing in [
            "",
            "/",
            "*",
            "/sentinel/.well-known/jwks",
            "/sentinel/well-known/jwks/",
            "//sentinel/well-known/jwks",
            "/sentinel/api/v3/account/1/app/token",
            "/api/account/1/lambdas/invoke",
        ] {
            assert_eq!(Resource::named_by(nothing), None, "{nothing}");
        }
    }
}
