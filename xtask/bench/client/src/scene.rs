//! A request for a token, and a reply to it.

use std::time::SystemTime;

use lp_auth_core::http::{Request, Response};
use lp_auth_core::{
    AccessToken, Answer, ApiVersion, Body, Credentials, PreparedTokenRequest, Region, ServiceHost,
    TokenRequest,
};

use crate::reply::reply;

pub(crate) struct Scene {
    request: TokenRequest,
    credentials: Credentials,
    /// As the machine keeps it.
    prepared: PreparedTokenRequest,
    sentinel: ServiceHost,
    reply: Vec<u8>,
}

impl Scene {
    pub(crate) fn new() -> Self {
        let request = TokenRequest::new("12345678".parse().expect("digits"), ApiVersion::V2);
        let credentials = Credentials {
            client_id: "75588e18-0213-4e33-8174-883acac7e3c4".parse().expect("a UUID"),
            client_secret: "mfrggzdfmztwq2lknnwg23tpob".parse().expect("letters"),
        };
        Self {
            prepared: request.prepare(&credentials).expect("a good path"),
            request,
            credentials,
            sentinel: Region::Us.host(),
            reply: reply(3600, 1).into_bytes(),
        }
    }

    pub(crate) fn answer(&self) -> Answer {
        Answer {
            outcome: Ok(Response::builder()
                .header("content-type", "application/json;charset=utf-8")
                .header("date", "Mon, 04 Nov 2019 16:00:47 GMT")
                .body(self.reply.clone().into())
                .expect("a response")),
            sent: SystemTime::now().into(),
        }
    }

    pub(crate) fn request(&self) -> Request<Body> {
        self.prepared.to_http(&self.sentinel).expect("a good address")
    }

    pub(crate) fn read(&self, answer: Answer) -> AccessToken {
        self.request
            .read(&self.credentials, &self.sentinel, answer)
            .expect("a good reply")
    }
}
