//! Changes of objects as what can be applied: strategic merge patches, a kustomization, a script of kubectl commands.
//!
//! Promise: the same changes give the same bytes; everything that a patch does not name stays; a word that YAML or a shell would read as
//! something else is quoted.
//!
//! Source: k8s.io/community contributors/devel/sig-api-machinery/strategic-merge-patch.md, kubectl.docs.kubernetes.io kustomization
//! `patches`.

use std::fmt::Write;

/// A strategic merge patch of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ObjectPatch {
    pub api_version: &'static str,
    pub kind: String,
    pub namespace: String,
    pub name: String,
    /// What it changes, from `spec:` on.
    pub body: String,
    /// What of the object it goes to, if not to all of it: such as `resize`.
    pub subresource: Option<&'static str>,
}

/// The API version of a workload's kind.
pub(super) fn workload_api_version(kind: &str) -> &'static str {
    match kind {
        "CronJob" | "Job" => "batch/v1",
        "Pod" | "ReplicationController" => "v1",
        _ => "apps/v1",
    }
}

impl ObjectPatch {
    /// As a document.
    pub fn document(&self) -> String {
        format!("{}{}", head(self.api_version, &self.kind, &self.namespace, &self.name), self.body)
    }

    /// As a document that says how it is applied by itself.
    pub fn commented(&self) -> String {
        let command = format!("kubectl patch {} -n {} --patch-file FILE", self.target(), quoted(&self.namespace));
        format!("# {}\n{}", one_line(&command), self.document())
    }

    /// As a command.
    pub fn command(&self) -> String {
        let how = self.subresource.map(|part| format!(" --subresource {part}")).unwrap_or_default();
        let (target, namespace) = (self.target(), quoted(&self.namespace));
        format!("kubectl patch {target} -n {namespace}{how} --patch-file /dev/stdin <<'PATCH'\n{}PATCH\n", self.body)
    }

    /// Waits until it has been rolled out; none if it is not rolled out.
    pub fn wait(&self) -> Option<String> {
        let rolls = ["Deployment", "StatefulSet", "DaemonSet"].contains(&self.kind.as_str());
        rolls.then(|| format!("kubectl rollout status {} -n {}\n", self.target(), quoted(&self.namespace)))
    }

    /// Kind and name, as kubectl takes them.
    fn target(&self) -> String {
        format!("{} {}", self.kind.to_lowercase(), quoted(&self.name))
    }
}

/// Documents, each of its own, behind comments.
pub(super) fn stream(comments: &str, documents: &[String]) -> String {
    format!("{comments}{}", documents.iter().map(|document| format!("---\n{document}")).collect::<String>())
}

/// A kustomization with inline patches of these objects: document, kind, name, namespace.
pub(super) fn kustomization(comments: &str, patches: &[(String, String, String, String)]) -> String {
    let mut out = comments.to_owned();
    out.push_str(
        "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n# add what has these objects:\n# resources:\n# - ../base\n",
    );
    out.push_str(if patches.is_empty() { "patches: []\n" } else { "patches:\n" });
    for (document, kind, name, namespace) in patches {
        _ = writeln!(out, "- target:\n    kind: {kind}\n    name: {}\n    namespace: {}\n  patch: |", scalar(name), scalar(namespace));
        document.lines().for_each(|line| _ = writeln!(out, "    {line}"));
    }
    out
}

/// Commands as a script that stops at the first that fails.
pub(super) fn script(comments: &str, commands: &[String]) -> String {
    let commands = if commands.is_empty() { "# nothing to change\n".to_owned() } else { commands.concat() };
    format!("#!/usr/bin/env bash\nset -euo pipefail\n\n{comments}{commands}")
}

/// The first lines of a document.
pub(super) fn head(api_version: &str, kind: &str, namespace: &str, name: &str) -> String {
    format!("apiVersion: {api_version}\nkind: {kind}\nmetadata:\n  name: {}\n  namespace: {}\n", scalar(name), scalar(namespace))
}

/// A word of YAML: quoted where it would be read as something else than text, or could not stand bare.
pub(super) fn scalar(text: &str) -> String {
    let is_bare = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '.' | '/' | '_');
    let is_plain = text.starts_with(|letter: char| letter.is_ascii_alphabetic()) && text.chars().all(is_bare);
    let is_word = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"].contains(&text.to_ascii_lowercase().as_str());
    // an amount with a suffix that no number has: 100m, 1Gi
    let digits = text.trim_start_matches(|letter: char| letter.is_ascii_digit());
    let is_amount = digits.len() < text.len() && ["m", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei", "k", "M", "G", "T", "P"].contains(&digits);
    if is_plain && !is_word || is_amount {
        return text.to_owned();
    }
    let escaped = text.chars().map(|letter| match letter {
        '"' | '\\' => format!("\\{letter}"),
        '\n' => "\\n".to_owned(),
        control if control.is_control() => format!("\\u{:04x}", u32::from(control)),
        plain => plain.to_string(),
    });
    format!("\"{}\"", escaped.collect::<String>())
}

/// A word for a shell, whatever is in it.
pub(super) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// A text for a comment, on one line.
pub(super) fn one_line(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}
