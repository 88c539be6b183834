//! A client that writes the bytes of HTTP itself, for tests of what other clients hide.

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::rig::{Rig, within};

pub(crate) struct Raw {
    stream: TcpStream,
    read: Vec<u8>,
}

/// One answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    pub(crate) fn code(&self) -> String {
        self.json()["error_details"]["code"].as_str().unwrap_or("none").to_owned()
    }
}

impl Raw {
    pub(crate) async fn to(rig: &Rig) -> Self {
        let address = rig.url.strip_prefix("http://").unwrap();
        Self { stream: TcpStream::connect(address).await.unwrap(), read: Vec::new() }
    }

    /// Sends bytes. A connection that the gateway has closed is not an error here: the answer shows it.
    pub(crate) async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).await.ok();
    }

    /// Sends bytes, and reads the whole answer.
    pub(crate) async fn ask(&mut self, bytes: impl AsRef<[u8]>) -> Answer {
        self.send(bytes).await;
        self.answer().await
    }

    /// Reads one answer with a Content-Length, or without a body.
    pub(crate) async fn answer(&mut self) -> Answer {
        let head = loop {
            if let Some(end) = self.read.windows(4).position(|four| four == b"\r\n\r\n") {
                let rest = self.read.split_off(end + 4);
                break String::from_utf8(std::mem::replace(&mut self.read, rest)).unwrap();
            }
            assert!(self.more().await, "the connection ended: {:?}", String::from_utf8_lossy(&self.read));
        };
        let mut lines = head.lines();
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let headers: Vec<(String, String)> = lines
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect();
        let mut answer = Answer { status, headers, body: Vec::new() };
        let bodiless = matches!(status, 100 | 204 | 304);
        let length = answer.header("content-length").map_or(0, |length| length.parse().unwrap());
        while !bodiless && self.read.len() < length {
            assert!(self.more().await, "the body broke off");
        }
        let rest = self.read.split_off(if bodiless { 0 } else { length });
        answer.body = std::mem::replace(&mut self.read, rest);
        answer
    }

    /// Waits until the gateway closes the connection. Returns what it had sent before.
    pub(crate) async fn end(&mut self) -> Vec<u8> {
        while self.more().await {}
        std::mem::take(&mut self.read)
    }

    async fn more(&mut self) -> bool {
        let mut some = [0; 4096];
        // A reset is an end as well.
        let count = within(self.stream.read(&mut some)).await.unwrap_or(0);
        self.read.extend_from_slice(&some[..count]);
        count > 0
    }
}

/// The head of a request with an allowed Host.
pub(crate) fn head(verb: &str, path: &str, headers: &str) -> String {
    format!("{verb} {path} HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n")
}
