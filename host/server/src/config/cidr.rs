//! Ranges of addresses: `10.0.0.0/8`, `fd00::/8`.

use std::net::IpAddr;

/// Says what is wrong with a range of addresses, as words that follow it.
///
/// # Errors
/// It is not an address with a prefix length, or has bits beyond that length.
pub(super) fn check(text: &str) -> Result<(), String> {
    let expected = || "is not a range of addresses, such as 10.0.0.0/8 or fd00::/8".to_owned();
    let (address, length) = text.split_once('/').ok_or_else(expected)?;
    let address: IpAddr = address.parse().map_err(|_| expected())?;
    let bits = if address.is_ipv4() { 32 } else { 128 };
    let is_number = !length.is_empty() && length.bytes().all(|byte| byte.is_ascii_digit());
    let length: u32 = length.parse().ok().filter(|length| is_number && *length <= bits).ok_or_else(expected)?;
    let value = match address {
        IpAddr::V4(address) => u128::from(u32::from(address)) << 96,
        IpAddr::V6(address) => u128::from(address),
    };
    let beyond = value.checked_shl(length).unwrap_or(0);
    if beyond == 0 {
        Ok(())
    } else {
        Err(format!("has bits set beyond its first {length}; name the start of the range"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_an_address_with_a_length_and_nothing_beyond_it() {
        for good in ["10.0.0.0/8", "127.0.0.1/32", "0.0.0.0/0", "192.168.4.0/22", "fd00::/8", "::1/128", "::/0"] {
            assert_eq!(check(good), Ok(()), "{good}");
        }
        for bad in [
            "",
            "10.0.0.0",
            "10.0.0.0/33",
            "10.0.0.0/-1",
            "10.0.0.0/+8",
            "10/8",
            "host/8",
            "10.0.0.1/8",
            "fd00::1/64",
            "::/129",
            "10.0.0.0/",
        ] {
            assert!(check(bad).is_err(), "{bad}");
        }
    }
}
