//! What there is to know about each setting: its names, its default, and what may be shown of it.

use core::fmt;
use std::path::Path;

use super::resolved::{Layer, Value};
use crate::uuid::is_uuid;

/// What stands for the same thing: a source that sets one of a group displaces what weaker ones set of it.
#[derive(Clone, Copy)]
pub(super) enum Group {
    Alone(fn(&Layer) -> bool),
    Id,
    Place,
    Secret,
}

impl Group {
    pub(super) fn is_in(self, layer: &Layer) -> bool {
        let config = &layer.config;
        match self {
            Self::Alone(is_set) => is_set(layer),
            Self::Id => config.client_id.is_some() || config.client_id_file.is_some(),
            Self::Place => {
                config.domain_api.is_some() || config.sentinel.is_some() || config.region.is_some()
            }
            Self::Secret => {
                config.client_secret.is_some()
                    || config.client_secret_file.is_some()
                    || layer.secret_command.is_some()
            }
        }
    }
}

/// What there is to know about a setting.
pub(super) struct Entry {
    pub(super) name: &'static str,
    pub(super) flag: Option<&'static str>,
    pub(super) variable: Option<&'static str>,
    pub(super) default: Option<&'static str>,
    pub(super) group: Group,
    pub(super) value: fn(&Layer) -> Option<Value>,
}

pub(super) const ENTRIES: [Entry; 17] = [
    Entry {
        name: "account",
        flag: Some("--account"),
        variable: Some("LP_ACCOUNT_ID"),
        default: None,
        group: Group::Alone(|layer| layer.config.account.is_some()),
        value: |layer| layer.config.account.as_deref().map(short),
    },
    Entry {
        name: "client_id",
        flag: Some("--client-id"),
        variable: Some("LP_CLIENT_ID"),
        default: None,
        group: Group::Id,
        value: |layer| layer.config.client_id.as_deref().map(client_id),
    },
    Entry {
        name: "client_id_file",
        flag: None,
        variable: Some("LP_CLIENT_ID_FILE"),
        default: None,
        group: Group::Id,
        value: |layer| layer.config.client_id_file.as_deref().map(secret_file),
    },
    Entry {
        name: "client_secret",
        flag: None,
        variable: Some("LP_CLIENT_SECRET"),
        default: None,
        group: Group::Secret,
        value: |layer| layer.config.client_secret.as_ref().map(|_| Value::Present),
    },
    Entry {
        name: "client_secret_file",
        flag: Some("--client-secret-file"),
        variable: Some("LP_CLIENT_SECRET_FILE"),
        default: None,
        group: Group::Secret,
        value: |layer| layer.config.client_secret_file.as_deref().map(secret_file),
    },
    Entry {
        name: "client_secret_command",
        flag: None,
        variable: None,
        default: None,
        group: Group::Secret,
        value: |layer| layer.secret_command.as_ref().map(text),
    },
    Entry {
        name: "allow_shared_secret_file",
        flag: Some("--allow-shared-secret-file"),
        variable: Some("LP_ALLOW_SHARED_SECRET_FILE"),
        default: Some("false"),
        group: Group::Alone(|layer| layer.allow_shared_secret_file.is_some()),
        value: |layer| layer.allow_shared_secret_file.map(text),
    },
    Entry {
        name: "api_version",
        flag: Some("--api-version"),
        variable: Some("LP_API_VERSION"),
        default: Some("v2"),
        group: Group::Alone(|layer| layer.config.api_version.is_some()),
        value: |layer| layer.config.api_version.map(text),
    },
    Entry {
        name: "domain_api",
        flag: Some("--domain-api"),
        variable: Some("LP_DOMAIN_API"),
        default: Some("https://api.liveperson.net"),
        group: Group::Place,
        value: |layer| layer.config.domain_api.as_deref().map(address),
    },
    Entry {
        name: "sentinel",
        flag: Some("--sentinel"),
        variable: Some("LP_SENTINEL"),
        default: None,
        group: Group::Place,
        value: |layer| layer.config.sentinel.as_deref().map(address),
    },
    Entry {
        name: "region",
        flag: Some("--region"),
        variable: Some("LP_REGION"),
        default: None,
        group: Group::Place,
        value: |layer| layer.config.region.map(text),
    },
    Entry {
        name: "trusted_hosts",
        flag: Some("--trusted-host"),
        variable: Some("LP_TRUSTED_HOSTS"),
        default: None,
        group: Group::Alone(|layer| !layer.config.trusted_hosts.is_empty()),
        value: |layer| {
            let hosts = &layer.config.trusted_hosts;
            (!hosts.is_empty()).then(|| address(&hosts.join(", ")))
        },
    },
    Entry {
        name: "ca_file",
        flag: Some("--ca-file"),
        variable: Some("LP_CA_FILE"),
        default: None,
        group: Group::Alone(|layer| layer.config.ca_file.is_some()),
        value: |layer| layer.config.ca_file.as_ref().map(|path| text(path.display())),
    },
    Entry {
        name: "plain_http_loopback",
        flag: Some("--plain-http-loopback"),
        variable: Some("LP_PLAIN_HTTP_LOOPBACK"),
        default: Some("false"),
        group: Group::Alone(|layer| layer.config.plain_http_loopback.is_some()),
        value: |layer| layer.config.plain_http_loopback.map(text),
    },
    Entry {
        name: "v1_keys",
        flag: Some("--v1-keys"),
        variable: Some("LP_V1_KEYS"),
        default: None,
        group: Group::Alone(|layer| layer.config.v1_keys.is_some()),
        value: |layer| layer.config.v1_keys.as_ref().map(|path| text(path.display())),
    },
    Entry {
        name: "transport",
        flag: Some("--transport"),
        variable: Some("LP_TRANSPORT"),
        default: Some("reqwest"),
        group: Group::Alone(|layer| layer.config.transport.is_some()),
        value: |layer| layer.config.transport.map(text),
    },
    Entry {
        name: "patience",
        flag: Some("--patience"),
        variable: Some("LP_PATIENCE"),
        default: Some("10 s"),
        group: Group::Alone(|layer| layer.config.patience.is_some()),
        value: |layer| {
            let patience = layer.config.patience?;
            Some(text(format_args!("{} s", patience.as_secs_f64())))
        },
    },
];

fn text(value: impl fmt::Display) -> Value {
    Value::Text(value.to_string())
}

/// An account id; what is as long as a secret may be one.
fn short(value: &str) -> Value {
    if crate::similar::may_be_secret(value) {
        return Value::Present;
    }
    text(value)
}

/// A client id is shown where it looks like one: it may have been mistaken for the secret.
fn client_id(value: &str) -> Value {
    if is_uuid(value) {
        text(value)
    } else {
        Value::Present
    }
}

/// What stands before an @ is a password, as a rule.
fn address(value: &str) -> Value {
    if value.contains('@') {
        return Value::Present;
    }
    text(value)
}

/// A path, unless it looks like none: it may be the secret.
fn secret_file(path: &Path) -> Value {
    let name = path.display().to_string();
    if name.contains(['/', '.', '\\']) {
        Value::Text(name)
    } else {
        Value::Present
    }
}
