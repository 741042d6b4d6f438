//! The shell command that sends a signed webhook with curl. The secret is not in it: the command reads `$SECRET`.

use hookyard_domain::manifest::sample::Sample;
use hookyard_domain::manifest::webhook::{Encoding, HashName, Scheme, TimestampUnit, VerifyRule, WebhookRules};
use serde_json::Value;

/// What is to be sent.
pub(crate) struct Outgoing {
    pub(crate) url: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Body,
}

/// Where the bytes of a body come from.
pub(crate) enum Body {
    /// From the command itself.
    Text { text: String, is_json: bool },
    /// From a file of this name.
    File(String),
}

/// The scheme signs with something that a command cannot have.
#[derive(Debug)]
pub(crate) struct CannotSign(String);

impl std::fmt::Display for CannotSign {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "no curl command can sign this webhook: {}", self.0)
    }
}

impl std::error::Error for CannotSign {}

impl Body {
    /// The body of a sample.
    ///
    /// # Errors
    /// Its bytes are given as base64, which a shell variable cannot hold.
    pub(crate) fn of_sample(sample: &Sample) -> Result<Self, CannotSign> {
        let raw = sample.body.as_ref().map_or("", |body| body.get());
        match serde_json::from_str(raw).unwrap_or_default() {
            Value::String(text) => Ok(Self::Text { text, is_json: false }),
            Value::Object(object) if object.len() == 1 && object.contains_key("base64") => {
                Err(CannotSign("the sample's body is binary; write it to a file and use --file".to_owned()))
            }
            _ => Ok(Self::Text { text: raw.to_owned(), is_json: !raw.is_empty() }),
        }
    }

    /// A shell command that writes the body to stdout.
    fn print(&self) -> String {
        match self {
            Self::Text { .. } => "printf %s \"$BODY\"".to_owned(),
            Self::File(path) => format!("cat -- {}", quoted(path)),
        }
    }
}

/// The command, and the config pointer of what `$SECRET` must hold. The first rule counts that a command can follow.
///
/// # Errors
/// There is no such rule.
pub(crate) fn command(rules: &WebhookRules, outgoing: &Outgoing) -> Result<(String, Option<String>), CannotSign> {
    let method = rules.methods.first().map_or("POST", String::as_str);
    let mut reason = CannotSign("the manifest names no way to verify it".to_owned());
    for rule in rules.verify.as_slice() {
        match Script::new(method, outgoing).signed(rule) {
            Ok(script) => return Ok((script.text(), rule.secret.clone())),
            Err(error) => reason = error,
        }
    }
    Err(reason)
}

struct Script<'a> {
    outgoing: &'a Outgoing,
    method: &'a str,
    /// Shell words; double quotes where variables are filled in.
    url: String,
    headers: Vec<String>,
    /// Lines before curl.
    before: Vec<String>,
}

impl<'a> Script<'a> {
    fn new(method: &'a str, outgoing: &'a Outgoing) -> Self {
        let mut before = Vec::new();
        let mut headers: Vec<_> =
            outgoing.headers.iter().map(|(name, value)| quoted(&format!("{name}: {value}"))).collect();
        let typed = outgoing.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type"));
        if let Body::Text { text, .. } = &outgoing.body {
            before.push(format!("BODY={}", quoted(text)));
        }
        if !typed {
            let is_text = matches!(outgoing.body, Body::Text { is_json: false, .. });
            headers.push(
                if is_text { "'content-type: text/plain'" } else { "'content-type: application/json'" }.to_owned(),
            );
        }
        Self { outgoing, method, url: quoted(&outgoing.url), headers, before }
    }

    fn signed(mut self, rule: &VerifyRule) -> Result<Self, CannotSign> {
        match rule.scheme {
            Scheme::None => {}
            Scheme::Hmac => self.hmac(rule)?,
            Scheme::StandardWebhooks => self.standard_webhooks(),
            Scheme::Token => self.token(rule)?,
            Scheme::Basic => self.headers.push(
                "\"authorization: Basic $(printf %s \"$SECRET_USER:$SECRET\" | base64 | tr -d '\\n')\"".to_owned(),
            ),
            Scheme::RsaPkcs1Sha256 | Scheme::Ed25519 => {
                return Err(CannotSign("only the provider has the private key that signs it".to_owned()));
            }
        }
        Ok(self)
    }

    fn hmac(&mut self, rule: &VerifyRule) -> Result<(), CannotSign> {
        let header =
            rule.header.as_ref().ok_or_else(|| CannotSign("its signature does not stand in a header".to_owned()))?;
        let hash = match rule.hash {
            Some(HashName::Sha1) => "sha1",
            Some(HashName::Sha256) | None => "sha256",
            Some(HashName::Sha512) => "sha512",
        };
        let encoded = match rule.encoding {
            Some(Encoding::Hex) | None => "-r | cut -d' ' -f1",
            Some(Encoding::Base64) => "-binary | base64 | tr -d '\\n'",
            Some(Encoding::Base64url) => "-binary | base64 | tr -d '\\n' | tr '+/' '-_'",
        };
        let mut value = format!("{}$SIGNATURE", rule.prefix.as_deref().unwrap_or_default());
        if let (Some(separator), Some(part)) = (&rule.parts, &rule.signature_part) {
            value = format!("{part}={value}");
            if let Some(part) = rule.timestamp.as_ref().and_then(|timestamp| timestamp.part.as_ref()) {
                value = format!("{part}=$T{separator}{value}");
            }
        }
        if let Some(timestamp) = &rule.timestamp {
            if timestamp.body.is_some() {
                return Err(CannotSign("the time of signing stands in its body".to_owned()));
            }
            let millis = if timestamp.unit == TimestampUnit::Milliseconds { "000" } else { "" };
            self.before.push(format!("T=$(date +%s){millis}"));
            self.headers.extend(timestamp.header.as_ref().map(|name| format!("\"{name}: $T\"")));
        }
        let signed = self.signed_bytes(rule.signed.as_deref().unwrap_or("{body}"))?;
        self.before.push(format!("SIGNATURE=$({signed} | openssl dgst -{hash} -hmac \"$SECRET\" {encoded})"));
        self.headers.push(format!("\"{header}: {value}\""));
        Ok(())
    }

    /// A shell command that writes what the template stands for to stdout.
    fn signed_bytes(&self, template: &str) -> Result<String, CannotSign> {
        let mut commands = Vec::new();
        let mut rest = template;
        while !rest.is_empty() {
            let (literal, found) = rest.split_once('{').map_or((rest, None), |(literal, rest)| (literal, Some(rest)));
            if !literal.is_empty() {
                commands.push(format!("printf %s {}", quoted(literal)));
            }
            let Some(found) = found else { break };
            let (name, after) = found.split_once('}').unwrap_or((found, ""));
            commands.push(self.placeholder(name)?);
            rest = after;
        }
        Ok(if commands.len() == 1 { commands.remove(0) } else { format!("{{ {}; }}", commands.join("; ")) })
    }

    fn placeholder(&self, name: &str) -> Result<String, CannotSign> {
        let value = match name {
            "body" => return Ok(self.outgoing.body.print()),
            "timestamp" => return Ok("printf %s \"$T\"".to_owned()),
            "method" => Some(self.method.to_owned()),
            "url" => Some(self.outgoing.url.clone()),
            other => other.strip_prefix("header:").and_then(|name| {
                let header = self.outgoing.headers.iter().find(|(given, _)| given.eq_ignore_ascii_case(name));
                header.map(|(_, value)| value.clone())
            }),
        };
        let value = value
            .ok_or_else(|| CannotSign(format!("its signature covers {{{name}}}, which this webhook does not have")))?;
        Ok(format!("printf %s {}", quoted(&value)))
    }

    /// Standard Webhooks 1.0: HMAC-SHA256 over id, time and body; the key is the base64 after `whsec_`.
    fn standard_webhooks(&mut self) {
        let body = self.outgoing.body.print();
        self.before.extend([
            "ID=msg_$(date +%s%N)".to_owned(),
            "T=$(date +%s)".to_owned(),
            "KEY=$(printf %s \"${SECRET#whsec_}\" | base64 -d | od -An -vtx1 | tr -d ' \\n')".to_owned(),
            format!(
                "SIGNATURE=$({{ printf %s \"$ID.$T.\"; {body}; }} | openssl dgst -sha256 -mac HMAC -macopt hexkey:\"$KEY\" -binary | base64 | tr -d '\\n')"
            ),
        ]);
        let headers = ["\"webhook-id: $ID\"", "\"webhook-timestamp: $T\"", "\"webhook-signature: v1,$SIGNATURE\""];
        self.headers.extend(headers.map(str::to_owned));
    }

    fn token(&mut self, rule: &VerifyRule) -> Result<(), CannotSign> {
        match (&rule.header, &rule.query, rule.path) {
            (Some(header), _, _) => {
                let prefix = rule.prefix.as_deref().unwrap_or_default();
                self.headers.push(format!("\"{header}: {prefix}$SECRET\""));
            }
            (None, Some(query), _) => self.url.push_str(&format!("\"?{query}=$SECRET\"")),
            (None, None, true) => self.url.push_str("\"/$SECRET\""),
            (None, None, false) => {
                return Err(CannotSign("the manifest does not say where its token stands".to_owned()));
            }
        }
        Ok(())
    }

    fn text(mut self) -> String {
        let body = match &self.outgoing.body {
            Body::Text { .. } => "--data-raw \"$BODY\"".to_owned(),
            Body::File(path) => format!("--data-binary {}", quoted(&format!("@{path}"))),
        };
        let headers: Vec<_> = self.headers.iter().map(|header| format!("-H {header}")).collect();
        self.before.push(format!("curl -sS -i -X {} {} {} {body}", self.method, self.url, headers.join(" ")));
        self.before.join("\n")
    }
}

/// The text as one shell word.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn outgoing(text: &str) -> Outgoing {
        let body = Body::Text { text: text.to_owned(), is_json: true };
        Outgoing {
            url: "http://127.0.0.1:8080/webhooks/shop".to_owned(),
            headers: vec![("X-Kind".to_owned(), "a".to_owned())],
            body,
        }
    }

    fn lines(verify: &Value, outgoing: &Outgoing) -> Result<String, CannotSign> {
        let rules: WebhookRules = serde_json::from_value(json!({ "verify": verify })).expect("rules");
        command(&rules, outgoing).map(|(command, _)| command)
    }

    #[test]
    fn commands_sign_as_the_scheme_says() {
        let aftership = json!({ "scheme": "hmac", "hash": "sha256", "encoding": "base64", "header": "aftership-hmac-sha256", "secret": "/webhook_secret" });
        let slack = json!({ "scheme": "hmac", "hash": "sha256", "encoding": "hex", "header": "x-slack-signature", "prefix": "v0=", "signed": "v0:{timestamp}:{body}",
            "timestamp": { "header": "x-slack-request-timestamp" }, "secret": "/s" });
        let stripe = json!({ "scheme": "hmac", "hash": "sha256", "encoding": "hex", "header": "stripe-signature", "parts": ",", "signature_part": "v1",
            "signed": "{timestamp}.{body}", "timestamp": { "part": "t" }, "secret": "/s" });
        let all = [
            lines(&aftership, &outgoing("{\"it's\": 1}")),
            lines(&slack, &outgoing("{}")),
            lines(&stripe, &outgoing("{}")),
            lines(&json!({ "scheme": "standard-webhooks", "secret": "/s" }), &outgoing("{}")),
            lines(&json!({ "scheme": "token", "query": "key", "secret": "/s" }), &outgoing("{}")),
            lines(&aftership, &Outgoing { body: Body::File("my body.json".to_owned()), ..outgoing("") }),
        ];
        insta::assert_snapshot!(all.map(|lines| lines.expect("a command can sign it")).join("\n\n"));
    }

    #[test]
    fn what_only_the_provider_can_sign_is_said() {
        let error =
            lines(&json!({ "scheme": "ed25519", "header": "x", "public_key": "/k" }), &outgoing("{}")).expect_err("no");
        assert!(error.to_string().contains("private key"));
        let covers = json!({ "scheme": "hmac", "header": "x", "signed": "{header:x-missing}{body}", "secret": "/s" });
        assert!(lines(&covers, &outgoing("{}")).expect_err("no").to_string().contains("{header:x-missing}"));
        let either = json!([{ "scheme": "ed25519", "header": "x", "public_key": "/k" }, { "scheme": "none" }]);
        assert!(lines(&either, &outgoing("{}")).is_ok(), "the first rule that a command can follow");
    }
}
