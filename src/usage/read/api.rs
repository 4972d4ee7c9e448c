//! What the metrics APIs answer, as JSON or YAML; and replicas that were chosen, as a mapping.
//!
//! Source: k8s.io/metrics/pkg/apis/metrics/v1beta1, custom_metrics/v1beta{1,2}, external_metrics/v1beta1, v1.36.

use indexmap::IndexMap;
use serde::Deserialize;

use super::{Content, FORMATS, Reading};
use crate::manifest::Quantity;
use crate::manifest::meta::StringMap;
use crate::manifest::pod::ResourceList;
use crate::manifest::read::Problem;
use crate::usage::{ContainerUsage, CustomMetric, ExternalMetric, PodUsage, Usage};

/// A document: a list of any of the three APIs, a list of lists, or one of their items.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Document {
    kind: String,
    items: Option<Vec<Document>>,
    metadata: Option<Metadata>,
    containers: Vec<Container>,
    described_object: Option<Described>,
    metric_name: String,
    metric: Option<Metric>,
    metric_labels: StringMap,
    value: Quantity,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Metadata {
    name: String,
    namespace: String,
    labels: Option<StringMap>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Container {
    name: String,
    usage: ResourceList,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Described {
    kind: String,
    namespace: String,
    name: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Metric {
    name: String,
}

/// Reads the text.
pub(super) fn parse(reading: &Reading<'_>) -> Result<Content, Problem> {
    let is_json = reading.text.trim_start().starts_with(['{', '[']);
    if let Some(replicas) = chosen(reading, is_json)? {
        return Ok(Content::Replicas(replicas));
    }
    let documents = if is_json { json(reading)? } else { yaml(reading)? };
    let mut usage = Usage::default();
    for document in documents {
        take(document, "", &mut usage).map_err(|kind| reading.problem(1, 1, kind).hint(FORMATS))?;
    }
    match usage.is_empty() {
        true => Err(reading.problem(1, 1, "nothing was measured here").hint(FORMATS)),
        false => Ok(Content::Usage(usage)),
    }
}

/// The mapping of replicas, if the text is one: every key has a slash.
fn chosen(reading: &Reading<'_>, is_json: bool) -> Result<Option<Vec<(String, i32)>>, Problem> {
    let map: Option<IndexMap<String, i32>> =
        if is_json { serde_json::from_str(reading.text).ok() } else { serde_saphyr::from_str(reading.text).ok() };
    let Some(map) = map.filter(|map| !map.is_empty()) else { return Ok(None) };
    for (key, replicas) in &map {
        let line = reading.text.lines().position(|line| line.contains(key.as_str())).unwrap_or(0) + 1;
        if key.split('/').count() != 3 {
            return Err(reading.problem(line, 1, format!("{key:?} is not namespace/kind/name, such as shop/Deployment/web")));
        }
        if *replicas < 0 {
            return Err(reading.problem(line, 1, format!("{key}: {replicas} replicas")));
        }
    }
    Ok(Some(map.into_iter().collect()))
}

fn json(reading: &Reading<'_>) -> Result<Vec<Document>, Problem> {
    let wrong = |error: serde_json::Error| reading.problem(error.line(), error.column(), error.to_string()).hint(FORMATS);
    if reading.text.trim_start().starts_with('[') {
        return serde_json::from_str(reading.text).map_err(wrong);
    }
    serde_json::Deserializer::from_str(reading.text).into_iter().collect::<Result<_, _>>().map_err(wrong)
}

fn yaml(reading: &Reading<'_>) -> Result<Vec<Document>, Problem> {
    serde_saphyr::from_multiple(reading.text).map_err(|error| {
        let (line, column) = error.location().map_or((1, 1), |place| (place.line() as usize, place.column() as usize));
        let message = error.to_string().lines().next().unwrap_or_default().to_owned();
        reading.problem(line, column, message).hint(FORMATS)
    })
}

/// Adds what a document holds; or says of what kind it is instead.
fn take(document: Document, list: &str, usage: &mut Usage) -> Result<(), String> {
    if let Some(items) = document.items {
        return items.into_iter().try_for_each(|item| take(item, &document.kind, usage));
    }
    let kind = if document.kind.is_empty() { list.trim_end_matches("List") } else { &document.kind };
    let metric = if document.metric_name.is_empty() { document.metric.unwrap_or_default().name } else { document.metric_name };
    match (kind, document.described_object, document.metadata) {
        ("MetricValue", Some(object), _) => {
            let Described { kind, namespace, name } = object;
            usage.custom.push(CustomMetric { namespace, kind, name, metric, value: document.value });
        }
        ("ExternalMetricValue", ..) => {
            usage.external.push(ExternalMetric { metric, labels: document.metric_labels, value: document.value });
        }
        ("PodMetrics", _, Some(Metadata { name, namespace, labels })) => {
            let containers = document.containers.into_iter();
            let containers = containers.map(|container| ContainerUsage { name: container.name, usage: container.usage }).collect();
            usage.pods.push(PodUsage { namespace, name, labels, containers });
        }
        ("", ..) => return Err("neither measurements nor replicas".to_owned()),
        _ => return Err(format!("kind {kind} holds no measurements")),
    }
    Ok(())
}
