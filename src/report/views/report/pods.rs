//! A row for each pod: where it is, what it asks for, and what became of it.

use rustc_hash::FxHashMap;
use schemars::JsonSchema;
use serde::Serialize;

use crate::report::amount::Unit;
use crate::report::document::{Mood, Table, Text};
use crate::report::views::schedule::{PodPlace, State};
use crate::report::views::{Context, Records, ScheduleView};

/// A pod.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PodView {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub pod: String,
    /// What it belongs to: `name (Kind)`.
    pub workload: String,
    /// Its node; absent if it has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// The zone of that; absent if it has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// Cpu that it asks for, in thousandths of a core.
    pub cpu_milli: i64,
    /// Memory that it asks for.
    pub memory_bytes: i64,
    /// Its priority.
    pub priority: i32,
    /// What became of it.
    pub verdict: State,
    /// Why it has no node; absent if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// A row for each pod of a schedule, those without a node first.
pub(super) fn of(context: &Context<'_>, schedule: &ScheduleView) -> Vec<PodView> {
    let zone = |node: &'_ crate::report::views::schedule::NodeUse| Some((node.node.clone(), node.zone.clone()?));
    let zones: FxHashMap<String, String> = schedule.nodes.iter().filter_map(zone).collect();
    let groups = schedule.pending.iter();
    let reasons: FxHashMap<&str, &str> =
        groups.flat_map(|group| group.pods.iter().map(|pod| (pod.as_str(), group.message.as_str()))).collect();
    let view = |place: &PodPlace| PodView::new(context, place, &zones, reasons.get(place.pod.as_str()).copied());
    let mut pods: Vec<PodView> = schedule.pods.iter().map(view).collect();
    pods.sort_by_key(|pod| pod.node.is_some());
    pods
}

impl PodView {
    fn new(context: &Context<'_>, place: &PodPlace, zones: &FxHashMap<String, String>, reason: Option<&str>) -> Self {
        let (namespace, pod) = place.pod.split_once('/').unwrap_or(("", &place.pod));
        let workload = place.workload.strip_prefix(namespace).and_then(|rest| rest.strip_prefix('/')).unwrap_or(&place.workload);
        let asks = |resource: &str| place.requests.iter().find(|amount| amount.resource == resource).map_or(0, |amount| amount.amount);
        PodView {
            namespace: namespace.to_owned(),
            pod: pod.to_owned(),
            workload: workload.to_owned(),
            node: place.node.clone(),
            zone: place.node.as_ref().and_then(|node| zones.get(node)).cloned(),
            cpu_milli: asks("cpu"),
            memory_bytes: asks("memory"),
            priority: context.cluster.classes[place.class].priority,
            verdict: place.state,
            // what preemption would say is of no use in a row
            reason: reason.map(|reason| reason.split(". ").next().unwrap_or_default().to_owned()),
        }
    }

    /// What became of it, in words; why comes after it.
    fn verdict(&self) -> Text {
        let (word, mood) = match self.verdict {
            State::Bound => ("was there", Mood::Plain),
            State::Placed => ("placed", Mood::Good),
            State::Moved => ("evicted, then placed", Mood::Notable),
            State::Unschedulable => ("unschedulable", Mood::Bad),
            State::Preempted => ("evicted for good", Mood::Bad),
            State::Gated => ("held by a gate", Mood::Notable),
            State::OtherScheduler => ("another scheduler's", Mood::Notable),
        };
        Text::new(self.reason.as_ref().map_or_else(|| word.to_owned(), |reason| format!("{word}: {reason}")), mood)
    }

    /// A row each.
    pub(super) fn table(pods: &[PodView]) -> Table {
        let mut table = Table::new().left("namespace").left("pod").left("workload").left("node").left("zone");
        table = table.right("cpu").right("memory").right("priority").left("verdict");
        for pod in pods {
            let or_dash = |text: &Option<String>| Text::from(text.as_deref().unwrap_or("–"));
            table.row(vec![
                pod.namespace.as_str().into(),
                pod.pod.as_str().into(),
                pod.workload.as_str().into(),
                or_dash(&pod.node),
                or_dash(&pod.zone),
                Unit::MilliCores.amount(pod.cpu_milli).into(),
                Unit::Bytes.amount(pod.memory_bytes).into(),
                pod.priority.to_string().into(),
                pod.verdict(),
            ]);
        }
        table
    }

    /// For spreadsheets.
    pub(super) fn records(pods: &[PodView]) -> Records {
        let columns = vec!["namespace", "pod", "workload", "node", "zone", "cpu_milli", "memory_bytes", "priority", "verdict", "reason"];
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let row = |pod: &PodView| {
            let mut row = vec![pod.namespace.clone(), pod.pod.clone(), pod.workload.clone(), text(&pod.node), text(&pod.zone)];
            row.extend([pod.cpu_milli.to_string(), pod.memory_bytes.to_string(), pod.priority.to_string()]);
            row.extend([pod.verdict.word().to_owned(), text(&pod.reason)]);
            row
        };
        Records { columns, rows: pods.iter().map(row).collect() }
    }
}
