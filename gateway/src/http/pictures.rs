//! Pictures: opened beneath the output folder, streamed, and cached by their SHA-256.

use std::{
    io::{self, SeekFrom},
    path::{Path as FilePath, PathBuf},
};

use axum::{
    body::Body,
    extract::{Path, Request, State, rejection::PathRejection},
    http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header},
};
use cap_std::{
    ambient_authority,
    fs::{Dir, OpenOptions, OpenOptionsExt},
};
use contracts::{ErrorCode, Failure, Reply};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncSeekExt};
use tokio_util::io::ReaderStream;

use super::{
    jobs::find,
    problem::{refuse, unreadable},
};
use crate::dispatch::Dispatcher;

/// A picture whose file is open.
pub(super) struct Picture {
    file: tokio::fs::File,
    bytes: u64,
    kind: &'static str,
    etag: Option<HeaderValue>,
}

/// `GET /v1/jobs/{id}/images/{n}`: a picture, as its bytes.
pub(crate) async fn image(
    State(dispatcher): State<Dispatcher>,
    parts: Result<Path<(String, String)>, PathRejection>,
    request: Request,
) -> Response<Body> {
    let path = request.uri().path().to_owned();
    let dialect = super::dialect(request.uri());
    let answer = match stored(&dispatcher, parts).await {
        Ok(picture) => picture.answer(request.method(), request.headers()).await,
        Err(failure) => Err(failure),
    };
    answer.unwrap_or_else(|failure| refuse(*failure, dialect, &path))
}

async fn stored(
    dispatcher: &Dispatcher,
    parts: Result<Path<(String, String)>, PathRejection>,
) -> Result<Picture, Box<Failure>> {
    let Path((id, n)) = parts.map_err(|err| unreadable(&err))?;
    let job = find(dispatcher, &id).await?;
    let details = job.events.subscribe().borrow().reply().map(|reply| details(&reply)).unwrap_or_default();
    let detail = integer(&n).and_then(|n| details.get(usize::try_from(n).ok()?)).ok_or_else(|| {
        let message =
            format!("job {} has {} pictures, and no picture {n}", job.record.request_id, details.len());
        missing(message)
    })?;
    Picture::open(dispatcher, detail).await
}

/// Reads a whole number as JSON writes it. Another spelling (`00`, `+1`) would give one picture two URLs.
pub(super) fn integer(text: &str) -> Option<u64> {
    text.parse::<u64>().ok().filter(|number| number.to_string() == text)
}

/// `image_details` of a result, or of all results of a batch.
pub(super) fn details(reply: &Reply) -> Vec<Value> {
    let Ok(data) = &reply.outcome else { return Vec::new() };
    let of = |data: &Value| data["image_details"].as_array().cloned().unwrap_or_default();
    match data["results"].as_array() {
        Some(results) => results.iter().flat_map(|item| of(&item["data"])).collect(),
        None => of(data),
    }
}

fn missing(message: String) -> Box<Failure> {
    Box::new(Failure::new(ErrorCode::RouteNotFound, message))
}

impl Picture {
    /// Opens the picture of an entry of `image_details`. A worker must not be able to name any file of the host, and a
    /// folder may be replaced by a link at any time: the file is opened once beneath the root, and that handle is
    /// checked and sent.
    pub(super) async fn open(dispatcher: &Dispatcher, detail: &Value) -> Result<Self, Box<Failure>> {
        let root = dispatcher.config().output_dir.clone();
        let path = PathBuf::from(detail["path"].as_str().unwrap_or_default());
        let opened = tokio::task::spawn_blocking(move || open_beneath(&root, &path))
            .await
            .unwrap_or_else(|err| std::panic::resume_unwind(err.into_panic()));
        let (file, bytes) = opened?;
        if detail["bytes"].as_u64().is_some_and(|reported| reported != bytes) {
            return Err(missing(format!("the picture is gone: its file has {bytes} bytes now")));
        }
        let etag = detail["sha256"].as_str().map(|sha256| format!("\"{sha256}\""));
        Ok(Self {
            file: tokio::fs::File::from_std(file),
            bytes,
            kind: media_type(detail["format"].as_str()),
            etag: etag.and_then(|etag| HeaderValue::from_str(&etag).ok()),
        })
    }

    /// Answers with the whole picture, the requested part of it, or 304 if the client has it.
    async fn answer(mut self, method: &Method, headers: &HeaderMap) -> Result<Response<Body>, Box<Failure>> {
        if self.is_known(headers) {
            return Ok(self.head(StatusCode::NOT_MODIFIED));
        }
        let range = if *method == Method::GET { self.range(headers) } else { Range::All };
        let total = self.bytes;
        match range {
            Range::All => Ok(self.whole()),
            Range::None => {
                let mut response = self.head(StatusCode::RANGE_NOT_SATISFIABLE);
                put(&mut response, header::CONTENT_RANGE, &format!("bytes */{total}"));
                Ok(response)
            }
            Range::Part(first, last) => {
                self.file.seek(SeekFrom::Start(first)).await.map_err(|err| {
                    let message = format!("a part of the picture cannot be read: {err}");
                    Box::new(Failure::new(ErrorCode::Internal, message))
                })?;
                let mut response = self.streamed(StatusCode::PARTIAL_CONTENT, last - first + 1);
                put(&mut response, header::CONTENT_RANGE, &format!("bytes {first}-{last}/{total}"));
                Ok(response)
            }
        }
    }

    /// The whole picture.
    pub(super) fn whole(self) -> Response<Body> {
        let bytes = self.bytes;
        self.streamed(StatusCode::OK, bytes)
    }

    fn streamed(self, status: StatusCode, length: u64) -> Response<Body> {
        let mut response = self.head(status);
        response.headers_mut().insert(header::CONTENT_LENGTH, length.into());
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(self.kind));
        let stream = ReaderStream::with_capacity(self.file.take(length), 64 << 10);
        *response.body_mut() = Body::from_stream(stream);
        response
    }

    fn head(&self, status: StatusCode) -> Response<Body> {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = status;
        let headers = response.headers_mut();
        // A client may use a request_id again, and the URL then has another picture: a cached copy must be checked each
        // time.
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
        headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
        if let Some(etag) = &self.etag {
            headers.insert(header::ETAG, etag.clone());
        }
        response
    }

    /// Whether `If-None-Match` shows that the client has it. The comparison is the weak one, which ignores `W/`.
    fn is_known(&self, headers: &HeaderMap) -> bool {
        let Some(etag) = self.etag.as_ref().and_then(|etag| etag.to_str().ok()) else { return false };
        headers
            .get_all(header::IF_NONE_MATCH)
            .iter()
            .filter_map(|tags| tags.to_str().ok())
            .flat_map(|tags| tags.split(','))
            .map(str::trim)
            .any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag)
    }

    /// The `Range` of a request; all of the picture if `If-Range` names another one.
    fn range(&self, headers: &HeaderMap) -> Range {
        let Some(range) = headers.get(header::RANGE).and_then(|range| range.to_str().ok()) else {
            return Range::All;
        };
        match headers.get(header::IF_RANGE) {
            Some(tag) if Some(tag) != self.etag.as_ref() => Range::All,
            _ => Range::of(range, self.bytes),
        }
    }
}

/// The part of a file that is requested.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Range {
    /// All of it: there is no range, or one that is not supported (several parts, another unit).
    All,
    /// From the first to the last byte.
    Part(u64, u64),
    /// No byte that the file has.
    None,
}

impl Range {
    fn of(text: &str, bytes: u64) -> Self {
        let number = |text: &str| {
            let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            // A number too large for 64 bits is beyond the end of any file.
            digits.then(|| text.parse::<u64>().unwrap_or(u64::MAX))
        };
        let Some((unit, set)) = text.split_once('=') else { return Self::All };
        let Some((first, last)) = set.split_once('-') else { return Self::All };
        if !unit.trim().eq_ignore_ascii_case("bytes") {
            return Self::All;
        }
        match (number(first.trim()), number(last.trim())) {
            (None, Some(0)) if first.trim().is_empty() => Self::None,
            (None, Some(_)) if first.trim().is_empty() && bytes == 0 => Self::None,
            (None, Some(count)) if first.trim().is_empty() => {
                Self::Part(bytes.saturating_sub(count), bytes - 1)
            }
            (Some(first), Some(last)) if last < first => Self::All,
            (Some(first), Some(_)) if first >= bytes => Self::None,
            (Some(first), Some(last)) => Self::Part(first, last.min(bytes - 1)),
            (Some(first), None) if last.trim().is_empty() && first >= bytes => Self::None,
            (Some(first), None) if last.trim().is_empty() => Self::Part(first, bytes - 1),
            _ => Self::All,
        }
    }
}

fn put(response: &mut Response<Body>, name: header::HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}

/// The media type of a format of pictures.
pub(super) fn media_type(format: Option<&str>) -> &'static str {
    match format {
        Some("jpeg") => "image/jpeg",
        Some("webp") => "image/webp",
        _ => "image/png",
    }
}

/// Opens a regular file beneath the root. `O_NONBLOCK`, so that a FIFO in its place does not block the open until it
/// has a writer.
fn open_beneath(root: &FilePath, path: &FilePath) -> Result<(std::fs::File, u64), Box<Failure>> {
    let outside =
        || Box::new(Failure::new(ErrorCode::PathNotAllowed, "the picture is outside the output directory"));
    let gone = |err: io::Error| match err.raw_os_error() {
        // cap-std refuses a path out of the root itself, without an error number of the system.
        None if err.kind() == io::ErrorKind::PermissionDenied => outside(),
        _ => missing(format!("the picture is gone: {err}")),
    };
    let below = match path.strip_prefix(root) {
        Ok(below) => below.to_owned(),
        Err(_) => {
            let real = root.canonicalize().map_err(gone)?;
            path.strip_prefix(&real).map_err(|_| outside())?.to_owned()
        }
    };
    let dir = Dir::open_ambient_dir(root, ambient_authority()).map_err(gone)?;
    let mut options = OpenOptions::new();
    options.read(true).custom_flags(nix::fcntl::OFlag::O_NONBLOCK.bits());
    let file = dir.open_with(&below, &options).map_err(gone)?;
    let metadata = file.metadata().map_err(gone)?;
    if !metadata.is_file() {
        return Err(missing(format!("the picture is gone: {} is no regular file", path.display())));
    }
    Ok((file.into_std(), metadata.len()))
}

#[cfg(test)]
mod tests {
    use super::Range;

    #[test]
    fn ranges_are_those_of_rfc_9110() {
        for (text, expected) in [
            ("bytes=0-0", Range::Part(0, 0)),
            ("bytes=2-5", Range::Part(2, 5)),
            ("bytes=5-", Range::Part(5, 9)),
            ("bytes=5-99", Range::Part(5, 9)),
            ("bytes=-3", Range::Part(7, 9)),
            ("bytes=-99", Range::Part(0, 9)),
            ("bytes=9-9", Range::Part(9, 9)),
            ("Bytes = 1-2", Range::Part(1, 2)),
            ("bytes=10-", Range::None),
            ("bytes=10-12", Range::None),
            ("bytes=99999999999999999999999-", Range::None),
            ("bytes=-0", Range::None),
            ("bytes=5-2", Range::All),
            ("bytes=0-1,3-4", Range::All),
            ("bytes=a-b", Range::All),
            ("bytes=20-x", Range::All),
            ("bytes=-", Range::All),
            ("bytes=1", Range::All),
            ("bytes=--1", Range::All),
            ("items=0-1", Range::All),
            ("", Range::All),
        ] {
            assert_eq!(Range::of(text, 10), expected, "{text}");
        }
        assert_eq!(Range::of("bytes=0-", 0), Range::None);
        assert_eq!(Range::of("bytes=-1", 0), Range::None);
    }
}
