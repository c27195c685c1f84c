//! A line for each request: in columns for people at a terminal, in words for a pipe.

use std::io::Write as _;

use anstyle::{AnsiColor, Style};
use lp_auth_emulator::{Endpoint, Fault, SeenRequest};

use crate::output;

/// Writes the line to stderr.
pub(super) fn tell(request: &SeenRequest) {
    let line = match output::stderr_width() {
        Some(width) => columns(request, width),
        None => words(request),
    };
    // Nobody is left to be told.
    let _ = writeln!(anstream::stderr(), "{line}");
}

/// All there is to say, wherever the line goes.
fn words(request: &SeenRequest) -> String {
    let SeenRequest { at, method, .. } = request;
    let path = printable(&request.path);
    let status = request
        .status
        .map_or("no answer".to_owned(), |status| status.to_string());
    format!("{at} {method} {path}: {status}{}", remark(request))
}

/// `20:31:07  200  token       POST /sentinel/…/app/token`: as wide as the terminal and no wider.
fn columns(request: &SeenRequest, width: usize) -> String {
    let at = request.at.to_string();
    // 2026-11-22T20:31:07Z
    let time = at.get(11..19).unwrap_or(&at);
    let endpoint = request.endpoint.map_or("-", name);
    let (status, style) = match request.status {
        None => ("---".to_owned(), AnsiColor::Red.on_default()),
        Some(status) => {
            let color = match status.as_u16() {
                ..400 => AnsiColor::Green,
                400..500 => AnsiColor::Yellow,
                _ => AnsiColor::Red,
            };
            (status.as_str().to_owned(), color.on_default())
        }
    };
    let dim = Style::new().dimmed();
    let remark = remark(request);
    let remark = remark.trim_start_matches([',', ' ']);
    let remark = if remark.is_empty() {
        String::new()
    } else {
        format!("  {remark}")
    };
    let start = format!("{time}  {status}  {endpoint:<10}  {:<4} ", request.method);
    // A path that says little is cut first, and never to nothing.
    let room = width
        .saturating_sub(start.chars().count() + remark.chars().count())
        .max(12);
    let path = shortened(&printable(&request.path), room);
    format!(
        "{dim}{time}{dim:#}  {style}{status}{style:#}  {endpoint:<10}  {:<4} {dim}{path}{dim:#}{style}{remark}{style:#}",
        request.method
    )
}

fn name(endpoint: Endpoint) -> &'static str {
    match endpoint {
        Endpoint::DomainApi => "domain API",
        other => other.name(),
    }
}

/// Why it came to this.
fn remark(request: &SeenRequest) -> String {
    let fault = request
        .fault
        .as_ref()
        .map(Fault::name)
        .map(|name| format!(", fault {name}"));
    let error = request.error.as_deref().map(|error| format!(", {error}"));
    error.unwrap_or_default() + &fault.unwrap_or_default()
}

/// What a client sent is not to move the cursor.
fn printable(text: &str) -> String {
    text.chars()
        .map(|letter| if letter.is_control() { '\u{fffd}' } else { letter })
        .collect()
}

/// Cut in the middle: the end of a path says most.
fn shortened(path: &str, room: usize) -> String {
    let length = path.chars().count();
    if length <= room {
        return path.to_owned();
    }
    let kept = room.saturating_sub(1);
    let start: String = path.chars().take(kept / 3).collect();
    let end: String = path.chars().skip(length - (kept - kept / 3)).collect();
    format!("{start}…{end}")
}

#[cfg(test)]
mod tests {
    use lp_auth_emulator::Emulator;

    use super::*;

    /// A request to an emulator, as it saw it.
    fn seen(path: &str, fault: Option<Fault>) -> SeenRequest {
        use std::io::{Read as _, Write as _};

        let emulator = Emulator::builder().plain_http().start().unwrap();
        if let Some(fault) = fault {
            emulator.fault(Endpoint::DomainApi, fault).unwrap();
        }
        let mut stream = std::net::TcpStream::connect(emulator.address()).unwrap();
        write!(
            stream,
            "GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
        )
        .unwrap();
        let _ = stream.read_to_end(&mut Vec::new());
        emulator.requests().remove(0)
    }

    fn plain(line: &str) -> String {
        anstream::adapter::strip_str(line).to_string()
    }

    const ONE: &str = "/api/account/12345678/service/sentinel/baseURI.json?version=1.0";

    #[test]
    fn a_line_is_as_wide_as_the_terminal_and_keeps_the_end_of_the_path() {
        let request = seen(ONE, None);
        let wide = plain(&columns(&request, 120));
        assert!(
            wide.ends_with("  200  domain API  GET  /api/account/12345678/service/sentinel/baseURI.json"),
            "{wide}"
        );
        let narrow = plain(&columns(&request, 60));
        assert_eq!(narrow.chars().count(), 60, "{narrow}");
        assert!(
            narrow.contains('…') && narrow.ends_with("baseURI.json"),
            "{narrow}"
        );
    }

    #[test]
    fn a_fault_and_the_lack_of_an_answer_are_named() {
        let request = seen(ONE, Some(Fault::CloseBefore));
        let line = plain(&columns(&request, 60));
        assert!(
            line.contains("  ---  domain API") && line.ends_with("  fault close_before"),
            "{line}"
        );
        assert!(line.chars().count() <= 60, "{line}");
        assert!(words(&request).ends_with("baseURI.json: no answer, fault close_before"));
        assert!(words(&seen("/elsewhere", None)).ends_with("GET /elsewhere: 404 Not Found, not_found"));
    }

    #[test]
    fn what_a_client_sent_does_not_move_the_cursor() {
        assert_eq!(printable("a\u{1b}[2Jb\n"), "a\u{fffd}[2Jb\u{fffd}");
        assert_eq!(shortened("abcdefghijkl", 7), "ab…ijkl");
    }
}
