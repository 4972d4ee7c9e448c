//! Recommendations as what can be applied ([`object_patch`](super::super::object_patch)).
//!
//! Promise: a patch names every container it changes, sets what should be there, and deletes (with `null`) what should not. What no patch
//! can change stands in comments.
//!
//! Source: k8s.io/community contributors/devel/sig-api-machinery/strategic-merge-patch.md (containers merge by name, `null` deletes).

use std::fmt::Write;

use super::{ContainerView, ResourceView, RightsizingView, Scope};
use crate::report::amount::count;
use crate::report::views::object_patch::{ObjectPatch, kustomization, one_line, quoted, scalar, script, stream, workload_api_version};
use crate::report::views::recommendation::{LimitRangeView, QuotaView};

/// The containers of a workload that change.
struct Patch<'a> {
    containers: Vec<&'a ContainerView>,
}

impl Patch<'_> {
    fn workload(&self) -> &ContainerView {
        self.containers[0]
    }

    fn name(&self) -> String {
        let own = self.workload();
        one_line(&format!("{} {}/{}", own.workload_kind, own.namespace, own.workload))
    }

    /// As a patch; none if no patch can change it.
    fn object(&self) -> Option<ObjectPatch> {
        let own = self.workload();
        let subresource = match own.change_in {
            "template" => None,
            // its spec cannot be changed otherwise
            "resize" => Some("resize"),
            _ => return None,
        };
        let (kind, namespace, name) = (own.workload_kind.clone(), own.namespace.clone(), own.workload.clone());
        Some(ObjectPatch { api_version: workload_api_version(&kind), kind, namespace, name, body: self.spec(), subresource })
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
            documents.extend(self.of_templates().map(|patch| patch.commented()));
        }
        if self.sets_policies() {
            documents.extend(self.recommended.documents());
        }
        stream(&self.comments(false), &documents)
    }

    /// As a kustomization with inline patches.
    pub fn kustomization(&self) -> String {
        let workloads: Vec<ObjectPatch> = if self.sets_requests() { self.of_templates().collect() } else { Vec::new() };
        let of_workload = |own: &'_ ObjectPatch| (own.document(), own.kind.clone(), own.name.clone(), own.namespace.clone());
        let mut patches: Vec<(String, String, String, String)> = workloads.iter().map(of_workload).collect();
        if self.sets_policies() {
            patches.extend(self.recommended.patches());
        }
        kustomization(&self.comments(false), &patches)
    }

    /// As kubectl commands: bounds of quotas that have to grow, workloads, and once they have been rolled out all policies.
    pub fn script(&self) -> String {
        let mut commands: Vec<String> = Vec::new();
        let exists = || self.recommended.quotas.iter().filter(|quota| quota.exists);
        if self.sets_policies() {
            commands.extend(exists().filter_map(|quota| Some(patch_quota(quota, &quota.growth()?))));
        }
        if self.sets_requests() {
            commands.extend(self.changed().filter_map(|patch| Some(patch.object()?.command())));
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
        script(&self.comments(true), &commands)
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

    fn of_templates(&self) -> impl Iterator<Item = ObjectPatch> {
        self.changed().filter_map(|patch| patch.object()).filter(|patch| patch.subresource.is_none())
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
