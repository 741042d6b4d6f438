//! What sort of address an address is.
//!
//! Sources: the IANA special-purpose address registries for IPv4 and IPv6, RFC 4291 (mapped, compatible), RFC 6145
//! (translated), RFC 3056 (6to4), RFC 4380 (Teredo), RFC 6052 and RFC 8215 (NAT64), RFC 5214 (ISATAP).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// An address, judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Class {
    /// What sort it is, as it stands before the word "address".
    pub(super) reason: &'static str,
    /// Who may send to it.
    pub(super) reach: Reach,
    /// The IPv4 addresses that it may lead to.
    pub(super) embedded: Vec<Ipv4Addr>,
}

/// Who may send to an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// Everybody.
    Public,
    /// Those that the operator granted it to.
    Private,
    /// Nobody.
    Never,
}

const METADATA: &str = "cloud metadata";
const UNSPECIFIED: &str = "unspecified";
const MULTICAST: &str = "multicast";
const RESERVED: &str = "reserved";

/// Where clouds hand out credentials to whoever asks: AWS, Azure and Google (the first), AWS containers, EKS, Tencent, Scaleway,
/// Alibaba, Oracle, Azure's wire server.
const METADATA_V4: [Ipv4Addr; 8] = [
    Ipv4Addr::new(169, 254, 169, 254),
    Ipv4Addr::new(169, 254, 170, 2),
    Ipv4Addr::new(169, 254, 170, 23),
    Ipv4Addr::new(169, 254, 0, 23),
    Ipv4Addr::new(169, 254, 42, 42),
    Ipv4Addr::new(100, 100, 100, 200),
    Ipv4Addr::new(192, 0, 0, 192),
    Ipv4Addr::new(168, 63, 129, 16),
];
/// The same over IPv6: AWS, EKS, Google, Scaleway, OpenStack.
const METADATA_V6: [Ipv6Addr; 5] = [
    Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254),
    Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x23),
    Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254),
    Ipv6Addr::new(0xfd00, 0x42, 0, 0, 0, 0, 0, 0x42),
    Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0xa9fe, 0xa9fe),
];

/// Blocks of IPv4 that are not public. The first that holds an address counts.
const BLOCKS_V4: [(Ipv4Addr, u32, &str, Reach); 19] = [
    (Ipv4Addr::new(0, 0, 0, 0), 8, UNSPECIFIED, Reach::Never),
    (Ipv4Addr::new(10, 0, 0, 0), 8, "private", Reach::Private),
    (Ipv4Addr::new(100, 64, 0, 0), 10, "carrier-grade NAT", Reach::Private),
    (Ipv4Addr::new(127, 0, 0, 0), 8, "loopback", Reach::Private),
    (Ipv4Addr::new(169, 254, 0, 0), 16, "link-local", Reach::Private),
    (Ipv4Addr::new(172, 16, 0, 0), 12, "private", Reach::Private),
    (Ipv4Addr::new(192, 0, 0, 0), 24, RESERVED, Reach::Private),
    (Ipv4Addr::new(192, 0, 2, 0), 24, "documentation", Reach::Private),
    (Ipv4Addr::new(192, 31, 196, 0), 24, RESERVED, Reach::Private),
    (Ipv4Addr::new(192, 52, 193, 0), 24, RESERVED, Reach::Private),
    (Ipv4Addr::new(192, 88, 99, 0), 24, RESERVED, Reach::Private),
    (Ipv4Addr::new(192, 168, 0, 0), 16, "private", Reach::Private),
    (Ipv4Addr::new(192, 175, 48, 0), 24, RESERVED, Reach::Private),
    (Ipv4Addr::new(198, 18, 0, 0), 15, "benchmark", Reach::Private),
    (Ipv4Addr::new(198, 51, 100, 0), 24, "documentation", Reach::Private),
    (Ipv4Addr::new(203, 0, 113, 0), 24, "documentation", Reach::Private),
    (Ipv4Addr::new(224, 0, 0, 0), 4, MULTICAST, Reach::Never),
    (Ipv4Addr::new(255, 255, 255, 255), 32, "broadcast", Reach::Never),
    (Ipv4Addr::new(240, 0, 0, 0), 4, RESERVED, Reach::Private),
];

/// Blocks of IPv6 that are not public, besides all that lies outside of 2000::/3. The first that holds an address counts.
const BLOCKS_V6: [(Ipv6Addr, u32, &str, Reach); 11] = [
    (Ipv6Addr::UNSPECIFIED, 128, UNSPECIFIED, Reach::Never),
    (Ipv6Addr::LOCALHOST, 128, "loopback", Reach::Private),
    (Ipv6Addr::new(0xff00, 0, 0, 0, 0, 0, 0, 0), 8, MULTICAST, Reach::Never),
    (Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0), 7, "unique local", Reach::Private),
    (Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0), 10, "link-local", Reach::Private),
    (Ipv6Addr::new(0xfec0, 0, 0, 0, 0, 0, 0, 0), 10, "site-local", Reach::Private),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32, "documentation", Reach::Private),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20, "documentation", Reach::Private),
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23, RESERVED, Reach::Private),
    (Ipv6Addr::new(0x2620, 0x4f, 0x8000, 0, 0, 0, 0, 0), 48, RESERVED, Reach::Private),
    (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3, "public", Reach::Public),
];

impl Class {
    /// Judges an address.
    pub(super) fn of(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(address) => Self::of_v4(address),
            IpAddr::V6(address) => Self::of_v6(address),
        }
    }

    fn of_v4(address: Ipv4Addr) -> Self {
        if METADATA_V4.contains(&address) {
            return Self::plain(METADATA, Reach::Never);
        }
        let holds = |block: Ipv4Addr, length: u32| (address.to_bits() ^ block.to_bits()).leading_zeros() >= length;
        let block = BLOCKS_V4.iter().find(|(block, length, ..)| holds(*block, *length));
        block.map_or(Self::plain("public", Reach::Public), |(_, _, reason, reach)| Self::plain(reason, *reach))
    }

    fn of_v6(address: Ipv6Addr) -> Self {
        if METADATA_V6.contains(&address) {
            return Self::plain(METADATA, Reach::Never);
        }
        let holds = |block: Ipv6Addr, length: u32| (address.to_bits() ^ block.to_bits()).leading_zeros() >= length;
        let block = BLOCKS_V6.iter().find(|(block, length, ..)| holds(*block, *length));
        let own =
            block.map_or(Self::plain(RESERVED, Reach::Private), |(_, _, reason, reach)| Self::plain(reason, *reach));
        let forms = forms(address);
        if own.reach == Reach::Never || forms.is_empty() {
            return own;
        }
        let embedded: Vec<_> = forms.iter().map(|(_, v4)| *v4).collect();
        // What must never be reached is not reached by another spelling either.
        let never = embedded.iter().map(|v4| Self::of_v4(*v4)).find(|class| class.reach == Reach::Never);
        never.unwrap_or_else(|| Self { reason: forms[0].0, reach: Reach::Private, embedded })
    }

    fn plain(reason: &'static str, reach: Reach) -> Self {
        Self { reason, reach, embedded: Vec::new() }
    }
}

/// The IPv4 addresses that an IPv6 address may lead to, each with the name of the form that embeds it.
fn forms(address: Ipv6Addr) -> Vec<(&'static str, Ipv4Addr)> {
    let bits = address.to_bits();
    let v4_at = |first_bit: u32| Ipv4Addr::from_bits(lower_32(bits >> (96 - first_bit)));
    let last = v4_at(96);
    let mut forms = Vec::new();
    match address.segments() {
        // The loopback address has the form, but is an address of its own.
        [0, 0, 0, 0, 0, 0, ..] if address != Ipv6Addr::LOCALHOST => forms.push(("IPv4-compatible", last)),
        [0, 0, 0, 0, 0, 0xffff, ..] => forms.push(("IPv4-mapped", last)),
        [0, 0, 0, 0, 0xffff, 0, ..] => forms.push(("IPv4-translated", last)),
        [0x2002, ..] => forms.push(("6to4", v4_at(16))),
        // The client's address is inverted; the server's is not.
        [0x2001, 0, ..] => forms.extend([("Teredo", v4_at(32)), ("Teredo", Ipv4Addr::from_bits(!last.to_bits()))]),
        [0x64, 0xff9b, 0, 0, 0, 0, ..] => forms.push(("NAT64", last)),
        [0x64, 0xff9b, 1, ..] => forms.extend(local_nat64(bits).into_iter().map(|v4| ("NAT64", v4))),
        _ => {}
    }
    // Below any prefix; bits 6 and 7 of the interface identifier say whether the address is unique, and whether it is one.
    if lower_32(bits >> 32) & 0xfcff_ffff == 0x5efe {
        forms.push(("ISATAP", last));
    }
    forms
}

/// What a NAT64 of one's own (64:ff9b:1::/48) may take for the IPv4 address. How long its prefix is cannot be seen; but
/// whatever follows the IPv4 address is zero.
fn local_nat64(bits: u128) -> Vec<Ipv4Addr> {
    let last = Ipv4Addr::from_bits(lower_32(bits));
    // Bits 64 to 71 are zero wherever they stand within the IPv4 address, and are left out of it.
    let around = |before: u32| {
        let upper = (bits >> 64) & ((1 << before) - 1);
        let after = 32 - before;
        let lower = (bits >> (56 - after)) & ((1 << after) - 1);
        Ipv4Addr::from_bits(lower_32((upper << after) | lower))
    };
    match bits.trailing_zeros() {
        40.. => vec![around(16)],
        32.. => vec![around(8)],
        24.. => vec![around(0), last],
        _ => vec![last],
    }
}

fn lower_32(bits: u128) -> u32 {
    (bits & u128::from(u32::MAX)) as u32
}
