//! `POST /v1/uploads`: takes the bytes of an image, and answers with its id.

use axum::{
    body::Body,
    extract::{Request, State},
    http::{Response, StatusCode, header},
};
use contracts::{ErrorCode, Failure, shorten};

use super::{
    body::{plain, typed},
    commands::cut,
    problem::{refuse, with},
};
use crate::dispatch::Dispatcher;

pub(crate) async fn keep(State(dispatcher): State<Dispatcher>, mut request: Request) -> Response<Body> {
    let path = request.uri().path().to_owned();
    let dialect = super::dialect(request.uri());
    let headers = std::mem::take(request.headers_mut());
    if dispatcher.is_stopping() {
        let failure =
            Failure::new(ErrorCode::ShuttingDown, "the gateway is stopping: an upload would end with it");
        return refuse(failure, dialect, &path);
    }
    if let Some(kind) = headers.get(header::CONTENT_TYPE) {
        let kind = String::from_utf8_lossy(kind.as_bytes()).into_owned();
        if !kind.starts_with("image/") && !kind.starts_with("application/octet-stream") {
            let message = format!("an upload is a raw image, not {}", shorten(&kind));
            let failure = Failure::new(ErrorCode::UnsupportedMediaType, message)
                .hint("send image/png, image/jpeg, image/webp or application/octet-stream");
            return refuse(failure, dialect, &path);
        }
    }
    if let Err(failure) = plain(&headers) {
        return refuse(*failure, dialect, &path);
    }
    let bytes = match typed(request, &headers, dispatcher.config().frame_bytes_max).await {
        Ok(bytes) => bytes,
        Err(failure) => return cut(*failure, dialect, &path),
    };
    let uploads = dispatcher.uploads().clone();
    let kept = tokio::task::spawn_blocking(move || uploads.keep(&bytes)).await;
    match kept.unwrap_or_else(|err| std::panic::resume_unwind(err.into_panic())) {
        Ok(upload) => with(StatusCode::OK, "application/json", dialect.spell("Upload", &upload).to_string()),
        Err(failure) => refuse(*failure, dialect, &path),
    }
}
