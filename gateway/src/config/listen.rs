//! Where the gateway listens.

use std::{
    fmt,
    net::{Ipv4Addr, SocketAddr},
    str::FromStr,
};

use serde::{Deserialize, Deserializer, de::Error};

/// Where the gateway listens: `address:port`, or `localhost:port`, which is 127.0.0.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listen(pub SocketAddr);

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
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(address) = text.parse() {
            return Ok(Self(address));
        }
        let port = |text: &str| text.parse::<u16>().ok();
        let name_and_port = text.rsplit_once(':').and_then(|(name, digits)| Some((name, port(digits)?)));
        match name_and_port {
            Some((name, port)) if name.eq_ignore_ascii_case("localhost") => {
                Ok(Self((Ipv4Addr::LOCALHOST, port).into()))
            }
            Some(("", port)) => Err(format!(
                "{text:?} has no address: give 127.0.0.1:{port} for this host alone, 0.0.0.0:{port} for every address"
            )),
            Some((name, port)) if text.parse::<std::net::Ipv6Addr>().is_err() => {
                Err(format!("{text:?} has a name: give the address of {name}, as 127.0.0.1:{port}"))
            }
            _ if text.starts_with("unix:") || text.starts_with('/') => Err(format!(
                "{text:?} is a socket in the file system, which is not served: give 127.0.0.1:8080"
            )),
            _ => Err(match (port(text), text.parse::<std::net::IpAddr>()) {
                (Some(port), _) => format!("{text:?} has no address: give 127.0.0.1:{port}"),
                (None, Ok(address)) => {
                    format!("{text:?} has no port: give {}", SocketAddr::from((address, 8080)))
                }
                _ => format!("{text:?} is no address and port: give 127.0.0.1:8080, or [::1]:8080"),
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
    fn addresses_are_read_and_other_forms_are_told_the_way() {
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
                    assert!(read.as_ref().is_err_and(|said| said.contains(hint)), "{text}: {read:?}");
                }
            }
        }
    }
}
