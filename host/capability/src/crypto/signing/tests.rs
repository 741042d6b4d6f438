use ring::signature::{ECDSA_P256_SHA256_FIXED, ED25519, UnparsedPublicKey};

use super::*;
use crate::refusal::RefusalCode;

fn pem(der: &[u8]) -> String {
    let base64 = STANDARD.encode(der);
    let lines: Vec<_> = base64.as_bytes().chunks(64).map(|line| String::from_utf8_lossy(line)).collect();
    format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", lines.join("\n"))
}

#[test]
fn elliptic_signatures_verify_under_the_public_key() {
    use ring::signature::KeyPair as _;
    let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random()).expect("a key");
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref(), &random()).expect("a key");
    let es256_key = pem(document.as_ref());
    let signature = sign("es256", es256_key.as_bytes(), b"data").expect("signed");
    assert_eq!(signature.len(), 64);
    let public = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, pair.public_key());
    public.verify(b"data", &signature).expect("verifies");
    assert!(public.verify(b"date", &signature).is_err());

    let document = Ed25519KeyPair::generate_pkcs8(&random()).expect("a key");
    let pair = Ed25519KeyPair::from_pkcs8(document.as_ref()).expect("a key");
    let one_line = pem(document.as_ref()).replace('\n', "\\n");
    for key in [pem(document.as_ref()), one_line, format!("Key of shop\r\n{}", pem(document.as_ref()))] {
        let signature = sign("ed25519", key.as_bytes(), b"data").expect("signed");
        UnparsedPublicKey::new(&ED25519, pair.public_key()).verify(b"data", &signature).expect("verifies");
    }
    assert_eq!(sign("ed25519", es256_key.as_bytes(), b"").expect_err("another sort").code, RefusalCode::Invalid);
    assert_eq!(sign("rs256", es256_key.as_bytes(), b"").expect_err("another sort").code, RefusalCode::Invalid);
}

/// RFC 8032, section 7.1, test 1, with its key as RFC 8410 writes one without its public part.
#[test]
fn ed25519_is_that_of_the_standard() {
    let der = bytes("302e020100300506032b6570042204209d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60");
    let expected = "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f059\
        5bbe24655141438e7a100b";
    assert_eq!(sign("ed25519", pem(&der).as_bytes(), b"").expect("signed"), bytes(expected));
}

/// The key and its signature were made with `openssl genrsa`, `openssl pkcs8 -topk8` and `openssl dgst -sha256 -sign`.
#[test]
fn rs256_is_what_openssl_signs() {
    let signature = sign("rs256", include_bytes!("../../../../../tests/vectors/rs256.pem"), b"data").expect("signed");
    assert_eq!(STANDARD.encode(signature), include_str!("../../../../../tests/vectors/rs256.sig.b64").trim());
}

fn bytes(hex: &str) -> Vec<u8> {
    let digit = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).expect("hex");
    (0..hex.len()).step_by(2).map(digit).collect()
}

#[test]
fn a_wrong_key_is_refused_without_showing_it() {
    let bodies = [
        "",
        "s3cret-s3cret",
        "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----",
        "-----BEGIN PRIVATE KEY-----\ns3cret",
        "-----BEGIN PRIVATE KEY-----\n!!!!\n-----END PRIVATE KEY-----",
        "-----BEGIN PRIVATE KEY-----\nczNjcmV0\n-----END PRIVATE KEY-----",
    ];
    for key in bodies {
        for algorithm in ["rs256", "es256", "ed25519"] {
            let refusal = sign(algorithm, key.as_bytes(), b"data").expect_err("refused");
            assert_eq!(refusal.code, RefusalCode::Invalid);
            assert!(!refusal.message.contains("s3cret"), "{}", refusal.message);
        }
    }
    assert_eq!(sign("none", b"", b"").expect_err("refused").code, RefusalCode::Invalid);
}
