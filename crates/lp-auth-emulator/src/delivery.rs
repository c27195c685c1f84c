//! How an answer gets onto the wire: whole, or with what a fault makes of it.

use core::convert::Infallible;
use core::time::Duration;
use std::sync::{Arc, OnceLock};

use bytes::{BufMut, Bytes, BytesMut};
use flate2::{Compress, Compression, Crc, FlushCompress};
use futures_util::StreamExt;
use futures_util::stream::{self, Stream};
use http::header::{
    CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, DATE, HeaderMap, HeaderValue, LOCATION, RETRY_AFTER,
};
use http::{Response, StatusCode};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::Frame;
use lp_auth_core::UnixTime;

use crate::answer::{Answer, Asked, Refusal};
use crate::connection::Abort;
use crate::fault::{Fault, RetryAfter};
use crate::shapes::{HTML, JSON};

/// The connection ends here, on purpose.
#[derive(Debug, thiserror::Error)]
#[error("the connection was broken off, as a fault asked for")]
pub(crate) struct BrokenOff;

pub(crate) type ReplyBody = UnsyncBoxBody<Bytes, BrokenOff>;

/// How much a huge body and a decompressed bomb hold before anything else: 200 MiB.
const HUGE: usize = 200 * MEBIBYTE;
const MEBIBYTE: usize = 1024 * 1024;

/// Time enough for half a body to reach the other side before the connection ends, which may overtake it.
const HEAD_START: Duration = Duration::from_millis(50);

/// What the fault makes of a right answer, as far as it can be said with an answer.
pub(crate) fn distort(answer: Answer, fault: Option<&Fault>, asked: &Asked, now: UnixTime) -> Answer {
    let well = |content_type, body| {
        let mut other = Answer::new(StatusCode::OK, content_type, body);
        other.client_id.clone_from(&answer.client_id);
        other
    };
    match fault {
        Some(Fault::Body(bytes)) => well(JSON, bytes.clone()),
        Some(Fault::EmptyBody) => well(JSON, Bytes::new()),
        Some(Fault::Html) => well("text/html;charset=utf-8", Bytes::from_static(HTML.as_bytes())),
        Some(Fault::InvalidUtf8) => Answer {
            body: spoiled(&answer.body),
            ..answer
        },
        Some(Fault::Redirect { status, to }) => {
            let separator = if asked.query.is_empty() { "" } else { "?" };
            let location = format!("{to}{}{separator}{}", asked.path, asked.query);
            let mut redirect = well("text/plain", Bytes::new());
            redirect.status = *status;
            if let Ok(location) = HeaderValue::from_str(&location) {
                redirect.headers.insert(LOCATION, location);
            }
            redirect
        }
        Some(Fault::Status {
            status,
            body,
            retry_after,
        }) => {
            let refusal = Refusal::new(*status, code_for(*status), "this fault was asked for");
            let mut error = refusal.into_answer(*body, now);
            error.client_id = answer.client_id;
            if let Some(value) = retry_after.as_ref().and_then(|pause| pause.header(now)) {
                error.headers.insert(RETRY_AFTER, value);
            }
            error
        }
        Some(Fault::TruncatedJson) => Answer {
            body: half(&answer.body),
            ..answer
        },
        Some(Fault::WrongContentType) => {
            answer.with_header(CONTENT_TYPE, HeaderValue::from_static("text/plain"))
        }
        _ => answer,
    }
}

/// The answer on its way: as it is, or broken off, held up or blown up.
pub(crate) fn send(
    answer: Answer,
    fault: Option<&Fault>,
    abort: &Arc<Abort>,
    now: UnixTime,
) -> Result<Response<ReplyBody>, BrokenOff> {
    let Answer {
        status,
        mut headers,
        body,
        ..
    } = answer;
    headers.insert(DATE, http_date(now));
    let body = match fault {
        Some(Fault::CloseBefore) => return Err(BrokenOff),
        Some(Fault::CloseWithin) => {
            declare_length(&mut headers, &body);
            half_and_then(&body, async {})
        }
        Some(Fault::Drip { pause }) => {
            declare_length(&mut headers, &body);
            let pause = *pause;
            let bytes = (0..body.len()).map(move |index| body.slice(index..=index));
            parts(stream::iter(bytes).then(move |byte| async move {
                tokio::time::sleep(pause).await;
                Some(byte)
            }))
        }
        Some(Fault::GzipBomb) => {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            whole(gzip_bomb())
        }
        Some(Fault::HugeBody) => {
            let spaces = Bytes::from(vec![b' '; MEBIBYTE]);
            let chunks = core::iter::repeat_n(spaces, HUGE / MEBIBYTE).chain([body]);
            parts(stream::iter(chunks.map(Some)))
        }
        Some(Fault::ResetBefore) => {
            abort.reset_on_drop();
            return Err(BrokenOff);
        }
        Some(Fault::ResetWithin) => {
            declare_length(&mut headers, &body);
            let abort = Arc::clone(abort);
            half_and_then(&body, async move { abort.reset_on_drop() })
        }
        Some(Fault::StallWithin) => {
            declare_length(&mut headers, &body);
            let first = half(&body);
            parts(stream::iter([Some(first)]).chain(stream::pending()))
        }
        _ => whole(body),
    };
    let mut response = Response::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    Ok(response)
}

impl RetryAfter {
    fn header(&self, now: UnixTime) -> Option<HeaderValue> {
        match self {
            Self::Date(length) => Some(http_date(now + *length)),
            Self::Seconds(seconds) => Some(HeaderValue::from(*seconds)),
            Self::Text(text) => HeaderValue::from_str(text).ok(),
        }
    }
}

fn whole(body: Bytes) -> ReplyBody {
    Full::new(body)
        .map_err(|never: Infallible| match never {})
        .boxed_unsync()
}

/// A body of several parts; `None` breaks it off.
fn parts(parts: impl Stream<Item = Option<Bytes>> + Send + 'static) -> ReplyBody {
    let frames = parts.map(|part| part.map(Frame::data).ok_or(BrokenOff));
    StreamBody::new(frames).boxed_unsync()
}

/// Half of the body; then this happens, and the connection is broken off.
fn half_and_then(body: &Bytes, end: impl Future<Output = ()> + Send + 'static) -> ReplyBody {
    let first = half(body);
    parts(stream::iter([Some(first)]).chain(stream::once(async {
        tokio::time::sleep(HEAD_START).await;
        end.await;
        None
    })))
}

fn declare_length(headers: &mut HeaderMap, body: &Bytes) {
    headers.insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
}

fn half(body: &Bytes) -> Bytes {
    body.slice(..body.len() / 2)
}

/// With two bytes at the start of its first text that UTF-8 does not have.
fn spoiled(body: &Bytes) -> Bytes {
    let start = body
        .windows(3)
        .position(|bytes| bytes == b"\":\"")
        .map_or(0, |index| index + 3);
    let mut spoiled = BytesMut::with_capacity(body.len() + 2);
    spoiled.put(body.slice(..start));
    spoiled.put_slice(&[0xff, 0xfe]);
    spoiled.put(body.slice(start..));
    spoiled.freeze()
}

/// The OAuth error that goes with a status where nothing but the status is known.
fn code_for(status: StatusCode) -> &'static str {
    match status.as_u16() {
        401 => "invalid_client",
        403 => "unauthorized_client",
        429 | 503 => "temporarily_unavailable",
        500..=599 => "server_error",
        _ => "invalid_request",
    }
}

fn http_date(time: UnixTime) -> HeaderValue {
    // The last second that the format of the header can say.
    let seconds = time.as_secs().min(253_402_300_799);
    let date = std::time::SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
    HeaderValue::from_str(&httpdate::fmt_http_date(date)).unwrap_or(HeaderValue::from_static(""))
}

/// 200 MiB of spaces as a gzip file (RFC 1952) of about 200 KiB. Made once: it is the same block over and over.
fn gzip_bomb() -> Bytes {
    static BOMB: OnceLock<Bytes> = OnceLock::new();
    let make = || {
        let block = vec![b' '; MEBIBYTE];
        let mut deflate = Compress::new(Compression::best(), false);
        let mut packed = Vec::with_capacity(MEBIBYTE);
        // A full flush forgets what came before, so that the block can be repeated.
        let flushed = deflate.compress_vec(&block, &mut packed, FlushCompress::Full);
        debug_assert!(flushed.is_ok());
        let mut block_sum = Crc::new();
        block_sum.update(&block);

        let mut bomb = BytesMut::new();
        bomb.put_slice(&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]);
        let mut sum = Crc::new();
        for _ in 0..HUGE / MEBIBYTE {
            bomb.put_slice(&packed);
            sum.combine(&block_sum);
        }
        // A last block with nothing in it ends the deflate stream (RFC 1951 §3.2.3).
        bomb.put_slice(&[0x03, 0x00]);
        bomb.put_u32_le(sum.sum());
        bomb.put_u32_le(sum.amount());
        bomb.freeze()
    };
    BOMB.get_or_init(make).clone()
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn the_bomb_is_small_and_well_formed_and_unpacks_to_200_mebibytes() {
        let bomb = gzip_bomb();
        assert!(bomb.len() < 300 * 1024, "{}", bomb.len());
        let mut decoder = flate2::read::GzDecoder::new(&bomb[..]);
        let mut chunk = vec![0; MEBIBYTE];
        let mut unpacked = 0;
        loop {
            match decoder.read(&mut chunk).unwrap() {
                0 => break,
                length => unpacked += length,
            }
        }
        assert_eq!(unpacked, HUGE);
    }

    #[test]
    fn a_spoiled_body_is_not_utf_8() {
        let spoiled = spoiled(&Bytes::from_static(br#"{"a":"b"}"#));
        assert_eq!(&spoiled[..], b"{\"a\":\"\xff\xfeb\"}");
    }
}
