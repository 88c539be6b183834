//! Hosts, origins, public URLs and proxies, checked when they are read.

use std::{fmt, net::IpAddr, str::FromStr};

use axum::http::uri::Authority;
use serde::{Deserialize, Deserializer, de::Error};

/// A host without its port: an address, or a name in lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Host {
    /// `127.0.0.1`, `[::1]`.
    Address(IpAddr),
    /// `localhost`.
    Name(String),
}

/// Why a text is no such name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WebNameError {
    /// A host with a port.
    #[error("{given:?} has a port: give {host}, it stands for every port")]
    HostWithPort {
        /// The text.
        given: String,
        /// The host without the port.
        host: Host,
    },
    /// No host.
    #[error("{given:?} is no host: give a name or an address, `images.example.com`")]
    NoHost {
        /// The text.
        given: String,
    },
    /// No origin.
    #[error("{given:?} is no origin: give scheme and host as a browser does, `https://images.example.com`")]
    NoOrigin {
        /// The text.
        given: String,
    },
    /// No public URL.
    #[error("{given:?} is no public URL: give `https://host`, with a port and a path where there is one")]
    NoPublicUrl {
        /// The text.
        given: String,
    },
    /// No address and no network.
    #[error("{given:?} is no proxy: give an address or a network, `10.0.0.0/8`")]
    NoProxy {
        /// The text.
        given: String,
    },
}

impl Host {
    /// Reads `host` or `host:port`, as a Host header has it.
    #[must_use]
    pub fn with_port(text: &str) -> Option<(Self, Option<u16>)> {
        // `Authority` allows `user@host`, a Host header does not.
        let authority = Authority::from_str(text).ok().filter(|_| !text.contains('@'))?;
        let port = match text.rsplit_once(':') {
            // A port may be empty (RFC 3986, 3.2.3).
            Some((_, "")) => None,
            Some((_, port)) if !port.contains(']') => Some(port.parse().ok()?),
            _ => None,
        };
        Some((Self::plain(authority.host())?, port))
    }

    fn plain(host: &str) -> Option<Self> {
        if let Some(inner) = host.strip_prefix('[') {
            return inner.strip_suffix(']')?.parse().ok().map(|address| Self::Address(IpAddr::V6(address)));
        }
        if let Ok(address) = host.parse() {
            return Some(Self::Address(IpAddr::V4(address)));
        }
        // A fully qualified name may end in a dot; it means the same host.
        let name = host.strip_suffix('.').unwrap_or(host);
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        (!name.is_empty() && name.bytes().all(fits)).then(|| Self::Name(name.to_ascii_lowercase()))
    }

    /// Whether it is the name `localhost`.
    #[must_use]
    pub fn is_localhost(&self) -> bool {
        matches!(self, Self::Name(name) if name == "localhost")
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(IpAddr::V6(address)) => write!(f, "[{address}]"),
            Self::Address(address) => write!(f, "{address}"),
            Self::Name(name) => f.write_str(name),
        }
    }
}

impl FromStr for Host {
    type Err = WebNameError;

    fn from_str(text: &str) -> Result<Self, WebNameError> {
        match Self::with_port(text) {
            Some((host, None)) => Ok(host),
            Some((host, Some(_))) => Err(WebNameError::HostWithPort { given: text.to_owned(), host }),
            None => Err(WebNameError::NoHost { given: text.to_owned() }),
        }
    }
}

/// The origin of a page in a browser: scheme, host and port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    scheme: String,
    host: Host,
    port: Option<u16>,
}

impl Origin {
    /// Plain HTTP at a host and port.
    #[must_use]
    pub fn http(host: Host, port: Option<u16>) -> Self {
        Self { scheme: "http".to_owned(), host, port: Some(port.unwrap_or(80)) }
    }

    /// The host.
    #[must_use]
    pub fn host(&self) -> &Host {
        &self.host
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme, self.host)?;
        match (self.scheme.as_str(), self.port) {
            ("http", Some(80)) | ("https", Some(443)) | (_, None) => Ok(()),
            (_, Some(port)) => write!(f, ":{port}"),
        }
    }
}

impl FromStr for Origin {
    type Err = WebNameError;

    fn from_str(text: &str) -> Result<Self, WebNameError> {
        let wrong = || WebNameError::NoOrigin { given: text.to_owned() };
        let (scheme, rest) = text.split_once("://").ok_or_else(wrong)?;
        let scheme = scheme.to_ascii_lowercase();
        let begins = scheme.starts_with(|first: char| first.is_ascii_lowercase());
        if !begins || !scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte)) {
            return Err(wrong());
        }
        let (host, port) = Host::with_port(rest).ok_or_else(wrong)?;
        let port = port.or(match scheme.as_str() {
            "http" => Some(80),
            "https" => Some(443),
            _ => None,
        });
        Ok(Self { scheme, host, port })
    }
}

/// The address by which clients reach this gateway: an origin, and the path prefix that a proxy strips.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUrl {
    origin: Origin,
    text: String,
}

impl PublicUrl {
    /// Its origin.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Without a slash at its end.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl FromStr for PublicUrl {
    type Err = WebNameError;

    fn from_str(text: &str) -> Result<Self, WebNameError> {
        let wrong = || WebNameError::NoPublicUrl { given: text.to_owned() };
        let text = text.strip_suffix('/').unwrap_or(text);
        let (scheme, rest) = text.split_once("://").ok_or_else(wrong)?;
        let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let origin: Origin = format!("{scheme}://{host}").parse().map_err(|_| wrong())?;
        let web = matches!(origin.scheme.as_str(), "http" | "https");
        if !web || !(path.is_empty() || is_prefix(path)) {
            return Err(wrong());
        }
        Ok(Self { text: format!("{origin}{path}"), origin })
    }
}

/// Whether a text is `(/[A-Za-z0-9._~-]+)+`, a path prefix of a proxy. Other characters could change the host of a URL
/// that begins with it, or would need escapes.
#[must_use]
pub fn is_prefix(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"._~-".contains(&byte);
    text.strip_prefix('/')
        .is_some_and(|rest| rest.split('/').all(|part| !part.is_empty() && part.bytes().all(fits)))
}

/// The address of a proxy, or a network of them: `127.0.0.1`, `10.0.0.0/8`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proxy(ipnet::IpNet);

impl Proxy {
    /// Whether the proxy has this address.
    #[must_use]
    pub fn has(&self, address: IpAddr) -> bool {
        // An IPv4 client of a socket that takes both arrives as ::ffff:a.b.c.d.
        self.0.contains(&address.to_canonical())
    }
}

impl FromStr for Proxy {
    type Err = WebNameError;

    fn from_str(text: &str) -> Result<Self, WebNameError> {
        let one = text.parse::<IpAddr>().map(ipnet::IpNet::from);
        one.or_else(|_| text.parse()).map(Self).map_err(|_| WebNameError::NoProxy { given: text.to_owned() })
    }
}

macro_rules! read_from_text {
    ($($kind:ty),*) => {$(
        impl<'de> Deserialize<'de> for $kind {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
            }
        }
    )*};
}
read_from_text!(Host, Origin, PublicUrl, Proxy);

#[cfg(test)]
mod tests {
    use super::{Host, Origin, Proxy, PublicUrl, is_prefix};

    #[test]
    fn hosts_are_compared_by_what_they_mean() {
        let host = |text: &str| Host::with_port(text).map(|(host, port)| (host.to_string(), port));
        for (text, expected) in [
            ("LocalHost:8080", Some(("localhost", Some(8080)))),
            ("localhost.", Some(("localhost", None))),
            ("127.0.0.1", Some(("127.0.0.1", None))),
            ("[::1]:80", Some(("[::1]", Some(80)))),
            ("[0:0::1]", Some(("[::1]", None))),
            ("gpu_1.lan", Some(("gpu_1.lan", None))),
            ("user@localhost", None),
            ("local host", None),
            ("", None),
            (".", None),
            ("localhost:", Some(("localhost", None))),
            ("localhost:99999", None),
            ("localhost/x", None),
        ] {
            let expected = expected.map(|(host, port)| (host.to_owned(), port));
            assert_eq!(host(text), expected, "{text:?}");
        }
        assert!("gpu.lan:80".parse::<Host>().unwrap_err().to_string().contains("give gpu.lan"));
        assert!("*".parse::<Host>().is_err());
    }

    #[test]
    fn origins_have_a_scheme_a_host_and_a_port() {
        let origin = |text: &str| text.parse::<Origin>().map(|origin| origin.to_string());
        for (text, read) in [
            ("HTTP://A.example:80", "http://a.example"),
            ("https://a.example:8443", "https://a.example:8443"),
            ("chrome-extension://abc", "chrome-extension://abc"),
        ] {
            assert_eq!(origin(text).as_deref(), Ok(read));
        }
        for wrong in ["null", "*", "a.example", "http://", "http://a/", "http://a/b", "://a", "http://u@a"] {
            let refusal = origin(wrong).unwrap_err().to_string();
            assert!(refusal.contains(&format!("{wrong:?}")), "{refusal}");
        }
    }

    #[test]
    fn a_public_url_may_have_a_path() {
        let url = |text: &str| text.parse::<PublicUrl>().map(|url| url.as_str().to_owned());
        assert_eq!(url("https://a.example/gpu/").as_deref(), Ok("https://a.example/gpu"));
        assert_eq!(url("http://a.example:80").as_deref(), Ok("http://a.example"));
        for wrong in ["a.example", "ftp://a", "https://a//b", "https://a/b?c", "https://a/%20", "/gpu"] {
            let refusal = url(wrong).unwrap_err().to_string();
            assert!(refusal.contains(&format!("{wrong:?}")), "{refusal}");
        }
    }

    #[test]
    fn a_prefix_is_plain_segments() {
        for (text, expected) in [
            ("/gpu", true),
            ("/a/b.c~d", true),
            ("", false),
            ("/", false),
            ("gpu", false),
            ("/gpu/", false),
            ("//evil.example", false),
            ("/a, /b", false),
            ("/%2e", false),
        ] {
            assert_eq!(is_prefix(text), expected, "{text:?}");
        }
    }

    #[test]
    fn proxies_are_addresses_or_networks() {
        let has = |proxy: &str, address: &str| proxy.parse::<Proxy>().unwrap().has(address.parse().unwrap());
        assert!(has("127.0.0.1", "127.0.0.1"));
        assert!(has("127.0.0.1", "::ffff:127.0.0.1"));
        assert!(has("10.0.0.0/8", "10.1.2.3"));
        assert!(!has("10.0.0.0/8", "11.1.2.3"));
        assert!("localhost".parse::<Proxy>().is_err());
    }
}
