//! What realises a placement: which change each workload's template needs, and what came of placing everything again with it. A part of
//! other views.

mod patch;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use crate::manifest::Objects;
use crate::manifest::meta::{LabelSelector, SelectorRequirement};
use crate::manifest::pod::{NodeSelectorTerm, TopologySpreadConstraint};
use crate::planning::realisation::{Change, Changeable, Kept, Realisation, Realised};
use crate::report::amount::{count, list};
use crate::report::document::{Detail, Document, Mood, Table, Text};

/// So many workloads fit a screen.
const ROWS: usize = 30;

/// What realises a placement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RealisationView {
    /// Workloads with a pod that is placed anew, by namespace, name and kind.
    pub workloads: Vec<RealisedView>,
    /// How many workloads have all their pods where they are to be.
    pub staying: usize,
    /// How often everything was placed again to prove it: once as it is listed, then in random orders with random ties.
    pub runs: usize,
    /// `all`; or `wishes`, if what a bought fleet promises does not hold with anything that is required; or `nothing`, if with no change.
    pub kept: &'static str,
}

/// A workload, and what puts it where the plan has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RealisedView {
    /// Its kind.
    pub kind: String,
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// How many pods it has.
    pub pods: usize,
    /// How many of them the plan has nowhere.
    pub unplaced: u32,
    /// Where the plan has the others.
    pub places: Vec<PlaceView>,
    /// In how many of the runs it was there.
    pub met: usize,
    /// Whether it was there in all of them.
    pub realised: bool,
    /// Where it is changed: `template`, or `manifest` before it is created; or it cannot be: `recreate` (a Job), `pod` (a pod of its own),
    /// `owner` (what makes it is not in the input).
    pub change_in: &'static str,
    /// The replicas to set; absent if they stay.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replicas: Option<i32>,
    /// The change of its template; absent if it needs none, or none helps.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub change: Option<ChangeView>,
}

/// Pods on a node, or on the nodes of a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PlaceView {
    /// The node, or the group of nodes that are bought.
    pub on: String,
    /// How many pods.
    pub pods: u32,
}

/// A change of a template. Lists are whole: they hold what was written before, too.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChangeView {
    /// Terms of required node affinity, one of which must hold; empty if they stay.
    pub required_nodes: Vec<NodeTermView>,
    /// Terms of preferred node affinity; empty if they stay.
    pub preferred_nodes: Vec<NodeWishView>,
    /// Spread constraints; empty if they stay.
    pub spread: Vec<SpreadView>,
    /// How many of these constraints were there before, at the front.
    pub spread_before: usize,
}

/// A term of node affinity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NodeTermView {
    /// On labels, all of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub match_expressions: Vec<RequirementView>,
    /// On the node's name, all of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub match_fields: Vec<RequirementView>,
}

/// A wish for nodes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct NodeWishView {
    /// 1 to 100.
    pub weight: i32,
    /// What is wished for.
    pub preference: NodeTermView,
}

/// A requirement on a label.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RequirementView {
    /// The label.
    pub key: String,
    /// `In` and the like.
    pub operator: String,
    /// Its values.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<String>,
}

/// A spread constraint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SpreadView {
    /// How uneven it may be.
    pub max_skew: i32,
    /// Label whose values are the domains.
    pub topology_key: String,
    /// `DoNotSchedule` or `ScheduleAnyway`.
    pub when_unsatisfiable: String,
    /// Which pods count; absent for none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label_selector: Option<SelectorView>,
    /// Label keys whose values join the selector.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub match_label_keys: Vec<String>,
    /// How many domains there must be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_domains: Option<i32>,
    /// `Honor` or `Ignore`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node_affinity_policy: Option<String>,
    /// `Honor` or `Ignore`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node_taints_policy: Option<String>,
}

/// Which pods count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SelectorView {
    /// Label equals value, all of them.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub match_labels: BTreeMap<String, String>,
    /// Expressions, all of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub match_expressions: Vec<RequirementView>,
}

impl RealisationView {
    /// Of an answer about these objects, of whose nodes some are of groups.
    pub fn new(realisation: &Realisation, objects: &Objects, groups: &BTreeMap<String, String>) -> Self {
        RealisationView {
            workloads: realisation.workloads.iter().map(|own| RealisedView::new(own, objects, groups)).collect(),
            staying: realisation.staying,
            runs: realisation.runs,
            kept: match realisation.kept {
                Kept::All => "all",
                Kept::Wishes => "wishes",
                Kept::Nothing => "nothing",
            },
        }
    }

    /// For readers.
    pub fn add_to(&self, document: &mut Document, detail: Detail) {
        let mut table = Table::new().left("workload").right("pods").left("on").left("by").right("met");
        let places = if detail == Detail::Full { usize::MAX } else { 4 };
        for own in &self.workloads {
            let mood = if own.realised { Mood::Good } else { Mood::Bad };
            table.row(vec![
                format!("{}/{} ({})", own.namespace, own.name, own.kind).into(),
                own.pods.to_string().into(),
                own.places(places).into(),
                own.means().into(),
                Text::new(format!("{}/{}", own.met, self.runs), mood),
            ]);
        }
        let cut = if detail == Detail::Full { 0 } else { table.cut(ROWS) };
        let mut notes = vec![self.proof()];
        if cut > 0 {
            notes.push(format!("… and {cut} more; -o wide shows all"));
        }
        notes.push("-o patch, -o kustomize and -o script write the changes".to_owned());
        document.table(format!("What realises it: {}", self.sum()), table, notes);
    }

    /// The answer in one line.
    fn sum(&self) -> String {
        let number = |is: &dyn Fn(&RealisedView) -> bool| self.workloads.iter().filter(|own| is(own)).count();
        let patched = number(&|own| own.realised && own.is_changed());
        let alone = number(&|own| own.realised && !own.is_changed());
        let not = number(&|own| !own.realised);
        let parts = [(patched, "by a change"), (alone, "without one"), (not, "not realised"), (self.staying, "where they are already")];
        let parts: Vec<String> =
            parts.into_iter().filter(|&(number, _)| number > 0).map(|(number, what)| format!("{number} {what}")).collect();
        let all = count(self.workloads.len() + self.staying, "workload");
        if parts.is_empty() { all } else { format!("{all}, {}", parts.join(", ")) }
    }

    /// How it was checked.
    fn proof(&self) -> String {
        let others = self.runs.saturating_sub(1);
        format!(
            "checked by placing again, with all changes at once, what waits and what they make anew: as listed, and in {others} random orders with random ties"
        )
    }
}

impl RealisedView {
    fn new(own: &Realised, objects: &Objects, groups: &BTreeMap<String, String>) -> Self {
        let mut places: BTreeMap<&str, u32> = BTreeMap::new();
        for (&node, pods) in &own.planned.nodes {
            let node = objects.nodes[node].metadata.name.as_str();
            *places.entry(groups.get(node).map_or(node, String::as_str)).or_default() += pods;
        }
        RealisedView {
            kind: own.planned.workload.kind.clone(),
            namespace: own.planned.workload.namespace.clone(),
            name: own.planned.workload.name.clone(),
            pods: own.planned.pods.len(),
            unplaced: own.planned.unplaced,
            places: places.into_iter().map(|(on, pods)| PlaceView { on: on.to_owned(), pods }).collect(),
            met: own.outcome.met,
            realised: own.is_realised(),
            change_in: match own.planned.changeable {
                Changeable::Template => "template",
                Changeable::Manifest => "manifest",
                Changeable::Anew => "recreate",
                Changeable::Pod => "pod",
                Changeable::Elsewhere => "owner",
            },
            replicas: own.replicas,
            change: own.change.as_ref().map(ChangeView::new),
        }
    }

    fn is_changed(&self) -> bool {
        self.change.is_some() || self.replicas.is_some()
    }

    /// `a ×2, b`.
    fn places(&self, most: usize) -> String {
        let place = |own: &PlaceView| if own.pods == 1 { own.on.clone() } else { format!("{} ×{}", own.on, own.pods) };
        let mut places: Vec<String> = self.places.iter().map(place).collect();
        if self.unplaced > 0 {
            places.push(format!("no node ×{}", self.unplaced));
        }
        list(&places, most)
    }

    /// What puts it there.
    fn means(&self) -> String {
        let mut means: Vec<&str> = self.change.iter().flat_map(ChangeView::means).collect();
        means.extend(self.replicas.map(|_| "replicas"));
        match () {
            () if !means.is_empty() => means.join(", "),
            () if self.realised && self.places.is_empty() => "-".to_owned(),
            () if self.realised => "itself".to_owned(),
            () => self.beyond().to_owned(),
        }
    }

    /// Why no patch puts it there.
    fn beyond(&self) -> &'static str {
        match self.change_in {
            "recreate" => "a Job that is there cannot be changed: set it where the Job is made",
            "pod" => "a pod that is there cannot be changed: set it where the pod is made",
            "owner" => "what makes it is not in the input: set it there",
            _ => "no change puts its pods there in every order",
        }
    }
}

impl ChangeView {
    fn new(change: &Change) -> Self {
        let wish = |own: &crate::manifest::pod::PreferredSchedulingTerm| NodeWishView {
            weight: own.weight,
            preference: NodeTermView::new(&own.preference),
        };
        ChangeView {
            required_nodes: change.required.iter().flatten().map(NodeTermView::new).collect(),
            preferred_nodes: change.preferred.iter().flatten().map(wish).collect(),
            spread: change.spread.iter().flatten().map(SpreadView::new).collect(),
            spread_before: change.spread_before,
        }
    }

    fn means(&self) -> Vec<&'static str> {
        let added = || self.spread.iter().skip(self.spread_before);
        let must = |own: &SpreadView| own.when_unsatisfiable == "DoNotSchedule";
        let means = [
            (!self.required_nodes.is_empty(), "required nodes"),
            (!self.preferred_nodes.is_empty(), "preferred nodes"),
            (added().any(must), "required spread"),
            (added().any(|own| !must(own)), "preferred spread"),
        ];
        means.into_iter().filter(|(is_so, _)| *is_so).map(|(_, word)| word).collect()
    }

    /// Whether pods wait if it cannot be had.
    fn is_required(&self) -> bool {
        self.means().iter().any(|means| means.starts_with("required"))
    }
}

impl NodeTermView {
    fn new(term: &NodeSelectorTerm) -> Self {
        NodeTermView { match_expressions: requirements(&term.match_expressions), match_fields: requirements(&term.match_fields) }
    }
}

impl SpreadView {
    fn new(own: &TopologySpreadConstraint) -> Self {
        SpreadView {
            max_skew: own.max_skew,
            topology_key: own.topology_key.clone(),
            when_unsatisfiable: own.when_unsatisfiable.clone(),
            label_selector: own.label_selector.as_ref().map(SelectorView::new),
            match_label_keys: own.match_label_keys.clone(),
            min_domains: own.min_domains,
            node_affinity_policy: own.node_affinity_policy.clone(),
            node_taints_policy: own.node_taints_policy.clone(),
        }
    }
}

impl SelectorView {
    fn new(selector: &LabelSelector) -> Self {
        let pairs = selector.match_labels.iter().map(|(key, value)| (key.clone(), value.clone()));
        SelectorView { match_labels: pairs.collect(), match_expressions: requirements(&selector.match_expressions) }
    }
}

fn requirements(all: &[SelectorRequirement]) -> Vec<RequirementView> {
    let view =
        |own: &SelectorRequirement| RequirementView { key: own.key.clone(), operator: own.operator.clone(), values: own.values.clone() };
    all.iter().map(view).collect()
}
