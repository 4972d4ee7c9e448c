//! What namespaces should set: quotas, defaults of containers, maxima of autoscalers. A part of other views.

use std::fmt::Write;

use schemars::JsonSchema;
use serde::Serialize;

use super::object_patch::{head, scalar};
use crate::manifest::Quantity;
use crate::planning::recommendation::{AutoscalerBounds, LimitRangeAdvice, QuotaAdvice, QuotaLine, Recommendation, Rule};
use crate::report::amount::count;
use crate::report::document::{Detail, Document, Mood, Table, Text};

/// What namespaces should set.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RecommendationView {
    /// Defaults for containers that do not say what they need.
    pub limit_ranges: Vec<LimitRangeView>,
    /// The smallest quotas that admit everything with every autoscaler at its most while everything is rolled out.
    pub quotas: Vec<QuotaView>,
    /// Maxima of autoscalers that fit, all of them at once; absent if there are no autoscalers or no nodes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub maxima: Option<MaximaView>,
}

/// Defaults of a namespace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LimitRangeView {
    /// Namespace.
    pub namespace: String,
    /// Name of the LimitRange.
    pub name: String,
    /// How many containers of workloads lack something that it gives them.
    pub containers: usize,
    /// What containers without a request get.
    pub default_request: Vec<DefaultView>,
    /// What containers without a limit get.
    pub default_limit: Vec<DefaultView>,
}

/// A default.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DefaultView {
    /// `cpu` or `memory`.
    pub resource: String,
    /// How much.
    pub amount: String,
    /// What it rests on.
    pub rule: String,
}

/// A quota.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct QuotaView {
    /// Namespace.
    pub namespace: String,
    /// Name of the quota.
    pub name: String,
    /// Whether there is one of this name.
    pub exists: bool,
    /// Its bounds.
    pub bounds: Vec<QuotaBoundView>,
    /// How many pods the API server was asked to create with it: all that there are at the peak.
    pub pods: usize,
    /// What it says of the first that it refuses; absent if it admits all of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
}

/// A bound of a quota.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct QuotaBoundView {
    /// What is bounded.
    pub resource: String,
    /// The bound that is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub present: Option<String>,
    /// Used now.
    pub now: String,
    /// Used with every autoscaler at its most.
    pub at_hpa_max: String,
    /// The bound that is recommended: used with every autoscaler at its most while everything is rolled out at once.
    pub recommended: String,
}

/// Maxima of autoscalers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MaximaView {
    /// Whether they fit as they are.
    pub all_fit: bool,
    /// Whether at least their minima fit.
    pub minima_fit: bool,
    /// What stops the first pod with the maxima as they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop: Option<String>,
    /// How often everything was placed to find out.
    pub tried: usize,
    /// The autoscalers.
    pub autoscalers: Vec<MaximumView>,
}

/// The maximum of an autoscaler.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MaximumView {
    /// Namespace.
    pub namespace: String,
    /// Name of the autoscaler.
    pub name: String,
    /// `Kind name` of what it scales.
    pub scales: String,
    /// `minReplicas`.
    pub min_replicas: i32,
    /// `maxReplicas` as it is.
    pub max_replicas: i32,
    /// `maxReplicas` that fits.
    pub recommended: i32,
}

impl RecommendationView {
    /// Of an answer.
    pub fn new(recommendation: &Recommendation, bounds: Option<&AutoscalerBounds>) -> Self {
        RecommendationView {
            limit_ranges: recommendation.limit_ranges.iter().map(limit_range).collect(),
            quotas: recommendation.quotas.iter().map(quota).collect(),
            maxima: bounds.map(maxima),
        }
    }

    /// For readers: added to what is said of a cluster. Brief leaves out what is as it should be.
    pub fn add_to(&self, document: &mut Document, detail: Detail) {
        self.add_limit_ranges(document);
        self.add_quotas(document, detail);
        if let Some(maxima) = &self.maxima {
            maxima.add_to(document, detail);
        }
    }

    fn add_limit_ranges(&self, document: &mut Document) {
        let mut table = Table::new()
            .left("namespace")
            .left("limitrange")
            .right("containers")
            .left("gets")
            .left("resource")
            .right("amount")
            .left("because");
        for range in &self.limit_ranges {
            let defaults =
                range.default_request.iter().map(|own| ("request", own)).chain(range.default_limit.iter().map(|own| ("limit", own)));
            for (what, default) in defaults {
                table.row(vec![
                    range.namespace.as_str().into(),
                    range.name.as_str().into(),
                    range.containers.to_string().into(),
                    format!("default {what}").into(),
                    default.resource.as_str().into(),
                    default.amount.as_str().into(),
                    default.rule.as_str().into(),
                ]);
            }
        }
        document.table("Recommended LimitRanges: for containers that do not say what they need", table, Vec::new());
    }

    fn add_quotas(&self, document: &mut Document, detail: Detail) {
        let table = if detail == Detail::Full { self.bounds() } else { self.brief_quotas() };
        let pods: usize = self.quotas.iter().map(|quota| quota.pods).sum();
        let mut notes = vec![
            "for every autoscaler at its most while everything is rolled out at once".to_owned(),
            format!("the API server admits all {} of that, and refuses one if any bound is lower", count(pods, "pod")),
        ];
        notes.extend(
            self.quotas.iter().filter_map(|quota| Some(format!("{} refuses all the same: {}", quota.name, quota.refused.as_ref()?))),
        );
        if detail == Detail::Brief {
            notes.push("-o wide shows all bounds, and what is used of them now".to_owned());
        }
        document.table("Recommended quotas: the smallest that admit everything", table, notes);
    }

    /// A row a quota, with what most quotas bound.
    fn brief_quotas(&self) -> Table {
        let columns = ["pods", "requests.cpu", "requests.memory", "limits.cpu", "limits.memory"];
        let mut table = Table::new().left("namespace").left("quota");
        for column in columns {
            table = table.right(column);
        }
        for quota in &self.quotas {
            let cell = |resource: &str| {
                let Some(bound) = quota.bounds.iter().find(|bound| bound.resource == resource) else { return Text::from("-") };
                match &bound.present {
                    Some(present) if *present != bound.recommended => Text::from(format!("{present} → {}", bound.recommended)),
                    Some(_) => Text::faint(bound.recommended.as_str()),
                    None => Text::from(bound.recommended.as_str()),
                }
            };
            let name = if quota.exists { quota.name.clone() } else { format!("{} (new)", quota.name) };
            table.row([Text::from(quota.namespace.as_str()), name.into()].into_iter().chain(columns.map(cell)).collect());
        }
        table
    }

    /// A row a bound.
    fn bounds(&self) -> Table {
        let mut table = Table::new().left("namespace").left("quota").left("resource");
        for column in ["hard now", "used now", "hpa max", "recommended"] {
            table = table.right(column);
        }
        for quota in &self.quotas {
            for bound in &quota.bounds {
                table.row(vec![
                    quota.namespace.as_str().into(),
                    quota.name.as_str().into(),
                    bound.resource.as_str().into(),
                    bound.present.as_deref().unwrap_or("-").into(),
                    bound.now.as_str().into(),
                    bound.at_hpa_max.as_str().into(),
                    bound.recommended.as_str().into(),
                ]);
            }
        }
        table
    }

    /// As YAML documents: LimitRanges and quotas whole, autoscalers as patches of their maximum where that changes.
    pub fn documents(&self) -> Vec<String> {
        let ranges = self.limit_ranges.iter().map(LimitRangeView::document);
        let quotas = self.quotas.iter().map(QuotaView::document);
        ranges.chain(quotas).chain(self.changed_maxima().map(MaximumView::document)).collect()
    }

    /// What changes objects that are there: document, kind, name and namespace of each.
    pub(super) fn patches(&self) -> Vec<(String, String, String, String)> {
        let quotas = self.quotas.iter().filter(|quota| quota.exists);
        let quotas = quotas.map(|quota| (quota.document(), "ResourceQuota".to_owned(), quota.name.clone(), quota.namespace.clone()));
        let of_maximum =
            |own: &MaximumView| (own.document(), "HorizontalPodAutoscaler".to_owned(), own.name.clone(), own.namespace.clone());
        quotas.chain(self.changed_maxima().map(of_maximum)).collect()
    }

    /// Autoscalers whose maximum changes.
    pub(super) fn changed_maxima(&self) -> impl Iterator<Item = &MaximumView> {
        let own = self.maxima.iter().filter(|maxima| maxima.minima_fit).flat_map(|maxima| &maxima.autoscalers);
        own.filter(|own| own.recommended != own.max_replicas)
    }
}

impl LimitRangeView {
    /// As a YAML document.
    pub fn document(&self) -> String {
        let mut out = head("v1", "LimitRange", &self.namespace, &self.name);
        out.push_str("spec:\n  limits:\n  - type: Container\n");
        for (name, defaults) in [("defaultRequest", &self.default_request), ("default", &self.default_limit)] {
            if !defaults.is_empty() {
                _ = writeln!(out, "    {name}:");
            }
            for default in defaults {
                _ = writeln!(out, "      {}: {}", scalar(&default.resource), scalar(&default.amount));
            }
        }
        out
    }
}

impl QuotaView {
    /// As a YAML document: of one that is there what changes nothing else.
    pub fn document(&self) -> String {
        self.document_of(&self.bounds.iter().collect::<Vec<_>>())
    }

    /// The same with nothing but bounds that have to grow; none if none has.
    pub(super) fn growth(&self) -> Option<String> {
        let amount = |text: &str| text.parse::<Quantity>().unwrap_or_default();
        let grows = |bound: &&QuotaBoundView| bound.present.as_ref().is_some_and(|present| amount(present) < amount(&bound.recommended));
        let bounds: Vec<&QuotaBoundView> = self.bounds.iter().filter(grows).collect();
        (!bounds.is_empty()).then(|| self.document_of(&bounds))
    }

    fn document_of(&self, bounds: &[&QuotaBoundView]) -> String {
        let mut out = head("v1", "ResourceQuota", &self.namespace, &self.name);
        out.push_str("spec:\n  hard:\n");
        for bound in bounds {
            _ = writeln!(out, "    {}: {}", scalar(&bound.resource), scalar(&bound.recommended));
        }
        out
    }
}

impl MaximumView {
    /// As a patch.
    pub fn document(&self) -> String {
        let mut out = head("autoscaling/v2", "HorizontalPodAutoscaler", &self.namespace, &self.name);
        _ = writeln!(out, "spec:\n  maxReplicas: {}", self.recommended);
        out
    }
}

impl MaximaView {
    fn add_to(&self, document: &mut Document, detail: Detail) {
        let mut lead = vec![match (self.all_fit, self.minima_fit) {
            (true, _) => Text::good("All autoscalers fit at their most as they are"),
            (false, true) => Text::new("Not all autoscalers fit at their most; these maxima do, all at once", Mood::Notable),
            (false, false) => Text::bad("Autoscaled workloads do not fit even at their least: no maximum helps"),
        }];
        lead.extend(self.stop.iter().map(|stop| Text::from(format!("what stops the first pod: {stop}"))));
        let mut table = Table::new().left("autoscaler").left("scales").right("min").right("max now").right("recommended");
        let is_shown =
            |own: &&MaximumView| self.minima_fit && (detail == Detail::Full || !self.all_fit && own.recommended != own.max_replicas);
        for own in self.autoscalers.iter().filter(is_shown) {
            table.row(vec![
                format!("{}/{}", own.namespace, own.name).into(),
                own.scales.as_str().into(),
                own.min_replicas.to_string().into(),
                own.max_replicas.to_string().into(),
                own.recommended.to_string().into(),
            ]);
        }
        document.led_table("Maxima of autoscalers", lead, table, Vec::new());
    }
}

fn limit_range(advice: &LimitRangeAdvice) -> LimitRangeView {
    let item = &advice.object.spec.limits[0];
    let default = |list: &crate::manifest::pod::ResourceList, resource: &str, rule: Option<Rule>| {
        let amount = list.get(resource)?.to_string();
        Some(DefaultView { resource: resource.to_owned(), amount, rule: rule.map(self::rule).unwrap_or_default() })
    };
    let [cpu, memory, limit] = advice.rules;
    LimitRangeView {
        namespace: advice.object.metadata.namespace.clone(),
        name: advice.object.metadata.name.clone(),
        containers: advice.containers,
        default_request: [default(&item.default_request, "cpu", cpu), default(&item.default_request, "memory", memory)]
            .into_iter()
            .flatten()
            .collect(),
        default_limit: default(&item.default, "memory", limit).into_iter().collect(),
    }
}

fn rule(rule: Rule) -> String {
    match rule {
        Rule::Median(measured) => format!("the median of {} of the namespace", count(measured, "measured container")),
        Rule::Scheduler => "what kube-scheduler takes such a container for".to_owned(),
        Rule::LargestMeasured => "the largest that a measured container of the namespace needs".to_owned(),
        Rule::TwiceTheRequest => "twice the largest request of a container without a limit".to_owned(),
        Rule::Capped => "the most that another LimitRange allows".to_owned(),
    }
}

fn quota(advice: &QuotaAdvice) -> QuotaView {
    let bound = |line: &QuotaLine| QuotaBoundView {
        resource: line.resource.clone(),
        present: line.present.map(|present| present.to_string()),
        now: line.now.to_string(),
        at_hpa_max: line.at_most.to_string(),
        recommended: line.at_peak.to_string(),
    };
    QuotaView {
        namespace: advice.object.metadata.namespace.clone(),
        name: advice.object.metadata.name.clone(),
        exists: advice.is_there,
        bounds: advice.lines.iter().map(bound).collect(),
        pods: advice.pods,
        refused: advice.refused.clone(),
    }
}

fn maxima(bounds: &AutoscalerBounds) -> MaximaView {
    let maximum = |own: &crate::planning::recommendation::MaxReplicas| MaximumView {
        namespace: own.autoscaler.namespace.clone(),
        name: own.autoscaler.name.clone(),
        scales: format!("{} {}", own.workload.kind, own.workload.path()),
        min_replicas: own.least,
        max_replicas: own.most,
        recommended: own.fits,
    };
    MaximaView {
        all_fit: bounds.all_fit,
        minima_fit: bounds.least_fits,
        stop: bounds.stop.clone(),
        tried: bounds.trials,
        autoscalers: bounds.maxima.iter().map(maximum).collect(),
    }
}
