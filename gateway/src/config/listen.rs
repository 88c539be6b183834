//! The address that the gateway listens on.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    str::FromStr,
};

use serde::{Deserialize, Deserializer, de::Error};

/// The address that the gateway listens on: `address:port`, or `localhost:port`, which is 127.0.0.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listen(pub SocketAddr);

/// Why a text is not an address to listen on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ListenError {
    /// `:port`, which some programs take for every address.
    #[error(
        "{given:?} has no address: give 127.0.0.1:{port} for this host alone, 0.0.0.0:{port} for every address"
    )]
    EmptyAddress {
        /// The text.
        given: String,
        /// Its port.
        port: u16,
    },
    /// A host name other than `localhost`.
    #[error("{given:?} has a name: give the address of {name}, as 127.0.0.1:{port}")]
    Name {
        /// The text.
        given: String,
        /// The name.
        name: String,
        /// Its port.
        port: u16,
    },
    /// A Unix socket.
    #[error("{given:?} is a socket in the file system, which is not served: give 127.0.0.1:8080")]
    Unix {
        /// The text.
        given: String,
    },
    /// A port alone.
    #[error("{given:?} has no address: give 127.0.0.1:{port}")]
    PortAlone {
        /// The text.
        given: String,
        /// The port.
        port: u16,
    },
    /// An address alone.
    #[error("{given:?} has no port: give {}", SocketAddr::from((*.address, 8080)))]
    NoPort {
        /// The text.
        given: String,
        /// The address.
        address: IpAddr,
    },
    /// Anything else.
    #[error("{given:?} is no address and port: give 127.0.0.1:8080, or [::1]:8080")]
    NoAddress {
        /// The text.
        given: String,
    },
}

impl Default for Listen {
    fn default() -> Self {
        Self((Ipv4Addr::LOCALHOST, 8080).into())
    }
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Listen {
    type Err = ListenError;

    fn from_str(text: &str) -> Result<Self, ListenError> {
        if let Ok(address) = text.parse() {
            return Ok(Self(address));
        }
        let given = text.to_owned();
        // The parse error is dropped: the error below quotes the text and names the accepted forms.
        let port = |text: &str| text.parse::<u16>().ok();
        let name_and_port = text.rsplit_once(':').and_then(|(name, digits)| Some((name, port(digits)?)));
        match name_and_port {
            Some((name, port)) if name.eq_ignore_ascii_case("localhost") => {
                Ok(Self((Ipv4Addr::LOCALHOST, port).into()))
            }
            Some(("", port)) => Err(ListenError::EmptyAddress { given, port }),
            Some((name, port)) if text.parse::<Ipv6Addr>().is_err() => {
                let name = name.to_owned();
                Err(ListenError::Name { given, name, port })
            }
            _ if text.starts_with("unix:") || text.starts_with('/') => Err(ListenError::Unix { given }),
            _ => Err(match (port(text), text.parse::<IpAddr>()) {
                (Some(port), _) => ListenError::PortAlone { given, port },
                (None, Ok(address)) => ListenError::NoPort { given, address },
                _ => ListenError::NoAddress { given },
            }),
        }
    }
}

impl<'de> Deserialize<'de> for Listen {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::Listen;

    #[test]
    fn addresses_are_read_and_the_refusal_of_other_forms_says_what_to_give() {
        for (text, expected) in [
            ("127.0.0.1:0", Ok("127.0.0.1:0")),
            ("[::1]:8080", Ok("[::1]:8080")),
            ("localhost:8099", Ok("127.0.0.1:8099")),
            ("LocalHost:8099", Ok("127.0.0.1:8099")),
            (":8099", Err("127.0.0.1:8099")),
            ("8099", Err("127.0.0.1:8099")),
            ("127.0.0.1", Err("127.0.0.1:8080")),
            ("::1", Err("[::1]:8080")),
            ("gpu.lan:80", Err("the address of gpu.lan")),
            ("unix:/run/x", Err("file system")),
            ("/run/x", Err("file system")),
            ("localhost", Err("127.0.0.1:8080")),
            ("localhost:99999", Err("127.0.0.1:8080")),
            ("", Err("127.0.0.1:8080")),
        ] {
            let read = text.parse::<Listen>();
            match expected {
                Ok(address) => {
                    assert_eq!(read.map(|listen| listen.to_string()).as_deref(), Ok(address));
                }
                Err(hint) => {
                    let message = read.unwrap_err().to_string();
                    assert!(message.contains(hint), "{text}: {message}");
                }
            }
        }
    }
}
