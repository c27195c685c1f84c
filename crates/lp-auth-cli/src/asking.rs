//! One question to a machine, asked until there is an answer or the patience is over.

use core::time::Duration;
use std::sync::Arc;

use lp_auth::http::Response;
use lp_auth::{Config, Error, ErrorKind, Pace, Progress as News, UnixTime};
use lp_auth_core::{Call, Flow, Purpose, Reply, Step, Transport};

use crate::failure::Failure;
use crate::progress::Progress;
use crate::servers::Servers;
use crate::{advice, runtime, settings};

/// Asks machines, and shows what is being waited for.
pub(crate) struct Asking {
    transport: Arc<dyn Transport>,
    patience: Duration,
    pace: Pace,
    progress: Progress,
}

impl Asking {
    pub(crate) fn start(servers: &Servers, config: &Config, verbose: bool) -> Result<Self, Failure> {
        let (patience, mut pace) = settings::pace(config);
        // Lists of services and of keys are longer than tokens.
        pace.limits.max_body = 256 * 1024;
        Ok(Self {
            transport: servers.transport()?,
            patience,
            pace,
            progress: Progress::start(verbose, config),
        })
    }

    pub(crate) fn pace(&self) -> Pace {
        self.pace.clone()
    }

    /// Puts the question until it is answered.
    pub(crate) fn ask<M: Flow, T>(
        self,
        purpose: Purpose,
        machine: &mut M,
        question: impl FnMut(&mut M, UnixTime) -> Result<Step<T>, Error>,
    ) -> Result<T, Failure> {
        let answer = runtime::start()?.block_on(async {
            tokio::time::timeout(self.patience, self.drive(machine, question))
                .await
                .unwrap_or_else(|_| Err(Error::new(ErrorKind::OutOfPatience, purpose)))
        });
        let waited_for = self.progress.end();
        answer.map_err(|error| advice::unanswered(&error, waited_for))
    }

    async fn drive<M: Flow, T>(
        &self,
        machine: &mut M,
        mut question: impl FnMut(&mut M, UnixTime) -> Result<Step<T>, Error>,
    ) -> Result<T, Error> {
        let gives_up = runtime::now() + self.patience;
        loop {
            let until = match question(machine, runtime::now()) {
                Ok(Step::Done(answer)) => return Ok(answer),
                Ok(Step::Call(call)) => {
                    let reply = self.send(call).await;
                    // Nobody else could want it.
                    drop(machine.handle(reply, runtime::now()));
                    continue;
                }
                Ok(Step::Wait(until)) => until,
                Err(error) => match error.retry_at() {
                    Some(until) if error.is_transient() && until < gives_up => {
                        self.tell(&News::Resting { error, until });
                        until
                    }
                    _ => return Err(error),
                },
            };
            tokio::time::sleep(until.since(runtime::now())).await;
        }
    }

    async fn send(&self, call: Call) -> Reply {
        let purpose = call.purpose().clone();
        let uri = call.request().uri();
        self.tell(&News::Asking {
            purpose: purpose.clone(),
            method: call.request().method().clone(),
            host: uri.authority().map(ToString::to_string).unwrap_or_default(),
            path: uri.path().to_owned(),
        });
        let (ticket, request, limits) = call.into_parts();
        let sent = runtime::now();
        let outcome = self.transport.send(request, limits).await;
        self.tell(&News::Answered {
            purpose,
            outcome: outcome.as_ref().map(Response::status).map_err(Clone::clone),
            took: runtime::now().since(sent),
        });
        ticket.reply(outcome)
    }

    fn tell(&self, news: &News) {
        self.progress.watcher()(news);
    }
}
