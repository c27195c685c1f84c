//! The causes that can be told apart: a stable name, what each means, and what to do.

/// Defines the causes in one table.
macro_rules! causes {
    ($($variant:ident $id:literal $meaning:literal [$($advice:literal),* $(,)?];)*) => {
        /// Why a step failed, or is worth a warning.
        #[derive(Clone, Copy, Debug, Eq, PartialEq)]
        pub(super) enum Cause {
            $($variant,)*
        }

        impl Cause {
            /// The stable name, in JSON.
            pub(super) fn id(self) -> &'static str {
                match self {
                    $(Self::$variant => $id,)*
                }
            }

            pub(super) fn meaning(self) -> &'static str {
                match self {
                    $(Self::$variant => $meaning,)*
                }
            }

            pub(super) fn advice(self) -> &'static [&'static str] {
                match self {
                    $(Self::$variant => &[$($advice),*],)*
                }
            }

            #[cfg(test)]
            pub(super) const ALL: &'static [Self] = &[$(Self::$variant),*];
        }
    };
}

causes! {
    // Settings
    NothingSet "nothing_set"
        "no account and no credentials are known yet, so that nobody can be asked for a token"
        [
            "ask your LivePerson account team to install an application: lp-auth installation writes the document for it",
            "then set LP_ACCOUNT_ID, LP_CLIENT_ID and LP_CLIENT_SECRET_FILE, and run lp-auth doctor again",
            "to see it all work without an account: lp-auth demo",
        ];
    SettingMissing "setting_missing"
        "a token cannot be asked for without it"
        [];
    SettingInvalid "setting_invalid"
        "no request can be made with this setting"
        ["lp-auth token --help tells what each setting wants"];
    SecretUnreadable "secret_unreadable"
        "the client secret cannot be read from its file"
        ["check the path of --client-secret-file (LP_CLIENT_SECRET_FILE), and who may read the file"];
    SecretCommandFailed "secret_command_failed"
        "the command that is to tell the client secret did not tell it"
        ["run it by hand: the first line that it writes is taken, if it ends well"];
    SecretEmpty "secret_empty"
        "it is there, and holds no secret"
        ["a file is written without showing the secret: (umask 077; cat > FILE)"];
    SecretInvalid "secret_invalid"
        "what stands there cannot be a client secret"
        ["the secret alone is wanted, in one line"];
    SecretExposed "secret_exposed"
        "every user of this machine who can read the file can ask for tokens in your name"
        [];
    SecretPadded "secret_padded"
        "blanks and line breaks are sent as a part of the secret, and it is then refused"
        ["the secret alone is wanted, in one line"];

    // The way to the server
    ProxyIgnored "proxy_ignored"
        "the variable is set, and does not hold the address of a proxy: it is ignored"
        ["write it as http://HOST:PORT, or unset it"];
    ProxyAmbiguous "proxy_ambiguous"
        "the HTTP stacks differ in which of the two they take"
        ["set one of them, or both alike"];
    ProxyUnresolved "proxy_unresolved"
        "the name of the proxy is not known here"
        ["check the proxy variable; NO_PROXY=HOST goes past the proxy"];
    ProxyRefused "proxy_refused"
        "nobody listens where the proxy is said to be"
        ["check the proxy variable; NO_PROXY=HOST goes past the proxy"];
    ProxyUnreachable "proxy_unreachable"
        "no connection to the proxy came about"
        ["check the proxy variable; NO_PROXY=HOST goes past the proxy"];
    ProxyForbids "proxy_forbids"
        "the proxy answers, and does not let the connection through"
        ["ask who runs the proxy to allow the host", "407 means that it wants a name and a password: http://NAME:PASSWORD@HOST:PORT"];
    Unresolved "unresolved"
        "the name server does not know the name, or cannot be reached"
        [
            "check the spelling of the host (--domain-api, LP_DOMAIN_API; --sentinel, LP_SENTINEL)",
            "check the network and /etc/resolv.conf; a VPN may be missing, or a proxy (HTTPS_PROXY)",
        ];
    ResolverTimedOut "resolver_timed_out"
        "no name server answered in time"
        ["check the network and /etc/resolv.conf"];
    Refused "connection_refused"
        "the machine is there, and nobody listens at this port"
        [
            "check the address and the port (--domain-api, LP_DOMAIN_API; --sentinel, LP_SENTINEL)",
            "if the emulator is meant: is lp-auth emulator running, and is its env file the one in use?",
        ];
    ConnectTimedOut "connect_timed_out"
        "no answer to the attempt to connect: as a rule a firewall drops it"
        ["allow this machine to connect to the host at that port, or set a proxy (HTTPS_PROXY)"];
    Unreachable "unreachable"
        "there is no way through the network to this address"
        ["check the network, the VPN and the routes"];

    // TLS
    CertificateUntrusted "certificate_untrusted"
        "nobody who is trusted here vouches for the server: another certificate authority, or somebody in between"
        [
            "if that authority is your company's or the emulator's: --ca-file PEM, or LP_CA_FILE, with its certificate",
            "if you do not know it, send no secret over this network",
        ];
    CertificateOtherName "certificate_other_name"
        "the certificate is good, and for another host: the name asked for is wrong, or another server answers"
        ["use a name that stands in the certificate, or have the server's certificate made for this name"];
    CertificateExpired "certificate_expired"
        "the certificate's time is over by this machine's clock"
        ["who runs the server has to renew it", "check this machine's clock first"];
    CertificateNotYetValid "certificate_not_yet_valid"
        "the certificate's time has not begun by this machine's clock"
        ["check this machine's clock"];
    CertificateUnusable "certificate_unusable"
        "the certificate breaks a rule of TLS"
        ["who runs the server has to replace it"];
    CertificateEndsSoon "certificate_ends_soon"
        "from then on no connection will be trusted"
        ["who runs the server has to renew it in time"];
    NoSystemCertificates "no_system_certificates"
        "this machine has no list of certificate authorities, so that nobody can be trusted"
        ["install it (Debian: apt install ca-certificates), or name one: --ca-file PEM, LP_CA_FILE"];
    NotTls "not_tls"
        "a server answers there that does not speak TLS"
        [
            "check the port",
            "for a server on loopback that has no TLS: --plain-http-loopback, or LP_PLAIN_HTTP_LOOPBACK=true",
        ];
    WantsTls "wants_tls"
        "a server answers there that speaks https, and plain http is switched on"
        ["leave out --plain-http-loopback (LP_PLAIN_HTTP_LOOPBACK, plain_http_loopback of the profile), and begin the address with https://"];
    TlsRefused "tls_refused"
        "the two sides have no version or method of TLS in common, or the server does not serve this name"
        ["check the host; TLS 1.2 or 1.3 is wanted"];
    TlsBrokenOff "tls_broken_off"
        "the server, or a firewall before it, ended the connection during the handshake"
        ["check that the port is that of a TLS server; a firewall may forbid the host by name"];
    TlsTimedOut "tls_timed_out"
        "the connection was accepted, and then nothing more was said"
        ["check that the port is that of a TLS server; a firewall may swallow the handshake"];

    // Answers
    BrokenOff "broken_off"
        "the server closed or reset the connection before its answer was complete"
        ["try again; if it stays, a proxy or a firewall cuts connections, or the server is in trouble"];
    TimedOut "timed_out"
        "the request was sent, and no complete answer came: the server stalls, or sends a byte now and then"
        ["try again, with more time: --patience SECONDS (LP_PATIENCE)", "if it stays, the server or a proxy is overloaded"];
    TooLarge "too_large"
        "far more came than such an answer has: somebody else answers in the server's place, or means harm"
        ["check the address; a proxy or a sign-in page may answer in LivePerson's place"];
    Compressed "compressed"
        "the answer is compressed, which was not asked for: it is not unpacked, as it may be a bomb"
        ["check the address; a proxy may answer in LivePerson's place, or change its answers"];
    NoRequest "no_request"
        "the HTTP stack did not carry out the request"
        ["the other stack may tell more: --transport isahc, or --transport reqwest"];
    Redirect "redirect"
        "the server sends elsewhere, and no redirect is followed: the secret would go along"
        ["check the address; a sign-in page of the network may be in the way"];
    StrangeStatus "strange_status"
        "neither success nor an error that is known"
        ["check the address"];
    EmptyBody "empty_body"
        "an answer of success without anything in it"
        ["check the address; a proxy may answer in LivePerson's place"];
    Html "html"
        "a web page came instead of data: of a proxy, or a page of the network that wants you to sign in"
        ["open any web page in a browser and sign in to the network", "check the address and the proxy"];
    TruncatedJson "truncated_json"
        "the answer ends in the middle, though it was declared complete: a proxy cuts it, or the server is broken"
        ["try again; if it stays, go past the proxy (NO_PROXY)"];
    InvalidUtf8 "invalid_utf8"
        "the answer holds bytes that are no text: it was damaged on the way, or the server is broken"
        ["try again; if it stays, go past the proxy (NO_PROXY)"];
    NotJson "not_json"
        "the answer is no JSON: somebody else answers in the server's place"
        ["check the address; a proxy may answer in LivePerson's place"];
    OtherJson "other_json"
        "the answer is JSON, and not that of this question"
        ["check the address"];
    WrongContentType "wrong_content_type"
        "the content is right and its declaration is not: a proxy may have changed it, and other clients may refuse it"
        [];
    NotFound "not_found"
        "the host answers, and has no such resource: another server, or an address with something missing"
        ["check the address (--domain-api, LP_DOMAIN_API; --sentinel, LP_SENTINEL)"];
    ServerTimedOut "server_timed_out"
        "the server itself gave up waiting"
        ["try again"];
    Throttled "throttled"
        "the server asks for fewer requests"
        ["wait before you ask again, and share one token between your programs: it is good for an hour"];
    ServerFault "server_fault"
        "the server is in trouble; the request was well"
        ["try again later; LivePerson's status page tells about outages"];
    RequestRefused "request_refused"
        "the server does not take the request, and asking again will not help"
        ["check the account id and the settings"];

    // Domain API
    AccountUnknown "account_unknown"
        "the Domain API does not know the account: \"invalid site or agent\""
        [
            "check the account id (--account, LP_ACCOUNT_ID)",
            "some accounts are known to another Domain API: --domain-api URL, or LP_DOMAIN_API",
        ];
    ServiceUnknown "service_unknown"
        "the account has no service `sentinel`: it is unknown, or was made for another region"
        ["check the account id (--account, LP_ACCOUNT_ID)", "lp-auth domain lists what the account has"];
    HostNotTrusted "host_not_trusted"
        "the Domain API names a host that is not LivePerson's: the secret is not sent there"
        [
            "if that host is yours, allow it: --trusted-host NAME, or LP_TRUSTED_HOSTS=NAME",
            "if it is not, somebody answers in the Domain API's place",
        ];
    HostInvalid "host_invalid"
        "the Domain API names something that is no host"
        ["check the address of the Domain API (--domain-api, LP_DOMAIN_API)"];

    // Token
    CredentialsRefused "credentials_refused"
        "Sentinel does not know this client id, this secret, or the two together for this account"
        ["a secret that was made anew makes the old one useless"];
    GrantRefused "grant_refused"
        "the application is known, and may not do this: client credentials, or this scope, are not among its grants"
        ["have the application installed with grant_types client_credentials: lp-auth installation writes the document"];
    Forbidden "forbidden"
        "the server understood and forbids it: the application may be disabled, or this network is not allowed"
        ["check that the application is enabled in the management console", "a firewall or an IP allow-list may be in the way"];
    NoAccessToken "no_access_token"
        "an answer of success without a token in it"
        ["check the address of Sentinel"];
    NotAJwt "not_a_jwt"
        "what came as access token is no JWT: Sentinel's tokens are, so somebody else answers"
        ["check the address of Sentinel (--sentinel, LP_SENTINEL)"];
    ExpiredOnArrival "expired_on_arrival"
        "by the server's own clock the token was over before it came: an old answer was kept by a cache, or its clocks differ"
        ["go past the proxy (NO_PROXY); if it stays, tell LivePerson"];
    ExpiryBeforeIssue "expiry_before_issue"
        "the token ends before it begins: it was never valid"
        ["tell LivePerson; nothing can be done on this side"];
    OtherAccount "other_account"
        "a proper token came, for another account than the one asked for"
        ["check the account id (--account, LP_ACCOUNT_ID), and that no proxy keeps answers for others"];
    ExpiresInMissing "expires_in_missing"
        "V2 is documented to say `expires_in`; the lifetime is taken from the token itself"
        ["nothing for lp-auth; a general OAuth 2.0 client would not know when to renew the token"];
    ExpiresInNonsense "expires_in_nonsense"
        "`expires_in` is no length of time; the lifetime is taken from the token itself"
        ["nothing for lp-auth; another client may trip over it"];
    ExpiresInDisagrees "expires_in_disagrees"
        "`expires_in` and the token's own times differ; the shorter of the two counts"
        ["nothing for lp-auth; another client may renew too late"];
    ShortLived "short_lived"
        "tokens are good for an hour as a rule; one that ends so soon has to be renewed all the time"
        ["ask LivePerson whether that is meant"];

    // Clock
    ClockOff "clock_off"
        "the clocks are so far apart that tokens look expired or not yet valid to who verifies them on this machine"
        ["set this machine's clock by NTP (timedatectl status); tokens are renewed in time nevertheless"];
    ClockDrifts "clock_drifts"
        "within what verification tolerates (60 s), and more than a clock set by NTP shows"
        ["check that NTP runs (timedatectl status)"];
    IssueTimeDisagrees "issue_time_disagrees"
        "the token was not issued when the answer says: a cache may have kept it, or the server's clocks differ"
        ["go past the proxy (NO_PROXY); if it stays, tell LivePerson"];

    // Keys and the verdict
    NoUsableKey "no_usable_key"
        "no token can be verified with this key set"
        ["check the address of Sentinel; lp-auth keys shows why each key is skipped"];
    KeysSkipped "keys_skipped"
        "tokens that these keys sign would be refused"
        ["lp-auth keys tells why each is skipped"];
    KeyNotPublished "key_not_published"
        "the token is signed with a key that Sentinel does not publish: keys have just changed, or the key set is an old copy"
        ["try again in a minute; if it stays, a cache keeps the key set, or token and keys come from different zones"];
    OtherV1Key "other_v1_key"
        "V1 tokens are signed with a static key, and this one is another: keys differ per zone"
        ["give the key of your zone: --v1-keys FILE, or LP_V1_KEYS", "API V2 publishes its keys: --api-version v2"];
    SignatureInvalid "signature_invalid"
        "the key is there, and did not make this signature: the token was changed, or somebody else signed it"
        ["do not accept it; check that no proxy changes answers, and that the address is Sentinel's"];
    Algorithm "algorithm"
        "the token is not signed with RS256, which is all that Sentinel signs with"
        ["do not accept it; check the address of Sentinel"];
    OtherIssuer "other_issuer"
        "the token says that somebody else than Sentinel issued it"
        ["check the address of Sentinel"];
    OtherClient "other_client"
        "the token was issued to another client than the one that asked"
        ["check that no proxy keeps answers for others"];
    NoExpiry "no_expiry"
        "the token names no end, and is refused by whoever verifies it"
        ["tell LivePerson"];
    ClaimsRefused "claims_refused"
        "the token is genuine, and not acceptable"
        [];
    ScopeMissing "scope_missing"
        "APIs that want the scope will answer 403"
        ["have the application installed with it: lp-auth installation --scope SCOPE writes the document"];
    NoScopes "no_scopes"
        "the application was installed without a scope: most APIs will answer 403"
        ["have it installed with one: lp-auth installation --scope SCOPE writes the document"];
    OutOfTime "out_of_time"
        "the time for the whole walk is over"
        ["allow more: --patience SECONDS (LP_PATIENCE)"];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_cause_has_a_name_of_its_own() {
        let mut ids: Vec<&str> = Cause::ALL.iter().map(|cause| cause.id()).collect();
        ids.sort_unstable();
        let number = ids.len();
        ids.dedup();
        assert_eq!(ids.len(), number);
    }
}
