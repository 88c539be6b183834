//! What the HTTP edge is told: who may come, by which names, and how slowly.

use std::{net::SocketAddr, time::Duration};

use contracts::limits;
use serde::Deserialize;

use super::{
    ConfigError,
    web::{Host, Origin, Proxy, PublicUrl},
};
use crate::units::{Many, ReadingBytes, Seconds};

/// Two of the longest bodies at a time, where nothing else is said.
const READING_BYTES_MAX: u32 = 32 << 20;

/// `[http]`: times of connections, and how many there may be.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Http {
    /// The head of a request is there by then.
    pub head_seconds: Seconds,
    /// A connection between two requests is kept so long.
    pub idle_seconds: Seconds,
    /// Each 64 KiB of a body, or its end, is there by then.
    pub body_seconds: Seconds,
    /// A client takes something of its reply within this.
    pub write_seconds: Seconds,
    /// Open connections; the next one waits to be accepted.
    pub connections_max: Many,
    /// Bytes of long bodies that are read into commands at the same time; the next one waits its turn.
    pub reading_bytes_max: ReadingBytes,
}

impl Default for Http {
    fn default() -> Self {
        Self {
            head_seconds: Seconds::of(limits::HTTP_HEAD_SECONDS),
            idle_seconds: Seconds::of(limits::HTTP_IDLE_SECONDS),
            body_seconds: Seconds::of(limits::HTTP_BODY_SECONDS),
            write_seconds: Seconds::of(limits::HTTP_WRITE_SECONDS),
            connections_max: Many::of(u32::try_from(limits::HTTP_CONNECTIONS_MAX).unwrap_or(u32::MAX)),
            reading_bytes_max: ReadingBytes::of(READING_BYTES_MAX),
        }
    }
}

/// The HTTP edge, decided.
#[derive(Clone, Debug)]
pub struct Edge {
    /// Where clients reach this gateway, if not at its listener.
    pub public_url: Option<PublicUrl>,
    /// Further hosts that requests may name.
    pub allowed_hosts: Vec<Host>,
    /// Origins of pages that may use the gateway from a browser.
    pub cors_origins: Vec<Origin>,
    /// Proxies whose `X-Forwarded-Prefix` is believed.
    pub trusted_proxies: Vec<Proxy>,
    /// The head of a request is there by then.
    pub head: Duration,
    /// A connection between two requests is kept so long.
    pub idle: Duration,
    /// Each step of a body, or its end, is there by then.
    pub body: Duration,
    /// A client takes something of its reply within this.
    pub write: Duration,
    /// Open connections.
    pub connections_max: usize,
    /// Bytes of long bodies that are read into commands at the same time.
    pub reading_bytes_max: u32,
}

impl Default for Edge {
    fn default() -> Self {
        Self::of(Http::default())
    }
}

impl Edge {
    pub(super) fn of(http: Http) -> Self {
        Self {
            public_url: None,
            allowed_hosts: Vec::new(),
            cors_origins: Vec::new(),
            trusted_proxies: Vec::new(),
            head: http.head_seconds.duration(),
            idle: http.idle_seconds.duration(),
            body: http.body_seconds.duration(),
            write: http.write_seconds.duration(),
            connections_max: http.connections_max.size(),
            reading_bytes_max: http.reading_bytes_max.get(),
        }
    }

    /// The same with what flags say: they add hosts, and outweigh the public URL.
    #[must_use]
    pub fn with(&self, allowed_hosts: Vec<Host>, public_url: Option<PublicUrl>) -> Self {
        let mut edge = self.clone();
        edge.allowed_hosts.extend(allowed_hosts);
        edge.public_url = public_url.or(edge.public_url);
        edge
    }

    /// Whether the edge knows by which names requests may come to this listener.
    ///
    /// # Errors
    /// [`ConfigError::NoAllowedHost`] for a wildcard address without `allowed_hosts`: no client would name that address.
    pub fn check(&self, listen: SocketAddr) -> Result<(), ConfigError> {
        if !listen.ip().is_unspecified() || !self.allowed_hosts.is_empty() {
            return Ok(());
        }
        Err(ConfigError::NoAllowedHost { listen })
    }
}
