use std::net::IpAddr;

use ipnet::IpNet;
use proptest::prelude::*;
use url::{Host, Url};

use super::AddressPolicy;
use crate::host_pattern::Origin;

fn policy(ranges: &[&str]) -> AddressPolicy {
    AddressPolicy::new(ranges.iter().map(|range| range.parse::<IpNet>().expect("a range")))
}

fn address(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

/// The reason, and the ranges that would permit it.
fn refusal(policy: &AddressPolicy, text: &str) -> Option<(&'static str, Vec<String>)> {
    let refused = policy.check(address(text)).err()?;
    assert_eq!(refused.address, address(text));
    Some((refused.reason, refused.grantable.iter().map(ToString::to_string).collect()))
}

/// Refused unless exactly this address is granted.
const PRIVATE: &[(&str, &str)] = &[
    ("10.0.0.0", "private"),
    ("10.255.255.255", "private"),
    ("172.16.0.0", "private"),
    ("172.31.255.255", "private"),
    ("192.168.0.0", "private"),
    ("192.168.255.255", "private"),
    ("100.64.0.0", "carrier-grade NAT"),
    ("100.127.255.255", "carrier-grade NAT"),
    ("127.0.0.0", "loopback"),
    ("127.0.0.1", "loopback"),
    ("127.255.255.255", "loopback"),
    ("169.254.0.0", "link-local"),
    ("169.254.169.253", "link-local"),
    ("169.254.255.255", "link-local"),
    ("192.0.0.0", "reserved"),
    ("192.0.0.255", "reserved"),
    ("192.0.2.0", "documentation"),
    ("192.0.2.255", "documentation"),
    ("192.31.196.0", "reserved"),
    ("192.31.196.255", "reserved"),
    ("192.52.193.0", "reserved"),
    ("192.52.193.255", "reserved"),
    ("192.88.99.0", "reserved"),
    ("192.88.99.255", "reserved"),
    ("192.175.48.0", "reserved"),
    ("192.175.48.255", "reserved"),
    ("198.18.0.0", "benchmark"),
    ("198.19.255.255", "benchmark"),
    ("198.51.100.0", "documentation"),
    ("198.51.100.255", "documentation"),
    ("203.0.113.0", "documentation"),
    ("203.0.113.255", "documentation"),
    ("240.0.0.0", "reserved"),
    ("255.255.255.254", "reserved"),
    ("::1", "loopback"),
    ("64:ff9a:ffff:ffff:ffff:ffff:ffff:ffff", "reserved"),
    ("64:ff9b:0:0:0:1::", "reserved"),
    ("64:ff9b:2::", "reserved"),
    ("100::", "reserved"),
    ("1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "reserved"),
    ("2001:1::1", "reserved"),
    ("2001:10::", "reserved"),
    ("2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff", "reserved"),
    ("2001:db8::", "documentation"),
    ("2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", "documentation"),
    ("2620:4f:8000::", "reserved"),
    ("2620:4f:8000:ffff:ffff:ffff:ffff:ffff", "reserved"),
    ("3fff::", "documentation"),
    ("3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff", "documentation"),
    ("4000::", "reserved"),
    ("5f00::1", "reserved"),
    ("fbff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "reserved"),
    ("fc00::", "unique local"),
    ("fd00:ec2::253", "unique local"),
    ("fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "unique local"),
    ("fe00::", "reserved"),
    ("fe80::", "link-local"),
    ("fe80::1", "link-local"),
    ("febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "link-local"),
    ("fec0::", "site-local"),
    ("feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "site-local"),
];

/// The neighbours of the blocks above, and others.
const PUBLIC: &[&str] = &[
    "1.0.0.0",
    "9.255.255.255",
    "11.0.0.0",
    "100.63.255.255",
    "100.128.0.0",
    "126.255.255.255",
    "128.0.0.0",
    "168.63.129.15",
    "168.63.129.17",
    "169.253.255.255",
    "169.255.0.0",
    "172.15.255.255",
    "172.32.0.0",
    "191.255.255.255",
    "192.0.1.0",
    "192.0.1.255",
    "192.0.3.0",
    "192.31.195.255",
    "192.31.197.0",
    "192.52.192.255",
    "192.52.194.0",
    "192.88.98.255",
    "192.88.100.0",
    "192.167.255.255",
    "192.169.0.0",
    "192.175.47.255",
    "192.175.49.0",
    "198.17.255.255",
    "198.20.0.0",
    "198.51.99.255",
    "198.51.101.0",
    "203.0.112.255",
    "203.0.114.0",
    "223.255.255.255",
    "8.8.8.8",
    "2000::",
    "2001:200::",
    "2001:db7:ffff:ffff:ffff:ffff:ffff:ffff",
    "2001:db9::",
    "2001:4860:4860::8888",
    "2003::",
    "2620:4f:7fff:ffff:ffff:ffff:ffff:ffff",
    "2620:4f:8001::",
    "2a00::5efd:a00:1",
    "3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    "3fff:1000::",
];

/// What no grant permits.
const NEVER: &[(&str, &str)] = &[
    ("0.0.0.0", "unspecified"),
    ("0.0.0.1", "unspecified"),
    ("0.255.255.255", "unspecified"),
    ("224.0.0.0", "multicast"),
    ("239.255.255.255", "multicast"),
    ("255.255.255.255", "broadcast"),
    ("169.254.169.254", "cloud metadata"),
    ("169.254.170.2", "cloud metadata"),
    ("169.254.170.23", "cloud metadata"),
    ("100.100.100.200", "cloud metadata"),
    ("192.0.0.192", "cloud metadata"),
    ("168.63.129.16", "cloud metadata"),
    ("::", "unspecified"),
    ("::2", "unspecified"),
    ("::ff:ffff", "unspecified"),
    ("ff00::", "multicast"),
    ("ff02::1", "multicast"),
    ("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "multicast"),
    ("fd00:ec2::254", "cloud metadata"),
    ("fd00:ec2::23", "cloud metadata"),
    ("fd20:ce::254", "cloud metadata"),
    ("::ffff:169.254.169.254", "cloud metadata"),
    ("::ffff:168.63.129.16", "cloud metadata"),
    ("::169.254.169.254", "cloud metadata"),
    ("::ffff:0:169.254.169.254", "cloud metadata"),
    ("64:ff9b::a9fe:a9fe", "cloud metadata"),
    ("64:ff9b:1::a9fe:a9fe", "cloud metadata"),
    ("64:ff9b:1:a9fe:a9:fe00::", "cloud metadata"),
    ("64:ff9b:1:a9:fe:a9fe::", "cloud metadata"),
    ("64:ff9b:1:0:a9:fea9:fe00:0", "cloud metadata"),
    ("2002:a9fe:a9fe::", "cloud metadata"),
    ("2002:a9fe:a9fe::1", "cloud metadata"),
    // The server, then the inverted client.
    ("2001:0:a9fe:a9fe:0:0:f7f7:f7f7", "cloud metadata"),
    ("2001:0:808:808::5601:5601", "cloud metadata"),
    ("2a00::5efe:a9fe:a9fe", "cloud metadata"),
    ("fe80::200:5efe:a9fe:a9fe", "cloud metadata"),
    ("169.254.0.23", "cloud metadata"),
    ("::ffff:169.254.0.23", "cloud metadata"),
    ("169.254.42.42", "cloud metadata"),
    ("64:ff9b::169.254.42.42", "cloud metadata"),
    ("fd00:42::42", "cloud metadata"),
    ("fe80::a9fe:a9fe", "cloud metadata"),
    ("::ffff:0.0.0.0", "unspecified"),
    ("::ffff:224.0.0.1", "multicast"),
    ("::ffff:255.255.255.255", "broadcast"),
    ("2002::1", "unspecified"),
];

/// Never public, whatever they embed; a grant must permit both.
const EMBEDDING: &[(&str, &str, &[&str])] = &[
    ("::ffff:127.0.0.1", "IPv4-mapped", &["127.0.0.1/32"]),
    ("::ffff:10.0.0.5", "IPv4-mapped", &["10.0.0.5/32"]),
    ("::ffff:8.8.8.8", "IPv4-mapped", &[]),
    ("::127.0.0.1", "IPv4-compatible", &["127.0.0.1/32"]),
    ("::8.8.8.8", "IPv4-compatible", &[]),
    ("::ffff:0:7f00:1", "IPv4-translated", &["127.0.0.1/32"]),
    ("64:ff9b::7f00:1", "NAT64", &["127.0.0.1/32"]),
    ("64:ff9b::808:808", "NAT64", &[]),
    ("64:ff9b:1::7f00:1", "NAT64", &["127.0.0.1/32"]),
    ("64:ff9b:1:a00:0:500::", "NAT64", &["10.0.0.5/32"]),
    ("64:ff9b:1:a:0:5::", "NAT64", &["10.0.0.5/32"]),
    ("64:ff9b:1:ffff:a:1:500:0", "NAT64", &["10.0.1.5/32"]),
    ("2002:7f00:1::", "6to4", &["127.0.0.1/32"]),
    ("2002:7f00:1:ffff:ffff:ffff:ffff:ffff", "6to4", &["127.0.0.1/32"]),
    ("2002:808:808::1", "6to4", &[]),
    ("2001:0:a00:1::f7f7:f7f7", "Teredo", &["10.0.0.1/32"]),
    ("2001:0:808:808::f5ff:fffe", "Teredo", &["10.0.0.1/32"]),
    ("2001:0:a00:2::f5ff:fffe", "Teredo", &["10.0.0.2/32", "10.0.0.1/32"]),
    ("2001:0:808:808::f7f7:f7f7", "Teredo", &[]),
    ("fe80::5efe:a00:1", "ISATAP", &["10.0.0.1/32"]),
    ("2a00:1450::200:5efe:a00:1", "ISATAP", &["10.0.0.1/32"]),
    ("2a00:1450::5efe:808:808", "ISATAP", &[]),
    ("2a00:1450::300:5efe:808:808", "ISATAP", &[]),
    ("2002:808:808::5efe:a00:1", "6to4", &["10.0.0.1/32"]),
];

const EVERYTHING: [&str; 2] = ["0.0.0.0/0", "::/0"];

fn single(text: &str) -> String {
    IpNet::from(address(text)).to_string()
}

#[test]
fn public_addresses_need_no_grant() {
    for text in PUBLIC {
        assert_eq!(refusal(&policy(&[]), text), None, "{text}");
    }
}

#[test]
fn what_is_not_public_needs_exactly_its_own_grant() {
    for (text, reason) in PRIVATE {
        let own = single(text);
        assert_eq!(refusal(&policy(&[]), text), Some((*reason, vec![own.clone()])), "{text}");
        assert_eq!(refusal(&policy(&[&own]), text), None, "{text}");
    }
}

#[test]
fn no_grant_is_wide_enough_for_some_addresses() {
    for (text, reason) in NEVER {
        for ranges in [&[][..], &EVERYTHING, &[&single(text)]] {
            assert_eq!(refusal(&policy(ranges), text), Some((*reason, Vec::new())), "{text} with {ranges:?}");
        }
    }
}

#[test]
fn an_embedded_address_must_be_permitted_as_well() {
    for (text, reason, embedded) in EMBEDDING {
        let all: Vec<_> = std::iter::once(single(text)).chain(embedded.iter().map(ToString::to_string)).collect();
        assert_eq!(refusal(&policy(&[]), text), Some((*reason, all.clone())), "{text}");
        for (index, missing) in all.iter().enumerate() {
            let others: Vec<_> = all.iter().enumerate().filter(|(i, _)| *i != index).map(|(_, r)| r.as_str()).collect();
            assert_eq!(refusal(&policy(&others), text), Some((*reason, vec![missing.clone()])), "{text}");
        }
        let all: Vec<_> = all.iter().map(String::as_str).collect();
        assert_eq!(refusal(&policy(&all), text), None, "{text}");
    }
}

#[test]
fn every_spelling_in_a_url_is_the_address_itself() {
    for (host, expected) in [
        ("127.0.0.1", "127.0.0.1"),
        ("2130706433", "127.0.0.1"),
        ("0177.0.0.1", "127.0.0.1"),
        ("0x7f.1", "127.0.0.1"),
        ("0x7f000001", "127.0.0.1"),
        ("0X7F.0.0.0x1", "127.0.0.1"),
        ("017700000001", "127.0.0.1"),
        ("127.1", "127.0.0.1"),
        ("127.0.1", "127.0.0.1"),
        ("127.0.0.1.", "127.0.0.1"),
        ("%31%32%37.0.0.1", "127.0.0.1"),
        ("１２７.0.0.1", "127.0.0.1"),
        ("127。0。0。1", "127.0.0.1"),
        ("0", "0.0.0.0"),
        ("[::ffff:127.0.0.1]", "::ffff:127.0.0.1"),
        ("[::ffff:7f00:1]", "::ffff:127.0.0.1"),
        ("[0:0:0:0:0:FFFF:7F00:0001]", "::ffff:127.0.0.1"),
        ("[::127.0.0.1]", "::127.0.0.1"),
        ("[64:ff9b::7f00:1]", "64:ff9b::7f00:1"),
        ("[2002:7f00:1::]", "2002:7f00:1::"),
        ("[2001:0:808:808::f5ff:fffe]", "2001:0:808:808::f5ff:fffe"),
        ("[::1]", "::1"),
        ("169.254.169.254", "169.254.169.254"),
        ("2852039166", "169.254.169.254"),
        ("0xa9fea9fe", "169.254.169.254"),
        ("0xa9.0xfe.0xa9.0xfe", "169.254.169.254"),
        ("0251.0376.0251.0376", "169.254.169.254"),
        ("169.254.43518", "169.254.169.254"),
        ("169.16689662", "169.254.169.254"),
        ("[::ffff:a9fe:a9fe]", "::ffff:169.254.169.254"),
        ("[::a9fe:a9fe]", "::169.254.169.254"),
        ("[64:ff9b::169.254.169.254]", "64:ff9b::a9fe:a9fe"),
        ("[2002:a9fe:a9fe::]", "2002:a9fe:a9fe::"),
        ("[fd00:ec2:0::254]", "fd00:ec2::254"),
        ("1684301000", "100.100.100.200"),
        ("0xa83f8110", "168.63.129.16"),
    ] {
        for scheme in ["http", "https"] {
            let origin = Origin::of(&Url::parse(&format!("{scheme}://{host}/x")).expect(host)).expect(host);
            let found = match origin.host {
                Host::Ipv4(found) => IpAddr::V4(found),
                Host::Ipv6(found) => IpAddr::V6(found),
                Host::Domain(name) => panic!("{host} is taken for the name {name}"),
            };
            assert_eq!(found, address(expected), "{host}");
            assert!(policy(&[]).check(found).is_err(), "{host}");
        }
    }
}

#[test]
fn numbers_that_are_no_address_are_no_url() {
    for host in ["256.0.0.1", "1.2.3.4.5", "0x100000000", "4294967296", "127.0.0.0x", "09.0.0.1", "a.127", "[::1%lo]"] {
        let url = Url::parse(&format!("https://{host}/"));
        // `0x` alone is zero for a URL.
        let unspecified = |url: &Url| url.host() == Some(Host::Ipv4([127, 0, 0, 0].into()));
        assert!(url.as_ref().is_err() || url.as_ref().is_ok_and(unspecified), "{host}: {url:?}");
    }
}

#[test]
fn without_a_grant_plain_http_reaches_only_what_is_listed() {
    let listed = policy(&["10.0.0.0/8", "9.9.9.9/32", "::ffff:0:0/96"]);
    assert!(!listed.is_private_only() && listed.check(address("8.8.8.8")).is_ok());
    let only = listed.private_only();
    assert!(only.is_private_only() && only.private_only() == only && only != listed);
    assert_eq!(refusal(&only, "8.8.8.8"), Some(("public", vec!["8.8.8.8/32".to_owned()])));
    assert_eq!(refusal(&only, "2a00::1"), Some(("public", vec!["2a00::1/128".to_owned()])));
    assert_eq!(refusal(&only, "::ffff:8.8.8.8"), Some(("IPv4-mapped", vec!["8.8.8.8/32".to_owned()])));
    for permitted in ["10.1.2.3", "9.9.9.9", "::ffff:10.1.2.3"] {
        assert_eq!(refusal(&only, permitted), None, "{permitted}");
    }
}

#[test]
fn a_range_of_one_family_says_nothing_of_the_other() {
    assert!(refusal(&policy(&["0.0.0.0/0"]), "::ffff:10.0.0.1").is_some());
    assert!(refusal(&policy(&["0.0.0.0/0"]), "::1").is_some());
    assert!(refusal(&policy(&["::/0"]), "10.0.0.1").is_some());
    assert_eq!(refusal(&policy(&EVERYTHING), "::ffff:10.0.0.1"), None);
}

#[test]
fn policies_of_the_same_addresses_are_equal() {
    let whole = policy(&["10.0.0.0/8", "fd00::/8"]);
    for same in [
        &["fd00::/8", "10.0.0.0/8"][..],
        &["10.0.0.0/9", "10.128.0.0/9", "fd00::/8"],
        &["10.0.0.0/8", "10.1.0.0/16", "fd00::/8", "fd00::/8"],
        &["10.1.2.3/8", "fd00::1/8"],
    ] {
        assert_eq!(policy(same), whole, "{same:?}");
    }
    assert_ne!(policy(&["10.0.0.0/9", "fd00::/8"]), whole);
    assert_ne!(policy(&[]), whole);
}

#[test]
fn a_refusal_is_a_sentence() {
    let sentence = |text: &str| policy(&[]).check(address(text)).expect_err("refused").to_string();
    for (text, expected) in [
        ("127.0.0.1", "127.0.0.1 is a loopback address"),
        ("0.0.0.0", "0.0.0.0 is an unspecified address"),
        ("fc00::1", "fc00::1 is a unique local address"),
        ("::ffff:1.2.3.4", "::ffff:1.2.3.4 is an IPv4-mapped address"),
        ("fe80::5efe:a00:1", "fe80::5efe:a00:1 is an ISATAP address"),
        ("169.254.169.254", "169.254.169.254 is a cloud metadata address"),
    ] {
        assert_eq!(sentence(text), expected);
    }
}

fn any_address() -> impl Strategy<Value = IpAddr> {
    let embedding = [0, 0xffff_u128 << 32, 0xffff_u128 << 48, 0x64_ff9b << 96, 0x64_ff9b_0001 << 80, 0x5efe << 32];
    prop_oneof![
        any::<u32>().prop_map(|bits| IpAddr::V4(bits.into())),
        any::<u128>().prop_map(|bits| IpAddr::V6(bits.into())),
        (0..embedding.len(), any::<u32>())
            .prop_map(move |(form, v4)| IpAddr::V6((embedding[form] | u128::from(v4)).into())),
        (any::<u32>(), any::<u64>())
            .prop_map(|(v4, rest)| IpAddr::V6((0x2002 << 112 | u128::from(v4) << 80 | u128::from(rest)).into())),
        (any::<u32>(), any::<u64>())
            .prop_map(|(v4, rest)| IpAddr::V6((0x2001 << 112 | u128::from(v4) << 64 | u128::from(rest)).into())),
    ]
}

proptest! {
    #[test]
    fn what_a_refusal_suggests_is_what_it_takes(address in any_address()) {
        let refused = policy(&[]).check(address);
        let Err(refusal) = refused else { return Ok(()) };
        if refusal.grantable.is_empty() {
            prop_assert!(policy(&EVERYTHING).check(address).is_err());
        } else {
            prop_assert_eq!(AddressPolicy::new(refusal.grantable.clone()).check(address), Ok(()));
            let incomplete = AddressPolicy::new(refusal.grantable[1..].to_vec());
            prop_assert!(incomplete.check(address).is_err());
        }
    }

    #[test]
    fn an_embedded_address_is_no_way_around(v4 in any::<u32>(), form in 0..5_usize) {
        let v4 = std::net::Ipv4Addr::from(v4);
        let low = u128::from(v4.to_bits());
        let spelled = [low | 0xffff << 32, low | 0x64_ff9b << 96, low << 80 | 0x2002 << 112, low | 0x5efe << 32 | 0x2a00 << 112, low | 0xffff << 48][form];
        let policy = policy(&["::/0"]);
        prop_assert_eq!(policy.check(IpAddr::V6(spelled.into())).is_ok(), policy.check(IpAddr::V4(v4)).is_ok());
    }
}
