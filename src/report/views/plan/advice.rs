//! What to buy and what to set, in as many lines as fit a screen.

use schemars::JsonSchema;
use serde::Serialize;

use crate::report::amount::{count, list};
use crate::report::document::{Detail, Document, Text};
use crate::report::views::object_patch::{kustomization, stream};
use crate::report::views::plan::PlanView;
use crate::report::views::recommendation::{MaximumView, QuotaBoundView, QuotaView, RecommendationView};
use crate::report::views::size::SizeView;
use crate::report::views::{RealisationView, SuccessMetricsView};

/// What to buy, and what that makes of the success metrics.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PurchaseView {
    /// The nodes to have, what they cost, what no plan can be below, and what each state came to when it was replayed. Where every pod
    /// goes is left to `plimsoll size`.
    pub size: SizeView,
    /// The six success metrics on the cluster after the purchase; absent if no fleet was found that holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub success_metrics: Option<SuccessMetricsView>,
}

/// So many names are in a line.
const NAMES: usize = 4;

impl PurchaseView {
    /// Adds it to a document; `before` are the metrics without it.
    pub(super) fn add_to(&self, document: &mut Document, before: Option<&SuccessMetricsView>, detail: Detail) {
        let mut lines = vec![self.size.headline()];
        match detail {
            Detail::Brief => {
                lines.extend(self.size.lead());
                document.lines("What to buy", lines);
                self.size.add_nodes(document);
            }
            Detail::Full => {
                document.lines("What to buy", lines);
                document.sections.extend(self.size.document(detail).sections);
            }
        }
        let Some(after) = &self.success_metrics else { return };
        let before = before.filter(|_| detail == Detail::Full).map(|before| ("now", before));
        let states: Vec<(&str, &SuccessMetricsView)> = before.into_iter().chain([("after the purchase", after)]).collect();
        SuccessMetricsView::compare(&states, document, &format!("After the purchase {}", after.sentence()));
    }
}

impl PlanView {
    /// As patches: what realises the bought placement, and what to set.
    pub(in crate::report::views) fn patches(&self) -> Option<String> {
        let (realisation, set) = self.changes()?;
        Some(match realisation {
            Some(realisation) => realisation.patches_and(set.documents()),
            None => stream(WITHOUT_FLEET, &set.documents()),
        })
    }

    /// The same as a kustomization; what is new is no patch.
    pub(in crate::report::views) fn kustomization(&self) -> Option<String> {
        let (realisation, set) = self.changes()?;
        let text = match realisation {
            Some(realisation) => realisation.kustomization(set.patches()),
            None => kustomization(WITHOUT_FLEET, &set.patches()),
        };
        let new = set.limit_ranges.len() + set.quotas.iter().filter(|quota| !quota.exists).count();
        let missing = (new > 0).then(|| format!("# not here: {} to be created, which -o patch writes\n", count(new, "policy object")));
        Some(missing.unwrap_or_default() + &text)
    }

    /// What changes after the purchase.
    fn changes(&self) -> Option<(Option<&RealisationView>, &RecommendationView)> {
        let cluster = self.clusters.last()?;
        Some((cluster.buy.as_ref().and_then(|buy| buy.size.realisation.as_ref()), cluster.set.as_ref()?))
    }
}

/// Said where there is no placement to realise.
const WITHOUT_FLEET: &str = "# no fleet was found that holds, so there is no placement to realise\n";

/// Adds what to set to a document: all of it, or a line for each sort.
pub(super) fn add_to(set: &RecommendationView, document: &mut Document, detail: Detail) {
    if detail == Detail::Full {
        return set.add_to(document, detail);
    }
    let mut lines: Vec<Text> = set.quotas.iter().filter_map(changed).map(Text::from).collect();
    let new: Vec<&str> = set.quotas.iter().filter(|quota| !quota.exists).map(|quota| quota.namespace.as_str()).collect();
    if !new.is_empty() {
        lines.push(format!("write a ResourceQuota for {}: {}", count(new.len(), "namespace"), list(&new, NAMES)).into());
    }
    let ranges: Vec<&str> = set.limit_ranges.iter().map(|range| range.namespace.as_str()).collect();
    if !ranges.is_empty() {
        let namespaces = count(ranges.len(), "namespace");
        lines.push(
            format!("write a LimitRange, for containers that do not say what they need, for {namespaces}: {}", list(&ranges, NAMES)).into(),
        );
    }
    lines.extend(maxima(set));
    if !lines.is_empty() {
        lines.push(Text::faint("`plimsoll rightsize --set policies -o patch` writes them; `-o wide` shows every bound"));
    }
    document.lines("What to set", lines);
}

/// What changes in a quota that there is.
fn changed(quota: &QuotaView) -> Option<String> {
    let is_changed = |bound: &&QuotaBoundView| quota.exists && bound.present.as_ref() != Some(&bound.recommended);
    let bound = |bound: &QuotaBoundView| match &bound.present {
        Some(present) => format!("{} {present} → {}", bound.resource, bound.recommended),
        None => format!("{} {}", bound.resource, bound.recommended),
    };
    let present: Vec<String> = quota.bounds.iter().filter(is_changed).filter(|bound| bound.present.is_some()).map(bound).collect();
    (!present.is_empty()).then(|| format!("ResourceQuota {}/{}: {}", quota.namespace, quota.name, list(&present, 6)))
}

/// What to do about the maxima of autoscalers.
fn maxima(set: &RecommendationView) -> Option<Text> {
    let maxima = set.maxima.as_ref()?;
    let lower = |hpa: &&MaximumView| hpa.recommended < hpa.max_replicas;
    let change = |hpa: &MaximumView| format!("{}/{} {} → {}", hpa.namespace, hpa.name, hpa.max_replicas, hpa.recommended);
    let changes: Vec<String> = maxima.autoscalers.iter().filter(lower).map(change).collect();
    Some(match (maxima.minima_fit, changes.is_empty()) {
        (false, _) => Text::bad("not even the minReplicas of all HorizontalPodAutoscalers fit"),
        (true, true) => Text::good("maxReplicas of every HorizontalPodAutoscaler fit, all at once"),
        (true, false) => format!("maxReplicas that fit, all at once: {}", list(&changes, NAMES)).into(),
    })
}
