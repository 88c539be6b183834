//! The least that can be between HTTP and a worker: a handler that writes the line of a job and returns its reply.
//!
//! It reads no document, checks nothing, keeps nothing, and serves one client. On a given machine no program that
//! passes the same job from HTTP to a process can cost less.

use std::{
    path::PathBuf,
    process::Stdio,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use axum::http::header;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    process::{ChildStdin, ChildStdout, Command},
    sync::Mutex,
};

use crate::{hello, job_frame, listen, on_one_thread, worker_sim};

struct Worker {
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
}

impl Worker {
    async fn call(&mut self, frame: &str) -> Vec<u8> {
        self.stdin.write_all(format!("{frame}\n").as_bytes()).await.expect("a frame");
        let mut line = Vec::new();
        loop {
            self.stdout.read_until(b'\n', &mut line).await.expect("a reply");
            if !line.starts_with(b"{\"event\"") {
                return line;
            }
            line.clear();
        }
    }
}

/// Serves. The pictures go to the folder in the first argument.
pub(crate) fn serve() {
    let output = PathBuf::from(std::env::args_os().nth(2).expect("a folder"));
    on_one_thread(async move {
        let mut command = Command::from(worker_sim(&output));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
        let mut child = command.spawn().expect("a worker");
        let stdin = child.stdin.take().expect("piped");
        let stdout = BufReader::new(child.stdout.take().expect("piped"));
        let mut worker = Worker { stdin, stdout };
        worker.call(&hello()).await;
        let (worker, jobs) = (Arc::new(Mutex::new(worker)), Arc::new(AtomicUsize::new(0)));
        let handler = move |body: axum::body::Bytes| {
            let (worker, jobs) = (worker.clone(), jobs.clone());
            #[expect(
                clippy::await_holding_invalid_type,
                reason = "the bare proxy has one worker and one client"
            )]
            async move {
                std::hint::black_box(body);
                let frame = job_frame(jobs.fetch_add(1, Ordering::Relaxed));
                let reply = worker.lock().await.call(&frame).await;
                ([(header::CONTENT_TYPE, "application/json")], reply)
            }
        };
        listen(axum::Router::new().fallback(axum::routing::post(handler))).await;
    });
}
