//! What goes when something goes: the first moment of a loss, as data and as tables; views of losses embed it.

use schemars::JsonSchema;
use serde::Serialize;

use crate::graph::BlastRadius;
use crate::graph::blast_radius::{BudgetLoss, IngressLoss, ServiceLoss, VolumeLoss, WorkloadLoss};
use crate::graph::dependencies::Reference;
use crate::report::amount::{count, list};
use crate::report::document::{Detail, Document, Table, Text};

/// What goes when something goes; the worst first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BlastRadiusView {
    /// What is lost: `node n1`, `zone zone-a`, `volume pv-1`.
    pub cause: String,
    /// Nodes that are lost.
    pub nodes: Vec<String>,
    /// Pods that are lost, ready or not.
    pub pods: usize,
    /// Workloads that lose pods.
    pub workloads: Vec<LostPods>,
    /// Services that lose ready pods.
    pub services: Vec<LostBackends>,
    /// Ingresses that lead to Services without any ready pod left.
    pub ingresses: Vec<LostIngress>,
    /// Budgets that then have fewer healthy pods than they want.
    pub budgets: Vec<BrokenBudget>,
    /// Volumes that are lost, or that no node is left to reach.
    pub volumes: Vec<LostVolume>,
}

/// A workload that loses pods.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LostPods {
    /// `namespace/name (Kind)`.
    pub workload: String,
    /// Pods it loses.
    pub lost: usize,
    /// Pods it has on nodes.
    pub pods: usize,
    /// Of the lost ones, those that are ready.
    pub lost_ready: usize,
    /// Pods it has that are ready.
    pub ready: usize,
    /// Of the lost ones, those that cannot come back: a volume of theirs is out of reach.
    pub stranded: usize,
    /// Whether no ready pod is left, though there were some.
    pub is_outage: bool,
    /// Whether its pods live and die with their nodes (DaemonSets, static pods).
    pub goes_with_its_nodes: bool,
}

/// A Service that loses ready pods.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LostBackends {
    /// `namespace/name`.
    pub service: String,
    /// Ready pods it loses.
    pub lost: usize,
    /// Ready pods it has.
    pub ready: usize,
    /// Whether no ready pod is left to send to.
    pub is_outage: bool,
}

/// An Ingress that leads to Services without any ready pod left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LostIngress {
    /// `namespace/name`.
    pub ingress: String,
    /// Names of those Services.
    pub services: Vec<String>,
    /// Whether it leads to no Service that has any ready pod left.
    pub is_outage: bool,
}

/// A budget that then has fewer healthy pods than it wants.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BrokenBudget {
    /// `namespace/name`.
    pub budget: String,
    /// Ready pods it loses.
    pub lost: usize,
    /// Healthy pods it has.
    pub healthy: usize,
    /// Healthy pods it wants.
    pub desired: usize,
}

/// A volume that is lost or out of reach.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LostVolume {
    /// Its name.
    pub volume: String,
    /// The claims that are bound to it, as `namespace/name`.
    pub claims: Vec<String>,
    /// The workloads that use them, as `namespace/name (Kind)`.
    pub workloads: Vec<String>,
}

impl BlastRadiusView {
    /// Of a blast radius.
    pub fn new(radius: &BlastRadius) -> Self {
        BlastRadiusView {
            cause: radius.cause.clone(),
            nodes: radius.nodes.clone(),
            pods: radius.pods,
            workloads: radius.workloads.iter().map(LostPods::new).collect(),
            services: radius.services.iter().map(LostBackends::new).collect(),
            ingresses: radius.ingresses.iter().map(LostIngress::new).collect(),
            budgets: radius.budgets.iter().map(BrokenBudget::new).collect(),
            volumes: radius.volumes.iter().map(LostVolume::new).collect(),
        }
    }

    /// `zone zone-a takes 12 pods of 5 workloads; 1 workload and 2 services are gone`.
    pub fn sentence(&self) -> String {
        let gone = |all: usize, one: &str| (all > 0).then(|| count(all, one));
        let outages = [
            gone(self.workloads.iter().filter(|loss| loss.is_outage && !loss.goes_with_its_nodes).count(), "workload"),
            gone(self.services.iter().filter(|loss| loss.is_outage).count(), "service"),
            gone(self.ingresses.iter().filter(|loss| loss.is_outage).count(), "ingress"),
            gone(self.volumes.len(), "volume"),
        ];
        let outages: Vec<String> = outages.into_iter().flatten().collect();
        let then = if outages.is_empty() { "nothing is gone whole".to_owned() } else { format!("gone whole: {}", outages.join(", ")) };
        format!("{} takes {} of {}; {then}", self.cause, count(self.pods, "pod"), count(self.workloads.len(), "workload"))
    }

    /// Adds it to a document: a table of workloads, then what hangs on them.
    pub fn add_to(&self, document: &mut Document, detail: Detail) {
        let limit = if detail == Detail::Full { usize::MAX } else { SHOWN };
        let mut table = Table::new().left("workload").right("loses").right("of").right("cannot come back");
        for loss in &self.workloads {
            let text = |text: String| if loss.is_outage && !loss.goes_with_its_nodes { Text::bad(text) } else { text.into() };
            let stranded = if loss.stranded == 0 { "".into() } else { Text::bad(loss.stranded.to_string()) };
            table.row(vec![text(loss.workload.clone()), text(loss.lost.to_string()), loss.pods.to_string().into(), stranded]);
        }
        let cut = table.cut(limit);
        let notes = if cut > 0 { vec![format!("and {}; -o wide shows all", count(cut, "more workload"))] } else { Vec::new() };
        document.table(self.sentence(), table, notes);
        let lines = [self.service_lines(), self.ingress_lines(), self.budget_lines(), self.volume_lines()].concat();
        document.lines("", lines.into_iter().take(limit).collect());
    }

    /// Adds only what hangs on the workloads: Services and Ingresses left without pods, volumes out of reach.
    pub fn add_dependents_to(&self, document: &mut Document, detail: Detail) {
        let limit = if detail == Detail::Full { usize::MAX } else { SHOWN };
        let lines = [self.service_lines(), self.ingress_lines(), self.volume_lines()].concat();
        document.lines("At the first moment", lines.into_iter().take(limit).collect());
    }

    fn service_lines(&self) -> Vec<Text> {
        let line = |loss: &LostBackends| Text::bad(format!("Service {} has no ready pod left", loss.service));
        self.services.iter().filter(|loss| loss.is_outage).map(line).collect()
    }

    fn ingress_lines(&self) -> Vec<Text> {
        let line = |loss: &LostIngress| {
            let what = if loss.is_outage { "has no Service left" } else { "leads to nothing by" };
            let names = if loss.is_outage { String::new() } else { format!(" {}", list(&loss.services, SHOWN)) };
            Text::bad(format!("Ingress {} {what}{names}", loss.ingress))
        };
        self.ingresses.iter().map(line).collect()
    }

    fn budget_lines(&self) -> Vec<Text> {
        let line = |loss: &BrokenBudget| {
            let left = loss.healthy.saturating_sub(loss.lost);
            Text::bad(format!("PodDisruptionBudget {} wants {} healthy and has {left}", loss.budget, count(loss.desired, "pod")))
        };
        self.budgets.iter().map(line).collect()
    }

    fn volume_lines(&self) -> Vec<Text> {
        let line = |loss: &LostVolume| {
            let users = if loss.workloads.is_empty() { "nobody uses it".to_owned() } else { list(&loss.workloads, SHOWN) };
            Text::bad(format!("volume {} is out of reach: {users}", loss.volume))
        };
        self.volumes.iter().map(line).collect()
    }
}

/// So many rows or lines fit a screen.
const SHOWN: usize = 10;

/// `namespace/name (Kind)`.
fn workload(reference: &Reference) -> String {
    format!("{} ({})", reference.path(), reference.kind)
}

impl LostPods {
    fn new(loss: &WorkloadLoss) -> Self {
        LostPods {
            workload: workload(&loss.workload),
            lost: loss.lost,
            pods: loss.pods,
            lost_ready: loss.lost_ready,
            ready: loss.ready,
            stranded: loss.stranded,
            is_outage: loss.is_outage(),
            goes_with_its_nodes: loss.goes_with_its_nodes(),
        }
    }
}

impl LostBackends {
    fn new(loss: &ServiceLoss) -> Self {
        LostBackends { service: loss.service.path(), lost: loss.lost, ready: loss.ready, is_outage: loss.is_outage() }
    }
}

impl LostIngress {
    fn new(loss: &IngressLoss) -> Self {
        LostIngress { ingress: loss.ingress.path(), services: loss.services.clone(), is_outage: loss.is_outage }
    }
}

impl BrokenBudget {
    fn new(loss: &BudgetLoss) -> Self {
        BrokenBudget { budget: loss.budget.path(), lost: loss.lost, healthy: loss.healthy, desired: loss.desired }
    }
}

impl LostVolume {
    fn new(loss: &VolumeLoss) -> Self {
        LostVolume {
            volume: loss.volume.clone(),
            claims: loss.claims.iter().map(Reference::path).collect(),
            workloads: loss.workloads.iter().map(workload).collect(),
        }
    }
}
