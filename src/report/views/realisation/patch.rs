//! What realises a placement as what can be applied ([`object_patch`](super::super::object_patch)).
//!
//! Promise: comments name every workload that is placed anew, say what puts it there and how that was checked. Lists that kubectl would
//! replace are written whole, with what was there before; so are spread constraints, which it would merge by their key alone.

use std::fmt::Write;

use super::{ChangeView, NodeTermView, RealisationView, RealisedView, RequirementView, SelectorView, SpreadView};
use crate::report::amount::count;
use crate::report::views::object_patch::{ObjectPatch, kustomization, one_line, scalar, script, stream, workload_api_version};

impl RealisationView {
    /// As strategic merge patches, a document each.
    pub fn patches(&self) -> String {
        self.patches_and(Vec::new())
    }

    /// The same beside other documents.
    pub(in crate::report::views) fn patches_and(&self, others: Vec<String>) -> String {
        let own = self.workloads.iter().filter_map(|own| {
            let patch = own.patch()?;
            // what is there already refuses the patch
            let local = "# before it is created: kubectl patch --local -f MANIFEST --patch-file FILE -o yaml\n";
            Some(if own.change_in == "manifest" { format!("{local}{}", patch.document()) } else { patch.commented() })
        });
        let documents: Vec<String> = own.chain(others).collect();
        stream(&self.comments(), &documents)
    }

    /// As a kustomization with inline patches; others are document, kind, name and namespace.
    pub(in crate::report::views) fn kustomization(&self, others: Vec<(String, String, String, String)>) -> String {
        let own = self.objects().into_iter().map(|own| (own.document(), own.kind, own.name, own.namespace));
        let patches: Vec<_> = own.chain(others).collect();
        kustomization(&self.comments(), &patches)
    }

    /// As kubectl commands: patches, then waiting until they are rolled out.
    pub(in crate::report::views) fn script(&self) -> String {
        let there = self.workloads.iter().filter(|own| own.change_in == "template");
        let objects: Vec<ObjectPatch> = there.filter_map(RealisedView::patch).collect();
        let patches = objects.iter().map(ObjectPatch::command);
        let commands: Vec<String> = patches.chain(objects.iter().filter_map(ObjectPatch::wait)).collect();
        let written = self.workloads.iter().filter(|own| own.change_in == "manifest" && own.is_changed());
        let missing =
            written.map(|own| format!("# not here: {} is patched before it is created, by -o patch or -o kustomize\n", own.title()));
        script(&(self.comments() + &missing.collect::<String>()), &commands)
    }

    fn objects(&self) -> Vec<ObjectPatch> {
        self.workloads.iter().filter_map(RealisedView::patch).collect()
    }

    /// What is realised, how that was checked, and what is not.
    fn comments(&self) -> String {
        let mut out = format!("# {}\n# {}\n", self.sum(), self.proof());
        match self.kept {
            "wishes" => out.push_str("# nothing is required of nodes or spread: with that the plan would not hold in every state\n"),
            "nothing" => out.push_str("# nothing is changed: with any change the plan would not hold in every state\n"),
            _ => {}
        }
        for own in &self.workloads {
            let name = own.title();
            let pods = count(own.pods, "pod");
            let places = one_line(&own.places(8));
            _ = match (own.realised, own.is_changed()) {
                (true, true) => writeln!(out, "# realised: {name} ({pods}: {places}) by {}", own.means()),
                (true, false) if own.places.is_empty() => writeln!(out, "# nowhere in this plan: {name} ({pods})"),
                (true, false) => writeln!(out, "# by itself: {name} ({pods}: {places})"),
                (false, _) => {
                    writeln!(out, "# not realised: {name} ({pods}: {places}), met in {} of {} runs: {}", own.met, self.runs, own.beyond())
                }
            };
        }
        if self.workloads.iter().any(|own| own.change.as_ref().is_some_and(ChangeView::is_required)) {
            out.push_str("# what is required holds after a loss, too: pods wait while none of their nodes is there\n");
        }
        if self.workloads.iter().any(|own| own.replicas.is_some()) {
            out.push_str("# replicas: an autoscaler goes on from there, within its own bounds\n");
        }
        out
    }
}

impl RealisedView {
    fn title(&self) -> String {
        one_line(&format!("{} {}/{}", self.kind, self.namespace, self.name))
    }

    fn patch(&self) -> Option<ObjectPatch> {
        if !self.is_changed() {
            return None;
        }
        let mut body = "spec:\n".to_owned();
        if let Some(replicas) = self.replicas {
            _ = writeln!(body, "  replicas: {replicas}");
        }
        if let Some(change) = &self.change {
            let way: &[&str] = match self.kind.as_str() {
                "CronJob" => &["jobTemplate", "spec", "template", "spec"],
                "Pod" => &[],
                _ => &["template", "spec"],
            };
            for (depth, key) in way.iter().enumerate() {
                _ = writeln!(body, "{}{key}:", "  ".repeat(depth + 1));
            }
            change.write(&"  ".repeat(way.len() + 1), &mut body);
        }
        let (kind, namespace, name) = (self.kind.clone(), self.namespace.clone(), self.name.clone());
        Some(ObjectPatch { api_version: workload_api_version(&kind), kind, namespace, name, body, subresource: None })
    }
}

impl ChangeView {
    fn write(&self, indent: &str, out: &mut String) {
        if !self.required_nodes.is_empty() || !self.preferred_nodes.is_empty() {
            _ = writeln!(out, "{indent}affinity:\n{indent}  nodeAffinity:");
        }
        if !self.required_nodes.is_empty() {
            _ = writeln!(out, "{indent}    requiredDuringSchedulingIgnoredDuringExecution:\n{indent}      nodeSelectorTerms:");
            self.required_nodes.iter().for_each(|term| term.write(&format!("{indent}      "), "- ", out));
        }
        if !self.preferred_nodes.is_empty() {
            _ = writeln!(out, "{indent}    preferredDuringSchedulingIgnoredDuringExecution:");
            for wish in &self.preferred_nodes {
                _ = writeln!(out, "{indent}    - weight: {}\n{indent}      preference:", wish.weight);
                wish.preference.write(&format!("{indent}        "), "", out);
            }
        }
        if !self.spread.is_empty() {
            _ = writeln!(out, "{indent}topologySpreadConstraints:");
            if self.spread_before > 0 {
                _ = writeln!(out, "{indent}- $patch: replace");
            }
            self.spread.iter().for_each(|spread| spread.write(indent, out));
        }
    }
}

impl NodeTermView {
    /// `start` begins the first line: `- ` for an item of a list.
    fn write(&self, indent: &str, start: &str, out: &mut String) {
        let (mut start, rest) = (start, " ".repeat(start.len()));
        for (key, list) in [("matchExpressions", &self.match_expressions), ("matchFields", &self.match_fields)] {
            if !list.is_empty() {
                _ = writeln!(out, "{indent}{start}{key}:");
                requirements(list, &format!("{indent}{rest}"), out);
                start = &rest;
            }
        }
        if self.match_expressions.is_empty() && self.match_fields.is_empty() {
            _ = writeln!(out, "{indent}{start}{{}}");
        }
    }
}

impl SpreadView {
    fn write(&self, indent: &str, out: &mut String) {
        _ = writeln!(out, "{indent}- maxSkew: {}\n{indent}  topologyKey: {}", self.max_skew, scalar(&self.topology_key));
        _ = writeln!(out, "{indent}  whenUnsatisfiable: {}", scalar(&self.when_unsatisfiable));
        if let Some(number) = self.min_domains {
            _ = writeln!(out, "{indent}  minDomains: {number}");
        }
        for (key, policy) in [("nodeAffinityPolicy", &self.node_affinity_policy), ("nodeTaintsPolicy", &self.node_taints_policy)] {
            if let Some(policy) = policy {
                _ = writeln!(out, "{indent}  {key}: {}", scalar(policy));
            }
        }
        if let Some(selector) = &self.label_selector {
            selector.write(indent, out);
        }
        if !self.match_label_keys.is_empty() {
            let keys: Vec<String> = self.match_label_keys.iter().map(|key| scalar(key)).collect();
            _ = writeln!(out, "{indent}  matchLabelKeys: [{}]", keys.join(", "));
        }
    }
}

impl SelectorView {
    fn write(&self, indent: &str, out: &mut String) {
        if self.match_labels.is_empty() && self.match_expressions.is_empty() {
            _ = writeln!(out, "{indent}  labelSelector: {{}}");
            return;
        }
        _ = writeln!(out, "{indent}  labelSelector:");
        if !self.match_labels.is_empty() {
            _ = writeln!(out, "{indent}    matchLabels:");
        }
        for (key, value) in &self.match_labels {
            _ = writeln!(out, "{indent}      {}: {}", scalar(key), scalar(value));
        }
        if !self.match_expressions.is_empty() {
            _ = writeln!(out, "{indent}    matchExpressions:");
            requirements(&self.match_expressions, &format!("{indent}    "), out);
        }
    }
}

fn requirements(list: &[RequirementView], indent: &str, out: &mut String) {
    for own in list {
        _ = writeln!(out, "{indent}- key: {}\n{indent}  operator: {}", scalar(&own.key), scalar(&own.operator));
        if !own.values.is_empty() {
            let values: Vec<String> = own.values.iter().map(|value| scalar(value)).collect();
            _ = writeln!(out, "{indent}  values: [{}]", values.join(", "));
        }
    }
}
