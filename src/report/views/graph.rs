//! What needs what, as data and as a graph to be drawn; views that know of a graph embed it.
//!
//! Drawn, failure domains and namespaces are boxes: a node lies in its rack, zone and region, everything else in its namespace.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::Serialize;

use crate::graph::BlastRadius;
use crate::graph::dependencies::{Dependencies, Dependency, Lack, Member, Reference, Relation, Role};
use crate::report::amount::count;
use crate::report::document::{Detail, Document, Edge, Graph, Group, Mood, Text, Vertex};

/// So many gaps fit a screen.
const GAPS: usize = 10;

/// What needs what.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct GraphView {
    /// Everything that needs or is needed: Ingresses, Services, autoscalers, budgets, workloads, claims, classes, volumes, nodes, domains.
    pub members: Vec<MemberView>,
    /// What each of them needs.
    pub dependencies: Vec<DependencyView>,
    /// What ought to lead somewhere and does not, as sentences.
    pub gaps: Vec<String>,
}

/// Something that needs others or is needed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MemberView {
    /// What tells it from all others: `kind namespace/name`.
    pub id: String,
    /// Kind, such as `Service`, or `Zone`.
    pub kind: String,
    /// Namespace; empty for what is in none.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// The failure domain that it lies in directly, by its id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub within: Option<String>,
    /// Whether it is only referred to, and not in the input.
    pub is_missing: bool,
    /// Pods of a workload that are on nodes; absent for what is no workload.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pods: Option<usize>,
    /// Ready pods of a workload or behind a Service; absent for everything else.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ready: Option<usize>,
    /// What it lacks, if it leads nowhere: `selects no pod`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lack: Option<&'static str>,
    /// What a loss does to it; absent where no loss is looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after_loss: Option<AfterLoss>,
    /// What it is to others, for drawing; no part of the output.
    #[serde(skip)]
    role: Role,
}

/// What a loss does to something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum AfterLoss {
    /// Nothing.
    Intact,
    /// It goes on with less.
    Reduced,
    /// It is gone, or has nothing left to work with.
    Gone,
}

/// One thing needs another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DependencyView {
    /// What needs, by its id.
    pub from: String,
    /// In which way, as a verb.
    pub relation: &'static str,
    /// What is needed, by its id.
    pub to: String,
    /// How many pods it is about; absent where it is about none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pods: Option<usize>,
}

impl GraphView {
    /// Of all dependencies.
    pub fn new(dependencies: &Dependencies) -> Self {
        let lies_in = |edge: &Dependency<'_>| edge.relation == Relation::LiesIn;
        let within = |member: &Member| Some(id(dependencies.needs(member).into_iter().find(lies_in)?.to));
        let lacks: BTreeMap<&Reference, &Lack> = dependencies.gaps().iter().map(|gap| (&gap.of, &gap.lack)).collect();
        let lack = |member: &Member| match lacks.get(&member.reference)? {
            Lack::Pods => Some("selects no pod"),
            Lack::Node => Some("out of reach"),
            // what it refers to, and the class it waits for, are there to be seen
            Lack::Object(_) | Lack::Volume => None,
        };
        GraphView {
            members: dependencies.members().map(|member| MemberView::new(member, within(member), lack(member))).collect(),
            dependencies: dependencies.dependencies().filter(|edge| !lies_in(edge)).map(DependencyView::new).collect(),
            gaps: dependencies.gaps().iter().map(ToString::to_string).collect(),
        }
    }

    /// Marks what a loss does to whom.
    pub fn with_loss(mut self, radius: &BlastRadius) -> Self {
        let mut marks: BTreeMap<(Role, Reference), AfterLoss> = BTreeMap::new();
        let mut mark = |role: Role, reference: &Reference, is_gone: bool| {
            marks.insert((role, reference.clone()), if is_gone { AfterLoss::Gone } else { AfterLoss::Reduced });
        };
        radius.nodes.iter().for_each(|node| mark(Role::Node, &Reference::new("Node", "", node), true));
        radius.workloads.iter().for_each(|loss| mark(Role::Workload, &loss.workload, loss.lost == loss.pods));
        radius.services.iter().for_each(|loss| mark(Role::Service, &loss.service, loss.is_outage()));
        radius.ingresses.iter().for_each(|loss| mark(Role::Ingress, &loss.ingress, loss.is_outage));
        radius.budgets.iter().for_each(|loss| mark(Role::PodDisruptionBudget, &loss.budget, true));
        for loss in &radius.volumes {
            mark(Role::PersistentVolume, &Reference::new("PersistentVolume", "", &loss.volume), true);
            loss.claims.iter().for_each(|claim| mark(Role::PersistentVolumeClaim, claim, true));
        }
        for member in &mut self.members {
            let reference = Reference::new(&member.kind, &member.namespace, &member.name);
            member.after_loss = Some(marks.get(&(member.role, reference)).copied().unwrap_or(AfterLoss::Intact));
        }
        self
    }

    /// Leaves out what the loss that is looked at does nothing to, but for failure domains.
    pub fn only_lost(mut self) -> Self {
        let is_touched = |member: &MemberView| !matches!(member.after_loss, None | Some(AfterLoss::Intact));
        self.members.retain(|member| is_touched(member) || member.is_domain());
        let ids: BTreeSet<&str> = self.members.iter().map(|member| member.id.as_str()).collect();
        self.dependencies.retain(|each| ids.contains(each.from.as_str()) && ids.contains(each.to.as_str()));
        self.gaps.clear();
        self
    }

    /// Adds it to a document under a title.
    pub fn add_to(&self, document: &mut Document, title: impl Into<String>) {
        document.graph(title, self.graph());
    }

    /// Adds what leads nowhere to a document.
    pub fn add_gaps_to(&self, document: &mut Document, detail: Detail) {
        let shown = if detail == Detail::Full { self.gaps.len() } else { GAPS.min(self.gaps.len()) };
        let mut lines: Vec<Text> = self.gaps[..shown].iter().map(|gap| gap.as_str().into()).collect();
        if shown < self.gaps.len() {
            lines.push(Text::faint(format!("and {} more; -o wide says all", self.gaps.len() - shown)));
        }
        document.lines("What leads nowhere", lines);
    }

    /// As a graph to be drawn.
    pub fn graph(&self) -> Graph {
        let mut boxes = Boxes::default();
        // what is wider comes first among members, so that boxes are made from the outside
        self.members.iter().filter(|member| member.is_domain()).for_each(|domain| boxes.add_domain(domain));
        let aimed_at: BTreeSet<&str> = self.dependencies.iter().map(|each| each.to.as_str()).collect();
        let drawn = self.members.iter().filter(|member| !member.is_domain() || aimed_at.contains(member.id.as_str()));
        let vertices: Vec<Vertex> = drawn.map(|member| member.vertex(boxes.of(member))).collect();
        let places: BTreeMap<&str, usize> = vertices.iter().enumerate().map(|(place, vertex)| (vertex.id.as_str(), place)).collect();
        let edge = |each: &DependencyView| {
            let text = each.pods.map_or_else(|| each.relation.to_owned(), |pods| format!("{} ({})", each.relation, count(pods, "pod")));
            Edge { from: places[each.from.as_str()], to: places[each.to.as_str()], text }
        };
        let edges = self.dependencies.iter().map(edge).collect();
        Graph { groups: boxes.groups, vertices, edges }
    }
}

/// The boxes of a drawing: failure domains by id, namespaces by name.
#[derive(Default)]
struct Boxes {
    groups: Vec<Group>,
    domains: BTreeMap<String, usize>,
    namespaces: BTreeMap<String, usize>,
}

impl Boxes {
    fn add_domain(&mut self, domain: &MemberView) {
        let within = domain.within.as_ref().and_then(|wider| self.domains.get(wider).copied());
        self.domains.insert(domain.id.clone(), self.groups.len());
        self.groups.push(Group { name: format!("{} {}", domain.kind.to_lowercase(), domain.name), within });
    }

    /// The box that a member stands in; a namespace's is made when it is first asked for.
    fn of(&mut self, member: &MemberView) -> Option<usize> {
        if member.is_domain() {
            return self.domains.get(&member.id).copied();
        }
        if member.namespace.is_empty() {
            return self.domains.get(member.within.as_ref()?).copied();
        }
        let Boxes { groups, namespaces, .. } = self;
        let place = *namespaces.entry(member.namespace.clone()).or_insert_with(|| {
            groups.push(Group { name: format!("namespace {}", member.namespace), within: None });
            groups.len() - 1
        });
        Some(place)
    }
}

impl MemberView {
    fn new(member: &Member, within: Option<String>, lack: Option<&'static str>) -> Self {
        let Reference { kind, namespace, name } = member.reference.clone();
        let is_workload = member.role == Role::Workload;
        let counts = !member.is_missing && (is_workload || member.role == Role::Service);
        MemberView {
            id: id(member),
            kind,
            namespace,
            name,
            within,
            is_missing: member.is_missing,
            pods: (is_workload && counts).then_some(member.pods),
            ready: counts.then_some(member.ready),
            lack,
            after_loss: None,
            role: member.role,
        }
    }

    fn is_domain(&self) -> bool {
        matches!(self.role, Role::Domain(_))
    }

    fn vertex(&self, group: Option<usize>) -> Vertex {
        let is_workload = self.role == Role::Workload;
        let kind = if is_workload && self.kind == "Node" { "static pods of" } else { &self.kind };
        let mut lines = vec![kind.to_owned(), self.name.clone()];
        match (self.pods, self.ready) {
            _ if self.lack.is_some() => lines.extend(self.lack.map(str::to_owned)),
            _ if self.is_missing => lines.push("not in the input".to_owned()),
            (Some(pods), Some(ready)) if ready < pods => lines.push(format!("{ready} of {} ready", count(pods, "pod"))),
            (Some(pods), _) => lines.push(count(pods, "pod")),
            (None, Some(ready)) => lines.push(format!("{} ready", count(ready, "pod"))),
            (None, None) => {}
        }
        let mood = match self.after_loss {
            Some(AfterLoss::Gone) => Mood::Bad,
            Some(AfterLoss::Reduced) => Mood::Notable,
            _ if self.is_missing => Mood::Faint,
            _ if self.lack.is_some() => Mood::Notable,
            _ => Mood::Plain,
        };
        let kind = if is_workload { "Workload" } else { &self.kind };
        Vertex { id: self.id.clone(), kind: kind.to_owned(), lines, mood, group }
    }
}

impl DependencyView {
    fn new(edge: Dependency<'_>) -> Self {
        let pods = (edge.pods > 0).then_some(edge.pods);
        DependencyView { from: id(edge.from), relation: edge.relation.words(), to: id(edge.to), pods }
    }
}

/// What tells a member from all others. A workload may be of any kind, so one of a kind that has a role of its own says so.
fn id(member: &Member) -> String {
    let others = ["Ingress", "Service", "HorizontalPodAutoscaler", "PodDisruptionBudget", "PersistentVolumeClaim"];
    match member.role {
        Role::Workload if others.contains(&member.reference.kind.as_str()) => format!("workload {}", member.reference),
        _ => member.reference.to_string(),
    }
}
