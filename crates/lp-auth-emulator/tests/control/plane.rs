//! An emulator with a control plane, and who asks it.

use std::time::Duration;

use lp_auth_emulator::{Emulator, EmulatorBuilder};
use serde_json::Value;
use ureq::http::{HeaderMap, Request};

pub(crate) struct Plane {
    pub(crate) emulator: Emulator,
    pub(crate) url: String,
    agent: ureq::Agent,
}

#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Plane {
    pub(crate) fn new() -> Self {
        Self::of(Emulator::builder())
    }

    pub(crate) fn of(builder: EmulatorBuilder) -> Self {
        let emulator = builder.control(([127, 0, 0, 1], 0).into()).start().unwrap();
        let url = emulator.control_url().unwrap();
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .allow_non_standard_methods(true)
            .proxy(None)
            .timeout_global(Some(Duration::from_secs(20)))
            .build()
            .new_agent();
        Self { emulator, url, agent }
    }

    pub(crate) fn get(&self, path: &str) -> Value {
        self.send("GET", path, &[], "").json(200)
    }

    pub(crate) fn send_json(&self, method: &str, path: &str, body: &Value) -> Reply {
        let json = [("content-type", "application/json")];
        self.send(method, path, &json, &body.to_string())
    }

    pub(crate) fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Reply {
        let url = format!("{}{}", self.url, path.trim_start_matches('/'));
        let mut request = Request::builder().method(method).uri(url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = if body.is_empty() {
            self.agent.run(request.body(()).unwrap())
        } else {
            self.agent.run(request.body(body.to_owned()).unwrap())
        };
        let (head, mut body) = response.unwrap().into_parts();
        Reply {
            status: head.status.as_u16(),
            headers: head.headers,
            text: body.read_to_string().unwrap(),
        }
    }
}

impl Reply {
    #[track_caller]
    pub(crate) fn json(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text);
        serde_json::from_str(&self.text).unwrap()
    }

    /// It is problem details of this status, whose text says all this.
    #[track_caller]
    pub(crate) fn problem(&self, status: u16, texts: &[&str]) -> Value {
        let problem = self.json(status);
        assert_eq!(self.headers["content-type"], "application/problem+json");
        assert_eq!(problem["status"], status);
        for text in texts {
            assert!(self.text.contains(text), "`{text}` is not in {}", self.text);
        }
        problem
    }

    #[track_caller]
    pub(crate) fn done(&self) {
        assert_eq!((self.status, self.text.as_str()), (204, ""));
    }
}

/// What a client sends for a token.
pub(crate) fn form(client_id: &str, secret: &str) -> String {
    format!("client_id={client_id}&client_secret={secret}&grant_type=client_credentials")
}
