//! What the quotas of namespaces hold, and what they promise.

use schemars::JsonSchema;
use serde::Serialize;

use crate::manifest::Quantity;
use crate::planning::quota::{self, Quotas};
use crate::report::amount::count;
use crate::report::document::{Detail, Document, Mood, Table, Text};

/// What the quotas of namespaces hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct QuotasView {
    /// Every bound of every quota.
    pub bounds: Vec<QuotaBound>,
    /// The first pod of each namespace that is refused with every autoscaler at its most.
    pub refused_first_at_hpa_max: Vec<RefusedFirst>,
    /// The first pod of each namespace that is refused while everything is rolled out at once.
    pub refused_first_in_rollout: Vec<RefusedFirst>,
    /// What all quotas promise together, and what the nodes have.
    pub promises: Vec<QuotaPromise>,
    /// Namespaces that have pods and no quota.
    pub namespaces_without_quota: usize,
}

/// A bound of a quota, and what is used of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct QuotaBound {
    /// Namespace.
    pub namespace: String,
    /// Name of the quota.
    pub quota: String,
    /// What is bounded, such as `requests.cpu`.
    pub resource: String,
    /// The bound, as Kubernetes writes quantities.
    pub hard: String,
    /// Used now.
    pub now: String,
    /// Used with every autoscaler at its most.
    pub at_hpa_max: String,
    /// Used while everything is rolled out at once, with the replicas of now.
    pub at_rollout_peak: String,
    /// The first of these three states that is above the bound: `now`, `hpaMax` or `rollout`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exceeded: Option<&'static str>,
}

/// The first pod of a namespace that is refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RefusedFirst {
    /// Namespace.
    pub namespace: String,
    /// What it would belong to, `Kind/name`.
    pub workload: String,
    /// What the API server says, without the pod's name.
    pub message: String,
}

/// What all quotas promise of a resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct QuotaPromise {
    /// The resource.
    pub resource: String,
    /// The bounds of all quotas together.
    pub promised: String,
    /// What all nodes together have to give.
    pub allocatable: String,
    /// Promised of allocatable, in percent, rounded down.
    pub percent: i64,
}

impl QuotasView {
    /// Of what was counted.
    pub fn new(quotas: &Quotas) -> Self {
        let refused = |list: &[quota::FirstRefused]| list.iter().map(refused_first).collect();
        QuotasView {
            bounds: quotas.bounds.iter().map(bound).collect(),
            refused_first_at_hpa_max: refused(&quotas.first_at_most),
            refused_first_in_rollout: refused(&quotas.first_in_rollout),
            promises: quotas.promises.iter().map(promise).collect(),
            namespaces_without_quota: quotas.unbounded,
        }
    }

    /// For readers: added to what is said of a cluster. On a screen only the bounds that are exceeded at some time, with who is refused first.
    pub fn add_to(&self, document: &mut Document, detail: Detail) {
        let is_shown = |row: &&QuotaBound| detail == Detail::Full || row.exceeded.is_some();
        let mut table =
            Table::new().left("namespace").left("quota").left("resource").right("hard").right("now").right("hpa max").right("rollout peak");
        for row in self.bounds.iter().filter(is_shown) {
            let place = |state: &str| ["now", "hpaMax", "rollout"].iter().position(|name| *name == state);
            let reached = row.exceeded.and_then(place);
            let cell = |text: &str, state: &str| match reached {
                Some(first) if place(state) == Some(first) => Text::bad(text),
                _ => Text::from(text),
            };
            table.row(vec![
                row.namespace.as_str().into(),
                row.quota.as_str().into(),
                row.resource.as_str().into(),
                row.hard.as_str().into(),
                cell(&row.now, "now"),
                cell(&row.at_hpa_max, "hpaMax"),
                cell(&row.at_rollout_peak, "rollout"),
            ]);
        }
        let (all, shown) = (self.bounds.len(), table.rows.len());
        if detail == Detail::Brief && shown == 0 {
            let holds = Text::good(format!("{} of quotas hold now, at HPA max and in a rollout of everything", count(all, "bound")));
            document.lines("Quotas", vec![holds]);
            return;
        }
        let more = (shown < all).then(|| format!("{} more hold; -o wide shows all", count(all - shown, "bound")));
        document.table("Quotas: what is used, what autoscalers and rollouts would use", table, more.into_iter().collect());
        document.lines("", self.refusals(detail));
        if detail == Detail::Full {
            document.lines("What quotas promise", self.promises());
        }
    }

    /// Who is the first not to be created; on a screen without the sums.
    fn refusals(&self, detail: Detail) -> Vec<Text> {
        let refused = |when: &str, first: &RefusedFirst| {
            let brief = first.message.split_once(", requested: ").map_or(first.message.as_str(), |(brief, _)| brief);
            let message = if detail == Detail::Full { &first.message } else { brief };
            Text::bad(format!("{when}, {} of {} is the first not to be created: {message}", first.workload, first.namespace))
        };
        let mut lines: Vec<Text> = self.refused_first_at_hpa_max.iter().map(|first| refused("at HPA max", first)).collect();
        lines.extend(self.refused_first_in_rollout.iter().map(|first| refused("in a rollout of everything", first)));
        lines
    }

    fn promises(&self) -> Vec<Text> {
        let mut lines = Vec::new();
        for promise in &self.promises {
            let mood = if promise.percent > 100 { Mood::Notable } else { Mood::Plain };
            let text = format!(
                "all quotas together promise {} of {}; the nodes have {} ({} %)",
                promise.promised, promise.resource, promise.allocatable, promise.percent
            );
            lines.push(Text::new(text, mood));
        }
        if self.namespaces_without_quota > 0 {
            lines.push(Text::faint(format!("{} with pods and no quota", count(self.namespaces_without_quota, "namespace"))));
        }
        lines
    }
}

fn bound(bound: &quota::Bound) -> QuotaBound {
    let states = [("now", bound.now), ("hpaMax", bound.at_most), ("rollout", bound.in_rollout)];
    QuotaBound {
        namespace: bound.namespace.clone(),
        quota: bound.quota.clone(),
        resource: bound.resource.clone(),
        hard: bound.hard.to_string(),
        now: bound.now.to_string(),
        at_hpa_max: bound.at_most.to_string(),
        at_rollout_peak: bound.in_rollout.to_string(),
        exceeded: states.into_iter().find(|(_, used)| *used > bound.hard).map(|(state, _)| state),
    }
}

fn refused_first(first: &quota::FirstRefused) -> RefusedFirst {
    RefusedFirst { namespace: first.namespace.clone(), workload: first.workload.clone(), message: first.message.clone() }
}

fn promise(promise: &quota::Promise) -> QuotaPromise {
    let milli = |quantity: Quantity| quantity.milli().max(0);
    let percent = i128::from(milli(promise.promised)) * 100 / i128::from(milli(promise.allocatable).max(1));
    QuotaPromise {
        resource: promise.resource.clone(),
        promised: promise.promised.to_string(),
        allocatable: promise.allocatable.to_string(),
        percent: i64::try_from(percent).unwrap_or(i64::MAX),
    }
}
