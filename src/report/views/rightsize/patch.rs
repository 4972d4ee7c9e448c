//! Recommendations as what can be applied: strategic merge patches, a kustomization, a script of kubectl commands.
//!
//! Promise: the same answer gives the same bytes; a patch names every container it changes, sets what should be there, and deletes (with
//! `null`) what should not; everything that it does not name stays. What no patch can change stands in comments.
//!
//! Source: k8s.io/community contributors/devel/sig-api-machinery/strategic-merge-patch.md (containers merge by name, `null` deletes),
//! kubectl.docs.kubernetes.io kustomization `patches`.

use std::fmt::Write;

use super::{ContainerView, ResourceView, RightsizingView, Scope};
use crate::report::amount::count;
use crate::report::views::recommendation::{LimitRangeView, QuotaView, head};

/// A word of YAML: quoted where it would be read as something else than text, or could not stand bare.
pub(in crate::report::views) fn scalar(text: &str) -> String {
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
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// A text for a comment, on one line.
fn one_line(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}

/// The containers of a workload that change.
struct Patch<'a> {
    containers: Vec<&'a ContainerView>,
}

impl Patch<'_> {
    fn workload(&self) -> &ContainerView {
        self.containers[0]
    }

    fn api_version(&self) -> &'static str {
        match self.workload().workload_kind.as_str() {
            "CronJob" | "Job" => "batch/v1",
            "Pod" | "ReplicationController" => "v1",
            _ => "apps/v1",
        }
    }

    fn name(&self) -> String {
        let own = self.workload();
        one_line(&format!("{} {}/{}", own.workload_kind, own.namespace, own.workload))
    }

    /// As a document.
    fn document(&self) -> String {
        let own = self.workload();
        let mut out = head(self.api_version(), &own.workload_kind, &own.namespace, &own.workload);
        out.push_str(&self.spec());
        out
    }

    /// As a command; none if no command can change it.
    fn command(&self) -> Option<String> {
        let own = self.workload();
        let how = match own.change_in {
            "template" => "",
            // its spec cannot be changed otherwise
            "resize" => " --subresource resize",
            _ => return None,
        };
        let (target, namespace) = (target(self), quoted(&own.namespace));
        Some(format!("kubectl patch {target} -n {namespace}{how} --patch-file /dev/stdin <<'PATCH'\n{}PATCH\n", self.spec()))
    }

    /// Waits until it has been rolled out; none if it is not rolled out.
    fn wait(&self) -> Option<String> {
        let own = self.workload();
        let rolls = ["Deployment", "StatefulSet", "DaemonSet"].contains(&own.workload_kind.as_str());
        rolls.then(|| format!("kubectl rollout status {} -n {}\n", target(self), quoted(&own.namespace)))
    }

    fn spec(&self) -> String {
        let way: &[&str] = match self.workload().workload_kind.as_str() {
            "CronJob" => &["spec", "jobTemplate", "spec", "template", "spec"],
            "Pod" => &["spec"],
            _ => &["spec", "template", "spec"],
        };
        let mut out = String::new();
        for (depth, key) in way.iter().enumerate() {
            _ = writeln!(out, "{}{key}:", "  ".repeat(depth));
        }
        let indent = "  ".repeat(way.len());
        for (key, is_init) in [("initContainers", true), ("containers", false)] {
            let own: Vec<&&ContainerView> = self.containers.iter().filter(|own| (own.container_kind != "container") == is_init).collect();
            if own.is_empty() {
                continue;
            }
            _ = writeln!(out, "{indent}{key}:");
            for container in own {
                _ = writeln!(out, "{indent}- name: {}\n{indent}  resources:", scalar(&container.container));
                resources(container, &format!("{indent}    "), &mut out);
            }
        }
        out
    }
}

fn resources(container: &ContainerView, indent: &str, out: &mut String) {
    let changed: Vec<(&str, &ResourceView)> =
        [("cpu", &container.cpu), ("memory", &container.memory)].into_iter().filter(|(_, own)| own.changed).collect();
    for (list, is_limit) in [("requests", false), ("limits", true)] {
        let lines = changed.iter().filter_map(|(name, own)| {
            let (to, written) =
                if is_limit { (&own.to_write.limit, &own.written.limit) } else { (&own.to_write.request, &own.written.request) };
            match to {
                Some(amount) => Some(format!("{indent}  {name}: {}\n", scalar(amount))),
                // a patch leaves alone what it does not name
                None => written.as_ref().map(|_| format!("{indent}  {name}: null\n")),
            }
        });
        let lines: String = lines.collect();
        if !lines.is_empty() {
            _ = write!(out, "{indent}{list}:\n{lines}");
        }
    }
}

impl RightsizingView {
    /// As strategic merge patches, a document each; policies are whole objects.
    pub fn patches(&self) -> String {
        let mut documents: Vec<String> = Vec::new();
        if self.sets_requests() {
            documents.extend(self.of_templates().map(|patch| {
                let command = format!("kubectl patch {} -n {} --patch-file FILE", target(&patch), quoted(&patch.workload().namespace));
                format!("# {}\n{}", one_line(&command), patch.document())
            }));
        }
        if self.sets_policies() {
            documents.extend(self.recommended.documents());
        }
        format!("{}{}", self.comments(false), documents.iter().map(|document| format!("---\n{document}")).collect::<String>())
    }

    /// As a kustomization with inline patches.
    pub fn kustomization(&self) -> String {
        let mut out = self.comments(false);
        out.push_str(
            "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n# add what has these objects:\n# resources:\n# - ../base\n",
        );
        let mut patches: Vec<(String, &str, &str, &str)> = Vec::new();
        let workloads: Vec<Patch<'_>> = self.of_templates().collect();
        if self.sets_requests() {
            patches.extend(workloads.iter().map(|patch| {
                let own = patch.workload();
                (patch.document(), own.workload_kind.as_str(), own.workload.as_str(), own.namespace.as_str())
            }));
        }
        if self.sets_policies() {
            let quotas = self.recommended.quotas.iter().filter(|quota| quota.exists);
            patches.extend(quotas.map(|quota| (quota.document(), "ResourceQuota", quota.name.as_str(), quota.namespace.as_str())));
            let maxima = self.recommended.changed_maxima();
            patches.extend(maxima.map(|own| (own.document(), "HorizontalPodAutoscaler", own.name.as_str(), own.namespace.as_str())));
        }
        out.push_str(if patches.is_empty() { "patches: []\n" } else { "patches:\n" });
        for (document, kind, name, namespace) in patches {
            _ = writeln!(out, "- target:\n    kind: {kind}\n    name: {}\n    namespace: {}\n  patch: |", scalar(name), scalar(namespace));
            document.lines().for_each(|line| _ = writeln!(out, "    {line}"));
        }
        out
    }

    /// As kubectl commands: bounds of quotas that have to grow, workloads, and once they have been rolled out all policies.
    pub fn script(&self) -> String {
        let mut commands: Vec<String> = Vec::new();
        let exists = || self.recommended.quotas.iter().filter(|quota| quota.exists);
        if self.sets_policies() {
            commands.extend(exists().filter_map(|quota| Some(patch_quota(quota, &quota.growth()?))));
        }
        if self.sets_requests() {
            commands.extend(self.changed().filter_map(|patch| patch.command()));
            if self.sets_policies() {
                commands.extend(self.of_templates().filter_map(|patch| patch.wait()));
            }
        }
        if self.sets_policies() {
            let ranges = self.recommended.limit_ranges.iter().map(LimitRangeView::document);
            let new = self.recommended.quotas.iter().filter(|quota| !quota.exists).map(QuotaView::document);
            commands.extend(ranges.chain(new).map(|document| format!("kubectl apply -f - <<'OBJECT'\n{document}OBJECT\n")));
            commands.extend(exists().map(|quota| patch_quota(quota, &quota.document())));
            commands.extend(self.recommended.changed_maxima().map(|own| {
                let (name, namespace) = (quoted(&own.name), quoted(&own.namespace));
                format!("kubectl patch hpa {name} -n {namespace} --patch '{{\"spec\":{{\"maxReplicas\":{}}}}}'\n", own.recommended)
            }));
        }
        if commands.is_empty() {
            commands.push("# nothing to change\n".to_owned());
        }
        format!("#!/usr/bin/env bash\nset -euo pipefail\n\n{}{}", self.comments(true), commands.concat())
    }

    fn sets_requests(&self) -> bool {
        self.scope != Scope::Policies
    }

    fn sets_policies(&self) -> bool {
        self.scope != Scope::Requests
    }

    /// Workloads with something to change, in their order.
    fn changed(&self) -> impl Iterator<Item = Patch<'_>> {
        let is_same = |one: &ContainerView, other: &ContainerView| {
            (&one.namespace, &one.workload, &one.workload_kind) == (&other.namespace, &other.workload, &other.workload_kind)
        };
        let workloads = self.containers.chunk_by(is_same);
        let changed = workloads.map(|containers| containers.iter().filter(|own| own.cpu.changed || own.memory.changed).collect::<Vec<_>>());
        changed.filter(|containers| !containers.is_empty()).map(|containers| Patch { containers })
    }

    fn of_templates(&self) -> impl Iterator<Item = Patch<'_>> {
        self.changed().filter(|patch| patch.workload().change_in == "template")
    }

    /// What it rests on, and what is not changed here; commands can do more than patches.
    fn comments(&self, of_commands: bool) -> String {
        let mut out = format!("# {}\n", self.basis());
        if !self.sets_requests() {
            return out;
        }
        for patch in self.changed() {
            let why = match patch.workload().change_in {
                "recreate" => "a Job cannot be changed: set it where the Job is made",
                "staticPod" => "a static pod: set it in its file on the node",
                "owner" => "what makes it is not in the input: set it there",
                "resize" if !of_commands => "a pod of its own: -o script resizes it in place",
                _ => continue,
            };
            _ = writeln!(out, "# not here: {} ({}), {why}", patch.name(), count(patch.containers.len(), "container"));
        }
        out
    }
}

fn patch_quota(quota: &QuotaView, document: &str) -> String {
    let (name, namespace) = (quoted(&quota.name), quoted(&quota.namespace));
    format!("kubectl patch resourcequota {name} -n {namespace} --patch-file /dev/stdin <<'PATCH'\n{document}PATCH\n")
}

/// Kind and name, as kubectl takes them.
fn target(patch: &Patch<'_>) -> String {
    let own = patch.workload();
    format!("{} {}", own.workload_kind.to_lowercase(), quoted(&own.workload))
}
