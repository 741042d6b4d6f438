//! Ranges of addresses as operators write them: `10.0.0.0/8`, `fd00::/8`.

use std::net::IpAddr;

use ipnet::IpNet;

/// Why a text is not a range of addresses, as words that follow the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRange {
    /// It is not an address with a prefix length.
    #[error("is not a range of addresses, such as 10.0.0.0/8 or fd00::/8")]
    Shape,
    /// It names an address within the range: which of the two was meant cannot be known.
    #[error("has bits set beyond its first {0}; name the start of the range")]
    BitsBeyond(u8),
}

/// Reads a range: the address that it starts at, and the length of its prefix. Octets have no leading zeros, which other
/// programs read as octal.
pub fn parse(text: &str) -> Result<IpNet, InvalidRange> {
    let (address, length) = text.split_once('/').ok_or(InvalidRange::Shape)?;
    let address: IpAddr = address.parse().map_err(|_| InvalidRange::Shape)?;
    let is_number = !length.is_empty() && length.bytes().all(|byte| byte.is_ascii_digit());
    let length: u8 = length.parse().ok().filter(|_| is_number).ok_or(InvalidRange::Shape)?;
    let range = IpNet::new(address, length).map_err(|_| InvalidRange::Shape)?;
    if range.trunc() == range { Ok(range) } else { Err(InvalidRange::BitsBeyond(length)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_an_address_with_a_length_and_nothing_beyond_it() {
        for good in ["10.0.0.0/8", "127.0.0.1/32", "0.0.0.0/0", "192.168.4.0/22", "fd00::/8", "::1/128", "::/0"] {
            assert_eq!(parse(good).map(|range| range.to_string()).as_deref(), Ok(good));
        }
        for bad in [
            "",
            "/",
            "10.0.0.0",
            "10.0.0.0/33",
            "10.0.0.0/-1",
            "10.0.0.0/+8",
            "10.0.0.0/256",
            "10.0.0.0/264",
            "10/8",
            "010.0.0.0/8",
            "host/8",
            "::/129",
            "10.0.0.0/",
            " 10.0.0.0/8",
            "10.0.0.0/8/8",
            "[::]/0",
            "fe80::%1/64",
        ] {
            assert_eq!(parse(bad), Err(InvalidRange::Shape), "{bad}");
        }
        for (bad, length) in [("10.0.0.1/8", 8), ("fd00::1/64", 64), ("0.0.0.1/0", 0), ("10.0.0.3/31", 31)] {
            assert_eq!(parse(bad), Err(InvalidRange::BitsBeyond(length)), "{bad}");
        }
    }
}
