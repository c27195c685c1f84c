//! The settings as data.

use std::ffi::OsString;
use std::time::Duration;

use lp_auth::{ApiVersion, Config, ConfigError, Region};

fn config(variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
    Config::from_variables(|name| {
        let found = variables.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| OsString::from(value))
    })
}

const WHO: [(&str, &str); 2] = [("LP_ACCOUNT_ID", "12345678"), ("LP_CLIENT_ID", "my-app")];

#[test]
fn every_variable_is_read() {
    let config = config(&[
        ("LP_ACCOUNT_ID", "le81823118"),
        ("LP_CLIENT_ID", "my-app"),
        ("LP_CLIENT_ID_FILE", "/run/id"),
        ("LP_CLIENT_SECRET", "hush"),
        ("LP_CLIENT_SECRET_FILE", "/run/secret"),
        ("LP_API_VERSION", "v1"),
        ("LP_DOMAIN_API", "https://api.example.com"),
        ("LP_SENTINEL", "sentinel.example.com:8443"),
        ("LP_REGION", "apac"),
        ("LP_TRUSTED_HOSTS", "localhost, .example.com,,"),
        ("LP_CA_FILE", "/etc/ca.pem"),
        ("LP_PLAIN_HTTP_LOOPBACK", "1"),
        ("LP_V1_KEYS", "/etc/v1.pem"),
        ("LP_PATIENCE", "2.5"),
    ])
    .unwrap();
    assert_eq!(config.account.as_deref(), Some("le81823118"));
    assert_eq!(config.client_id.as_deref(), Some("my-app"));
    assert_eq!(config.client_id_file.as_deref(), Some("/run/id".as_ref()));
    assert!(config.client_secret.is_some());
    assert_eq!(config.client_secret_file.as_deref(), Some("/run/secret".as_ref()));
    assert_eq!(config.api_version, Some(ApiVersion::V1));
    assert_eq!(config.domain_api.as_deref(), Some("https://api.example.com"));
    assert_eq!(config.sentinel.as_deref(), Some("sentinel.example.com:8443"));
    assert_eq!(config.region, Some(Region::Apac));
    assert_eq!(config.trusted_hosts, ["localhost", ".example.com"]);
    assert_eq!(config.ca_file.as_deref(), Some("/etc/ca.pem".as_ref()));
    assert_eq!(config.plain_http_loopback, Some(true));
    assert_eq!(config.v1_keys.as_deref(), Some("/etc/v1.pem".as_ref()));
    assert_eq!(config.patience, Some(Duration::from_millis(2500)));
}

#[test]
fn an_empty_variable_is_not_set() {
    let config = config(&[("LP_REGION", ""), ("LP_CLIENT_SECRET", ""), ("LP_PATIENCE", "")]).unwrap();
    assert_eq!((config.region, config.patience), (None, None));
    assert!(config.client_secret.is_none());

    let flags = self::config(&[("LP_SENTINEL", ""), ("LP_CLIENT_SECRET", "")]).unwrap();
    let fallback = self::config(&[("LP_REGION", "us"), ("LP_CLIENT_SECRET_FILE", "/run/secret")]).unwrap();
    let both = flags.or(fallback);
    assert_eq!(both.region, Some(Region::Us));
    assert!(both.client_secret_file.is_some());
}

#[test]
fn a_variable_that_makes_no_sense_is_named_and_its_value_is_not_shown() {
    for (variable, value) in [
        ("LP_API_VERSION", "canary"),
        ("LP_REGION", "canary"),
        ("LP_PLAIN_HTTP_LOOPBACK", "canary"),
        ("LP_TRANSPORT", "canary"),
        ("LP_PATIENCE", "canary"),
        ("LP_PATIENCE", "-1"),
        ("LP_PATIENCE", "inf"),
    ] {
        let error = config(&[(variable, value)]).unwrap_err();
        assert!(matches!(error, ConfigError::Variable { variable: named, .. } if named == variable));
        let text = error.to_string();
        assert!(text.starts_with(variable) && !text.contains("canary"), "{text}");
    }
}

#[cfg(unix)]
#[test]
fn a_variable_that_is_no_text_is_an_error() {
    use std::os::unix::ffi::OsStringExt as _;
    let secret = || Some(OsString::from_vec(vec![0xff]));
    let error =
        Config::from_variables(|name| (name == "LP_CLIENT_SECRET").then(secret).flatten()).unwrap_err();
    assert_eq!(error.to_string(), "LP_CLIENT_SECRET: not text");
}

#[test]
fn what_is_set_first_wins_and_takes_what_stands_for_the_same_with_it() {
    let flags = config(&[
        ("LP_CLIENT_SECRET_FILE", "/run/flag"),
        ("LP_DOMAIN_API", "flag.example.com"),
    ]);
    let environment = config(&[
        ("LP_ACCOUNT_ID", "1"),
        ("LP_CLIENT_SECRET", "hush"),
        ("LP_REGION", "us"),
        ("LP_TRUSTED_HOSTS", "localhost"),
    ]);
    let both = flags.unwrap().or(environment.unwrap());
    assert!(both.client_secret.is_none());
    assert_eq!(both.client_secret_file.as_deref(), Some("/run/flag".as_ref()));
    assert_eq!(both.region, None);
    assert_eq!(both.domain_api.as_deref(), Some("flag.example.com"));
    assert_eq!(both.account.as_deref(), Some("1"));
    assert_eq!(both.trusted_hosts, ["localhost"]);
}

#[test]
fn settings_that_exclude_each_other_are_an_error() {
    let secrets = [
        ("LP_CLIENT_SECRET", "canary"),
        ("LP_CLIENT_SECRET_FILE", "/run/secret"),
    ];
    let error = config(&[&WHO[..], &secrets[..]].concat())
        .unwrap()
        .client()
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "both a client secret and a client secret file are set: leave one out"
    );
    let [domain_api, sentinel, region] = [
        ("LP_DOMAIN_API", "localhost"),
        ("LP_SENTINEL", "localhost"),
        ("LP_REGION", "us"),
    ];
    for places in [
        &[sentinel, region][..],
        &[domain_api, sentinel],
        &[domain_api, region],
    ] {
        let error = config(&[&WHO[..], places].concat())
            .unwrap()
            .client()
            .unwrap_err();
        assert!(matches!(error, ConfigError::TwoHosts), "{error}");
        assert_eq!(
            error.to_string(),
            "of a Domain API, a Sentinel host and a region more than one is set: leave all but one out"
        );
    }
    let trusted = ("LP_TRUSTED_HOSTS", "localhost");
    let _ = config(&[&WHO[..], &[region, trusted]].concat())
        .unwrap()
        .client()
        .unwrap();
}

#[cfg(feature = "reqwest")]
#[test]
fn the_end_of_the_line_is_no_part_of_a_secret_in_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("secret");
    let mut config = config(&WHO).unwrap();
    config.client_secret_file = Some(file.clone());
    for text in ["hush", "hush\n", "hush\r\n"] {
        std::fs::write(&file, text).unwrap();
        // A line's end in a secret would not build.
        config.client().unwrap().build().unwrap();
    }
    std::fs::write(&file, "canary two\n").unwrap();
    let error = config.client().unwrap().build().unwrap_err().to_string();
    assert!(
        error.contains("at place 7") && !error.contains("canary"),
        "{error}"
    );
}

#[test]
fn a_file_that_cannot_be_had_is_named_with_what_it_is_for() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("nobody");
    let mut config = config(&WHO).unwrap();
    config.client_secret_file = Some(missing.clone());
    let error = config.client().unwrap_err();
    assert!(matches!(&error, ConfigError::File { path, .. } if *path == missing));
    assert!(
        error.to_string().starts_with("the file of the client secret, "),
        "{error}"
    );

    let long = folder.path().join("long");
    std::fs::write(&long, vec![b'x'; 2 * 1024 * 1024]).unwrap();
    config.client_secret_file = Some(long.clone());
    assert!(matches!(config.client(), Err(ConfigError::TooLarge { .. })));

    std::fs::write(&long, [0xff, 0xfe]).unwrap();
    assert!(matches!(config.client(), Err(ConfigError::NotText { .. })));

    config.client_secret_file = None;
    config.ca_file = Some(missing);
    let error = config.client().unwrap_err().to_string();
    assert!(
        error.starts_with("the file of the certificate authority, "),
        "{error}"
    );
}

#[test]
fn without_an_account_there_is_no_client() {
    assert!(matches!(Config::default().client(), Err(ConfigError::NoAccount)));
}

#[test]
fn it_is_read_from_a_file_too_and_a_slip_of_the_pen_is_found() {
    let config: Config = serde_json::from_str(
        r#"{"account":"1","client_secret":"hush","api_version":"v1","region":"emea","patience":2,
            "trusted_hosts":["localhost"],"plain_http_loopback":true}"#,
    )
    .unwrap();
    assert_eq!(
        (config.api_version, config.region),
        (Some(ApiVersion::V1), Some(Region::Emea))
    );
    assert_eq!(config.patience, Some(Duration::from_secs(2)));
    assert!(config.client_secret.is_some());
    for wrong in [r#"{"acount":"1"}"#, r#"{"region":"mars"}"#, r#"{"patience":-1}"#] {
        assert!(serde_json::from_str::<Config>(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn a_mistyped_secret_is_not_repeated() {
    for wrong in [
        r#"{"client_secret":4815162342}"#,
        r#"{"client_id":4815162342}"#,
        r#"{"client_secret":["4815162342"]}"#,
        r#"{"client_secret_file":4815162342}"#,
    ] {
        let error = serde_json::from_str::<Config>(wrong).unwrap_err().to_string();
        assert!(
            error.contains("a text is wanted") && !error.contains("4815162342"),
            "{error}"
        );
    }
    let mut config = config(&WHO).unwrap();
    config.client_secret_file = Some("canary4815162342".into());
    let error = config.client().unwrap_err();
    let text = format!("{error} {error:?} {config:?}");
    assert!(text.contains("[not shown]") && !text.contains("canary"), "{text}");
}

#[test]
fn debug_shows_no_credentials() {
    let config = config(&[("LP_CLIENT_ID", "canary-1"), ("LP_CLIENT_SECRET", "canary-2")]).unwrap();
    assert!(!format!("{config:?}").contains("canary"));
}

#[cfg(all(feature = "verify", feature = "reqwest"))]
#[test]
fn a_verifier_takes_the_v1_keys_from_their_file_and_leaves_its_clients_to_be_said() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("keys");
    let mut config = config(&WHO).unwrap();
    config.v1_keys = Some(file.clone());
    assert!(matches!(config.verifier(), Err(ConfigError::File { .. })));
    std::fs::write(&file, "rubbish").unwrap();
    let error = config.verifier().unwrap_err();
    assert!(matches!(&error, ConfigError::Keys { path, .. } if *path == file));
    assert!(
        error.to_string().starts_with("the file of the V1 keys, "),
        "{error}"
    );
    config.v1_keys = None;
    assert!(config.verifier().unwrap().build().is_err());
    config.verifier().unwrap().any_client().build().unwrap();
}

#[test]
#[cfg(any(feature = "reqwest", feature = "isahc"))]
fn client_id_and_secret_come_from_files_and_each_from_one_place() {
    let folder = tempfile::tempdir().unwrap();
    let (id, secret) = (
        folder.path().join("client-id"),
        folder.path().join("client-secret"),
    );
    std::fs::write(&id, "my-app\r\n").unwrap();
    std::fs::write(&secret, "hush\n").unwrap();
    let of = |path: &std::path::Path| path.to_str().unwrap().to_owned();
    let files = config(&[
        ("LP_ACCOUNT_ID", "12345678"),
        ("LP_CLIENT_ID_FILE", &of(&id)),
        ("LP_CLIENT_SECRET_FILE", &of(&secret)),
    ])
    .unwrap();
    assert!(files.client().unwrap().build().is_ok());

    let mut both = files.clone();
    both.client_id = Some("my-app".into());
    let error = both.client().unwrap_err();
    assert!(matches!(error, ConfigError::TwoClientIds), "{error:?}");
    assert_eq!(
        error.to_string(),
        "both a client id and a client id file are set: leave one out"
    );

    let mut flags = Config::default();
    flags.client_id = Some("other-app".into());
    let joined = flags.or(files);
    assert_eq!(joined.client_id_file, None);
    assert!(joined.client_secret_file.is_some());
    assert!(joined.client_secret_file.unwrap().ends_with("client-secret"));
}
