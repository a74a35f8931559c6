//! Which addresses a source may be connected to. A name says nothing about where it leads: whoever
//! owns it can let it lead into the network that the host stands in, at any time. So addresses are
//! checked when they are connected to, each of them.

use crate::error::{Error, Result};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use tokio::net::lookup_host;

/// How far an address reaches, by the special-purpose registries of IANA (RFC 6890 and its updates).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scope {
    /// The public internet.
    Global,
    /// This machine and private networks.
    Private,
    /// The link alone: where clouds answer with the credentials of a machine.
    Link,
    /// Not the address of one machine.
    Nowhere,
}

fn scope(address: IpAddr) -> Scope {
    match address {
        IpAddr::V4(address) => scope_v4(address),
        IpAddr::V6(address) => scope_v6(address),
    }
}

fn scope_v4(address: Ipv4Addr) -> Scope {
    match address.octets() {
        [0, ..] | [224..=255, ..] => Scope::Nowhere,
        [169, 254, ..] => Scope::Link,
        [10 | 127, ..]
        | [100, 64..=127, ..]
        | [172, 16..=31, ..]
        | [192, 168, ..]
        | [192, 0, 0 | 2, _]
        | [192, 88, 99, _]
        | [198, 18 | 19, ..]
        | [198, 51, 100, _]
        | [203, 0, 113, _] => Scope::Private,
        _ => Scope::Global,
    }
}

fn scope_v6(address: Ipv6Addr) -> Scope {
    let embedded = |high: u16, low: u16| {
        let [a, b] = high.to_be_bytes();
        let [c, d] = low.to_be_bytes();
        scope_v4(Ipv4Addr::new(a, b, c, d))
    };
    match address.segments() {
        [0, 0, 0, 0, 0, 0, 0, 0] | [0xff00..=0xffff, ..] => Scope::Nowhere,
        [0xfe80..=0xfebf, ..] => Scope::Link,
        // Addresses of IPv4 in those of IPv6: mapped, translated, and 6to4.
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
            embedded(high, low)
        }
        [0x2002, high, low, ..] => embedded(high, low),
        // Protocol assignments (Teredo among them), and two ranges for documentation.
        [0x2001, 0..=0x1ff | 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => Scope::Private,
        [0x2000..=0x3fff, ..] => Scope::Global,
        _ => Scope::Private,
    }
}

/// Which addresses a grant lets through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Allowed {
    /// Whether private addresses were granted.
    pub(super) private: bool,
    /// Whether the grant names an address itself rather than a name.
    pub(super) literal: bool,
}

impl Allowed {
    /// Checks an address.
    pub(super) fn check(self, address: IpAddr) -> Result<()> {
        let found = match scope(address) {
            Scope::Global => return Ok(()),
            Scope::Private if self.private => return Ok(()),
            Scope::Link if self.private && self.literal => return Ok(()),
            Scope::Private => "private",
            Scope::Link => "link-local",
            Scope::Nowhere => "no machine's",
        };
        // The address stays untold: it would describe the network to whoever controls the name.
        let error = Error::denied(format!("the address found for it is {found}"));
        Err(match scope(address) {
            Scope::Private => error.with_hint(
                "if it is meant to be in this network, write private = true into the grant that is for it in sextant.toml: of http or tcp, or of stores for an input",
            ),
            _ => error,
        })
    }

    /// The addresses of a name that are allowed.
    pub(super) async fn resolve(self, host: &str, port: u16) -> Result<Vec<SocketAddr>> {
        let found = lookup_host((host, port)).await;
        let found = found.map_err(|error| {
            Error::unavailable(format!("the name {host:?} was not found: {error}"))
        })?;
        let mut allowed = Vec::new();
        let mut refused = None;
        for address in found {
            match self.check(address.ip()) {
                Ok(()) => allowed.push(address),
                Err(error) => refused = Some(error),
            }
        }
        match (allowed.is_empty(), refused) {
            (false, _) => Ok(allowed),
            (true, Some(refused)) => Err(refused),
            (true, None) => Err(Error::unavailable(format!(
                "the name {host:?} has no address"
            ))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(address: &str) -> Scope {
        scope(address.parse().unwrap())
    }

    #[test]
    fn addresses_reach_as_far_as_the_registries_say() {
        for address in [
            "1.1.1.1",
            "100.63.255.255",
            "100.128.0.0",
            "172.15.0.1",
            "172.32.0.1",
            "192.0.1.1",
            "2606:4700::1111",
            "2a00::1",
            "::ffff:8.8.8.8",
            "64:ff9b::808:808",
            "2002:808:808::1",
        ] {
            assert_eq!(of(address), Scope::Global, "{address}");
        }
        for address in [
            "10.0.0.1",
            "127.0.0.1",
            "127.255.255.254",
            "100.64.0.1",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "192.0.2.1",
            "198.19.0.1",
            "203.0.113.9",
            "::1",
            "fc00::1",
            "fdff::1",
            "fec0::1",
            "::ffff:10.0.0.1",
            "::127.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b:1::1",
            "2002:7f00:1::",
            "2001::1",
            "2001:db8::1",
            "3fff::1",
            "100::1",
            "4000::1",
        ] {
            assert_eq!(of(address), Scope::Private, "{address}");
        }
        for address in [
            "169.254.169.254",
            "fe80::1",
            "febf::1",
            "::ffff:169.254.169.254",
        ] {
            assert_eq!(of(address), Scope::Link, "{address}");
        }
        for address in [
            "0.0.0.0",
            "0.1.2.3",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "ff02::1",
        ] {
            assert_eq!(of(address), Scope::Nowhere, "{address}");
        }
    }

    #[test]
    fn what_is_not_public_has_to_be_granted() {
        let check = |private, literal, address: &str| {
            Allowed { private, literal }
                .check(address.parse().unwrap())
                .is_ok()
        };
        assert!(check(false, false, "1.1.1.1"));
        assert!(!check(false, true, "127.0.0.1") && check(true, false, "127.0.0.1"));
        assert!(!check(true, false, "169.254.169.254") && check(true, true, "169.254.169.254"));
        assert!(!check(true, true, "0.0.0.0") && !check(true, true, "ff02::1"));
    }
}
