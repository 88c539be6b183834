//! The configuration of the HTTP edge: which hosts and origins are served, and how long a client may take.

use std::{net::SocketAddr, time::Duration};

use contracts::limits;
use serde::Deserialize;

use super::{
    ConfigError,
    web::{Host, Origin, Proxy, PublicUrl},
};
use crate::units::{Many, ReadingBytes, Seconds};

/// Default of `reading_bytes_max`: two of the longest bodies (16 MiB) at a time.
const READING_BYTES_MAX: u32 = 32 << 20;

/// The table `[http]`: how long clients may take, and how many connections there may be.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Http {
    /// How long the head of a request may take.
    pub head_seconds: Seconds,
    /// How long a connection is kept between two requests.
    pub idle_seconds: Seconds,
    /// How long each 64 KiB of a body, or its end, may take.
    pub body_seconds: Seconds,
    /// How long a client may take none of its reply.
    pub write_seconds: Seconds,
    /// How many connections may be open; a further one waits to be accepted.
    pub connections_max: Many,
    /// Bytes of long bodies that are read into commands at the same time; further ones wait.
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

/// The HTTP edge, with its defaults.
#[derive(Clone, Debug)]
pub struct Edge {
    /// The address by which clients reach this gateway, if not its listener's.
    pub public_url: Option<PublicUrl>,
    /// Further hosts that requests may name.
    pub allowed_hosts: Vec<Host>,
    /// Origins of pages that may use the gateway from a browser.
    pub cors_origins: Vec<Origin>,
    /// Proxies whose `X-Forwarded-Prefix` is used.
    pub trusted_proxies: Vec<Proxy>,
    /// How long the head of a request may take.
    pub head: Duration,
    /// How long a connection is kept between two requests.
    pub idle: Duration,
    /// How long each step of a body, or its end, may take.
    pub body: Duration,
    /// How long a client may take none of its reply.
    pub write: Duration,
    /// How many connections may be open.
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

    /// The same edge with flags: they add hosts, and replace the public URL.
    #[must_use]
    pub fn with(&self, allowed_hosts: Vec<Host>, public_url: Option<PublicUrl>) -> Self {
        let mut edge = self.clone();
        edge.allowed_hosts.extend(allowed_hosts);
        edge.public_url = public_url.or(edge.public_url);
        edge
    }

    /// Checks that the edge knows the names by which requests may reach this listener.
    ///
    /// # Errors
    /// [`ConfigError::NoAllowedHost`] for a wildcard address without `allowed_hosts`: no client would name that
    /// address.
    pub fn check(&self, listen: SocketAddr) -> Result<(), ConfigError> {
        if !listen.ip().is_unspecified() || !self.allowed_hosts.is_empty() {
            return Ok(());
        }
        Err(ConfigError::NoAllowedHost { listen })
    }
}
