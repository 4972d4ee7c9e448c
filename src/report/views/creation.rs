//! What is not created, because the API server refuses it: alike things together, with the server's words.

use indexmap::IndexMap;
use rustc_hash::{FxBuildHasher, FxHashMap};
use schemars::JsonSchema;
use serde::Serialize;

use super::context::Context;
use super::schedule::group_name;
use crate::cluster::Standing;
use crate::report::amount::{count, list, thousands};
use crate::report::document::{Detail, Document, Text};
use crate::simulation::NotCreated;

/// Objects that are refused for the same reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NotCreatedGroup {
    /// What kind of object they are, such as `Pod`.
    pub object_kind: String,
    /// What they belong to: `namespace/name (Kind)`; objects that are no pods belong to themselves.
    pub workload: String,
    /// The objects, as `namespace/name`.
    pub objects: Vec<String>,
    /// How many pods the workload would have, these included; of pods only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wanted: Option<usize>,
    /// Whether the cluster has an older version, which stays.
    pub is_update: bool,
    /// What the server says, without whose name.
    pub message: String,
    /// Where it, or what it would be made of, was written: `file:line:column`; empty if not known.
    pub at: String,
}

/// Groups what was refused; `locate` says where something was written, `namespaces` are those that are shown, none for all.
pub fn groups(
    context: &Context<'_>,
    refused: &[NotCreated],
    locate: impl Fn(&NotCreated) -> String,
    namespaces: &[String],
) -> Vec<NotCreatedGroup> {
    if refused.is_empty() {
        return Vec::new();
    }
    let wanted = wanted(context, refused);
    let mut groups: IndexMap<(&str, String, &str), NotCreatedGroup, FxBuildHasher> = IndexMap::default();
    for each in refused.iter().filter(|each| namespaces.is_empty() || namespaces.contains(&each.namespace)) {
        let workload = workload(context, each);
        // bare pods have no workload in common
        let kin = if workload.ends_with(" (Pod)") { String::new() } else { workload.clone() };
        let group = groups.entry((each.kind.as_str(), kin, each.why())).or_insert_with(|| NotCreatedGroup {
            object_kind: each.kind.clone(),
            wanted: each.pod.is_some().then(|| wanted.get(&workload).copied().unwrap_or_default()),
            workload,
            objects: Vec::new(),
            is_update: each.is_update,
            message: each.why().to_owned(),
            at: locate(each),
        });
        group.objects.push(title(each));
    }
    let named = |mut group: NotCreatedGroup| {
        if group.workload.ends_with(" (Pod)") {
            group.wanted = Some(group.objects.len());
        }
        group.workload = group_name(&group.workload, group.objects.len());
        group
    };
    groups.into_values().map(named).collect()
}

/// How many pods each workload with a refused pod would have.
fn wanted(context: &Context<'_>, refused: &[NotCreated]) -> FxHashMap<String, usize> {
    let mut wanted: FxHashMap<String, usize> = FxHashMap::default();
    refused.iter().filter(|each| each.pod.is_some()).for_each(|each| *wanted.entry(workload(context, each)).or_default() += 1);
    if wanted.is_empty() {
        return wanted;
    }
    for pod in context.cluster.pod_ids().filter(|&pod| matches!(context.cluster.pod(pod).standing, Standing::Bound(_) | Standing::Pending))
    {
        if let Some(wanted) = wanted.get_mut(&context.workload(pod)) {
            *wanted += 1;
        }
    }
    wanted
}

fn workload(context: &Context<'_>, refused: &NotCreated) -> String {
    match &refused.pod {
        Some(pod) => context.workload_of(pod),
        None => format!("{} ({})", title(refused), refused.kind),
    }
}

/// `shop/web`, or `fast` of what lives in no namespace.
fn title(refused: &NotCreated) -> String {
    if refused.namespace.is_empty() { refused.name.clone() } else { format!("{}/{}", refused.namespace, refused.name) }
}

impl NotCreatedGroup {
    /// `shop/web (Deployment): 3 of 5 pods are not created`.
    pub fn title(&self) -> String {
        match self.wanted {
            Some(wanted) if self.objects.len() < wanted => {
                let are = if self.objects.len() == 1 { "is" } else { "are" };
                format!("{}: {} of {} {are} not created", self.workload, thousands(self.objects.len()), count(wanted, "pod"))
            }
            Some(1) => format!("{}: 1 pod is not created", self.workload),
            Some(wanted) => format!("{}: all {} are not created", self.workload, count(wanted, "pod")),
            None if self.is_update => format!("{} is not changed: the cluster keeps the version it has", self.workload),
            None => format!("{} is not created", self.workload),
        }
    }

    fn lines(&self, detail: Detail) -> Vec<Text> {
        let names = if detail == Detail::Full { usize::MAX } else { 3 };
        let mut faint: Vec<String> = Vec::new();
        if self.wanted.is_some() {
            faint.push(list(&self.objects, names));
        }
        if !self.at.is_empty() {
            faint.push(format!("written at {}", self.at));
        }
        let mut lines = vec![Text::bad(self.message.as_str())];
        if !faint.is_empty() {
            lines.push(Text::faint(faint.join("; ")));
        }
        lines
    }
}

/// So many groups are shown whole on a screen.
const GROUPS_ON_A_SCREEN: usize = 8;

/// Adds a section for each group.
pub fn sections(groups: &[NotCreatedGroup], document: &mut Document, detail: Detail) {
    let shown = if detail == Detail::Full { groups.len() } else { GROUPS_ON_A_SCREEN };
    for group in groups.iter().take(shown) {
        document.lines(group.title(), group.lines(detail));
    }
    let rest = groups.get(shown..).unwrap_or_default();
    let more = rest.iter().map(|group| format!("{}: {}", group.title(), group.message).into()).collect();
    document.lines("Also not created", more);
}
