//! A line for each request: in columns for people at a terminal, in words for a pipe.

use std::io::Write as _;

use anstyle::{AnsiColor, Style};
use lp_auth_emulator::{Endpoint, Fault, SeenRequest};

use crate::{output, plain};

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
    let path = plain::text(&request.path);
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
    // What was planted says more than the error that it looks like.
    let remark = match (&request.fault, &request.error) {
        (Some(fault), _) => format!("  {style}fault {}{style:#}", fault.name()),
        (None, Some(error)) => format!("  {style}{error}{style:#}"),
        (None, None) => String::new(),
    };
    let remark_length = anstream::adapter::strip_str(&remark).to_string().chars().count();
    let start = format!("{time}  {status}  {endpoint:<10}  {:<4} ", request.method);
    // The path says least: it is cut first.
    let room = width.saturating_sub(start.chars().count() + remark_length);
    let path = shortened(&plain::text(&request.path), room);
    format!(
        "{dim}{time}{dim:#}  {style}{status}{style:#}  {endpoint:<10}  {:<4} {dim}{path}{dim:#}{remark}",
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

/// Cut in the middle: the end of a path says most.
fn shortened(path: &str, room: usize) -> String {
    let length = path.chars().count();
    if length <= room {
        return path.to_owned();
    }
    if room < 4 {
        return String::new();
    }
    let kept = room - 1;
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

    fn without_colours(line: &str) -> String {
        anstream::adapter::strip_str(line).to_string()
    }

    const ONE: &str = "/api/account/12345678/service/sentinel/baseURI.json?version=1.0";

    #[test]
    fn a_line_is_as_wide_as_the_terminal_and_keeps_the_end_of_the_path() {
        let request = seen(ONE, None);
        let wide = without_colours(&columns(&request, 120));
        assert!(
            wide.ends_with("  200  domain API  GET  /api/account/12345678/service/sentinel/baseURI.json"),
            "{wide}"
        );
        let narrow = without_colours(&columns(&request, 60));
        assert_eq!(narrow.chars().count(), 60, "{narrow}");
        assert!(
            narrow.contains('…') && narrow.ends_with("baseURI.json"),
            "{narrow}"
        );
    }

    #[test]
    fn a_fault_and_the_lack_of_an_answer_are_named() {
        let request = seen(ONE, Some(Fault::CloseBefore));
        let line = without_colours(&columns(&request, 60));
        assert!(
            line.contains("  ---  domain API") && line.ends_with("  fault close_before"),
            "{line}"
        );
        assert!(line.chars().count() <= 60, "{line}");
        assert!(words(&request).ends_with("baseURI.json: no answer, fault close_before"));
        assert!(words(&seen("/elsewhere", None)).ends_with("GET /elsewhere: 404 Not Found, not_found"));
    }

    #[test]
    fn a_path_is_cut_in_the_middle() {
        assert_eq!(shortened("abcdefghijkl", 7), "ab…ijkl");
        assert_eq!(shortened("abcdefghijkl", 3), "");
    }
}
