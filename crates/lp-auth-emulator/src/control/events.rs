//! All that happens, as it happens: server-sent events.

use core::convert::Infallible;
use std::collections::VecDeque;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Sse;
use axum::response::sse::{Event, KeepAlive};
use futures_util::Stream;
use futures_util::stream;
use serde::Deserialize;
use tokio::sync::{OwnedSemaphorePermit, watch};

use super::Plane;
use super::extract::Parameters;
use super::problem::Problem;
use super::requests::written;
use crate::state::News;

/// Requests that are read at a time.
const BATCH: usize = 100;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct From {
    after: Option<u64>,
}

/// - `request`: a request was seen; its data is what `/requests` says of it, its id the number.
/// - `change`: something else changed: applications, clock, faults, keys, services or settings.
/// - `forgotten`: the requests were.
///
/// Begins after the header `Last-Event-ID`, else after the parameter `after`, else now. A number that no request has had
/// is of an emulator that ran here before: then all is news.
pub(super) async fn stream(
    State(plane): State<Plane>,
    headers: HeaderMap,
    Parameters(from): Parameters<From>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    let permit = plane.streams.clone().try_acquire_owned().map_err(|_| {
        Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "64 streams are open already: close one",
        )
    })?;
    let last_seen = headers
        .get("last-event-id")
        .and_then(|id| id.to_str().ok()?.parse().ok());
    let mut news = plane.shared.follow();
    let known = *news.borrow_and_update();
    let last = plane.shared.lock().journal.last();
    let after = last_seen.or(from.after).unwrap_or(last);
    let after = if after > last { 0 } else { after };
    let following = Following {
        plane,
        news,
        known,
        after,
        waiting: VecDeque::new(),
        is_new: true,
        _permit: permit,
    };
    let events = stream::unfold(following, |mut following| async {
        let event = following.next().await?;
        Some((Ok(event), following))
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::default()))
}

/// Somebody who follows along.
struct Following {
    plane: Plane,
    news: watch::Receiver<News>,
    known: News,
    after: u64,
    waiting: VecDeque<Event>,
    is_new: bool,
    _permit: OwnedSemaphorePermit,
}

impl Following {
    async fn next(&mut self) -> Option<Event> {
        if core::mem::take(&mut self.is_new) {
            self.read_requests();
            // So that the other side knows that it is heard.
            return Some(Event::default().comment("following"));
        }
        loop {
            if let Some(event) = self.waiting.pop_front() {
                return Some(event);
            }
            self.read_requests();
            if self.waiting.is_empty() {
                // The emulator ends.
                self.news.changed().await.ok()?;
                self.take_news();
            }
        }
    }

    fn take_news(&mut self) {
        let news = *self.news.borrow_and_update();
        if news.forgotten != self.known.forgotten {
            self.waiting
                .push_back(Event::default().event("forgotten").data("{}"));
        }
        if news.changes != self.known.changes {
            self.waiting
                .push_back(Event::default().event("change").data("{}"));
        }
        self.known = news;
        self.read_requests();
    }

    fn read_requests(&mut self) {
        let state = self.plane.shared.lock();
        for request in state.journal.after(self.after).take(BATCH) {
            let event = Event::default()
                .event("request")
                .id(request.number.to_string())
                .data(written(request).to_string());
            self.waiting.push_back(event);
            self.after = request.number;
        }
    }
}
