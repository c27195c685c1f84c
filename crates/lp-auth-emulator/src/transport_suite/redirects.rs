//! No redirect is followed.

use std::io;

use super::report::Duty;
use super::server::{Then, answer};
use super::suite::{Outcome, Suite, get, token_request};

pub(super) async fn check(suite: &mut Suite) {
    if let Err(error) = redirects(suite).await {
        suite.note(&error);
    }
}

async fn redirects(suite: &mut Suite) -> io::Result<()> {
    let elsewhere = suite.https(|_, wire| {
        wire.send(answer("200 OK", "", "{}"))?;
        Ok(Then::KeepOpen)
    })?;
    let target = elsewhere.origin();
    let server = suite.https(move |seen, wire| {
        let mut parts = seen.target.split(['/', '?']).skip(1);
        let status = parts.next().unwrap_or("500");
        match (status, parts.next()) {
            ("here", _) => wire.send(answer("200 OK", "", "{}"))?,
            (_, Some("elsewhere")) => {
                let location = format!("Location: {target}/caught\r\n");
                wire.send(answer(&format!("{status} Go On"), &location, ""))?;
            }
            _ => wire.send(answer(&format!("{status} Go On"), "Location: /here\r\n", ""))?,
        }
        Ok(Then::KeepOpen)
    })?;
    let origin = server.origin();
    let mut caught = 0;
    for status in [300, 301, 302, 303, 305, 307, 308] {
        for to in ["elsewhere", "within"] {
            let path = format!("/{status}/{to}");
            for request in [token_request(&origin, &path), get(&origin, &path)] {
                let case = format!("{} answered with {status}, {to}", request.method());
                let before = server.seen().len();
                let outcome = suite.send(request, Suite::AMPLE).await;
                let wrong = match &outcome {
                    Outcome::Answer(response) if response.status().as_u16() == status => None,
                    other => Some(other.describe()),
                };
                suite.expect(Duty::NoRedirect, case.as_str(), wrong);
                let sent_on = elsewhere.seen().len() - caught;
                caught += sent_on;
                let again = server.seen().len().saturating_sub(before + 1);
                let wrong = (sent_on + again > 0).then(|| "the request was sent on".to_owned());
                suite.expect(Duty::NoRedirect, case, wrong);
            }
        }
    }
    Ok(())
}
