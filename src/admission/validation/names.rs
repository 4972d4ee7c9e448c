//! What names, labels and words must look like, in the API server's sentences.
//!
//! Source: k8s.io/apimachinery/pkg/util/validation/validation.go, pkg/api/validate/content, v1.36.

const LABEL: &str = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an \
alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const SUBDOMAIN: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and \
end with an alphanumeric character (e.g. 'example.com', regex used for validation is \
'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const QUALIFIED: &str = "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character \
(e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const LABEL_VALUE: &str = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start \
and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is \
'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";
const PERCENT: &str = "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for \
validation is '[0-9]+%')";

/// What is wrong with a DNS label (63 bytes of a-z, 0-9 and `-`).
pub(in crate::admission) fn dns_label(text: &str) -> Vec<String> {
    let mut wrong = no_longer_than(text, 63);
    if !is_dns_label(text) {
        wrong.push(LABEL.to_owned());
    }
    wrong
}

/// What is wrong with a DNS subdomain (253 bytes of labels with dots between).
pub(in crate::admission) fn dns_subdomain(text: &str) -> Vec<String> {
    let mut wrong = no_longer_than(text, 253);
    if !text.split('.').all(is_dns_label) {
        wrong.push(SUBDOMAIN.to_owned());
    }
    wrong
}

/// What is wrong with a label key, a resource name or another qualified name (`example.com/name`).
pub(in crate::admission) fn qualified_name(text: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    let name = match text.split_once('/') {
        None => text,
        Some((_, name)) if name.contains('/') => {
            let end = "with an optional DNS subdomain prefix and '/MyName' (e.g. 'example.com/MyName')";
            return vec![format!("a qualified name {QUALIFIED} {end}")];
        }
        Some((prefix, name)) => {
            match prefix.is_empty() {
                true => wrong.push("prefix part must be non-empty".to_owned()),
                false => wrong.extend(dns_subdomain(prefix).iter().map(|sentence| format!("prefix part {sentence}"))),
            }
            name
        }
    };
    if name.is_empty() {
        wrong.push("name part must be non-empty".to_owned());
    } else {
        wrong.extend(no_longer_than(name, 63).iter().map(|sentence| format!("name part {sentence}")));
    }
    if !is_framed(name, |byte| byte.is_ascii_alphanumeric(), b"-_.") {
        wrong.push(format!("name part {QUALIFIED}"));
    }
    wrong
}

/// What is wrong with the value of a label.
pub(in crate::admission) fn label_value(text: &str) -> Vec<String> {
    let mut wrong = no_longer_than(text, 63);
    if !text.is_empty() && !is_framed(text, |byte| byte.is_ascii_alphanumeric(), b"-_.") {
        wrong.push(LABEL_VALUE.to_owned());
    }
    wrong
}

/// What is wrong with a percentage.
pub(in crate::admission) fn percent(text: &str) -> Vec<String> {
    match percentage(text) {
        Some(_) => Vec::new(),
        None => vec![PERCENT.to_owned()],
    }
}

/// The number of a percentage such as `25%`.
pub(in crate::admission) fn percentage(text: &str) -> Option<i64> {
    let digits = text.strip_suffix('%')?;
    let sound = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    sound.then(|| digits.parse().unwrap_or(i64::MAX))
}

/// What is wrong with the name of a port.
pub(in crate::admission) fn port_name(text: &str) -> Vec<String> {
    let mut wrong = no_longer_than(text, 15);
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if text.is_empty() || !text.bytes().all(is_plain) {
        wrong.push("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)".to_owned());
    }
    if !text.bytes().any(|byte| byte.is_ascii_lowercase()) {
        wrong.push("must contain at least one letter (a-z)".to_owned());
    }
    if text.contains("--") {
        wrong.push("must not contain consecutive hyphens".to_owned());
    }
    if text.starts_with('-') || text.ends_with('-') {
        wrong.push("must not begin or end with a hyphen".to_owned());
    }
    wrong
}

/// What is wrong with the number of a port.
pub(in crate::admission) fn port_number(number: i32) -> Option<&'static str> {
    (!(1..=65535).contains(&number)).then_some("must be between 1 and 65535, inclusive")
}

fn no_longer_than(text: &str, most_bytes: usize) -> Vec<String> {
    if text.len() > most_bytes { vec![format!("must be no more than {most_bytes} bytes")] } else { Vec::new() }
}

fn is_dns_label(text: &str) -> bool {
    is_framed(text, |byte| byte.is_ascii_lowercase() || byte.is_ascii_digit(), b"-")
}

/// Whether a text begins and ends with a plain byte and has but plain bytes and a few others between.
fn is_framed(text: &str, is_plain: impl Fn(u8) -> bool, between: &[u8]) -> bool {
    let bytes = text.as_bytes();
    let (Some(&first), Some(&last)) = (bytes.first(), bytes.last()) else { return false };
    is_plain(first) && is_plain(last) && bytes.iter().all(|byte| is_plain(*byte) || between.contains(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_sound_or_say_why_not() {
        assert!(dns_label("a-1").is_empty() && dns_subdomain("a.b-c.1").is_empty() && qualified_name("a.b/C_d.1").is_empty());
        assert!(label_value("").is_empty() && label_value("A_b").is_empty() && port_name("http-1").is_empty());
        assert_eq!(dns_label(&"a".repeat(64)), ["must be no more than 63 bytes"]);
        assert_eq!(dns_subdomain("a..b").len(), 1);
        assert_eq!(qualified_name("/a"), ["prefix part must be non-empty"]);
        assert_eq!(qualified_name("a/").len(), 2);
        assert!(qualified_name("a/b/c")[0].starts_with("a qualified name must consist of"));
        assert_eq!((percentage("25%"), percentage("25"), percentage("%")), (Some(25), None, None));
    }
}
