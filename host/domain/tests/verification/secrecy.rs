//! Nothing that is printed helps a forger.

use serde_json::json;

use crate::support::*;

const SECRET: &str = "correct horse battery staple";

#[test]
fn neither_secret_nor_expected_signature_is_ever_printed() {
    let whsec = format!("whsec_{}", base64(SECRET.as_bytes()));
    let rules = json!({
        "verify": [
            { "scheme": "hmac", "hash": "sha256", "encoding": "hex", "header": "x-s", "secret": "/hmac" },
            { "scheme": "token", "header": "x-t", "query": "t", "path": true, "secret": "/hmac" },
            { "scheme": "basic", "user": "/user", "secret": "/hmac" },
            { "scheme": "standard-webhooks", "secret": "/whsec" },
        ],
    });
    let manifest = manifest(&rules);
    let config = config(&manifest, json!({ "hmac": SECRET, "user": "u", "whsec": whsec }));
    let verifier = compile(&rules, config.value().clone(), false).expect("valid");
    let expected = hmac_sha256(SECRET.as_bytes(), "body");
    let mut printed =
        vec![format!("{verifier:?}"), format!("{verifier:#?}"), format!("{:?}", config.secrets_at("/hmac"))];
    let requests = [
        post("body"),
        post("body").header("x-s", "00"),
        post("body").header("x-s", hex(&expected[..31])),
        post("body").header("x-t", "wrong"),
        post("body").header("authorization", format!("Basic {}", base64(b"u:wrong"))),
    ];
    for request in requests {
        let refused = verifier.verify(request, now()).expect_err("refused");
        printed.extend([refused.to_string(), format!("{refused:?}")]);
    }
    let passed = accepted(&verifier, post("body").query("t=correct+horse+battery+staple"));
    printed.push(format!("{passed:?}"));
    for text in printed {
        for secret in [SECRET, "correct", &hex(&expected), &base64(&expected), &base64(SECRET.as_bytes())] {
            assert!(!text.contains(secret), "{secret} in {text}");
        }
        assert!(!text.contains(&format!("{expected:?}")), "{text}");
    }
}
