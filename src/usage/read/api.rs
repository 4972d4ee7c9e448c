//! What the metrics APIs answer, as JSON or YAML; and replicas that were chosen, as a mapping.
//!
//! Source: k8s.io/metrics/pkg/apis/metrics/v1beta1, custom_metrics/v1beta{1,2}, external_metrics/v1beta1, v1.36.

use indexmap::IndexMap;
use serde::Deserialize;

use super::{Content, FORMATS, Reading, milliseconds};
use crate::manifest::Quantity;
use crate::manifest::meta::StringMap;
use crate::manifest::pod::ResourceList;
use crate::manifest::read::Problem;
use crate::usage::gather::{Gathering, Owner};
use crate::usage::{CustomMetric, ExternalMetric, Moment, Sample, Usage};

/// A document: a list of any of the three APIs, a list of lists, or one of their items.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Document {
    kind: String,
    items: Option<Vec<Document>>,
    metadata: Option<Metadata>,
    timestamp: Option<String>,
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
    let mut taken = Taken::default();
    for document in documents {
        taken.take(document, "").map_err(|kind| reading.problem(1, 1, kind).hint(FORMATS))?;
    }
    let Taken { gathering, custom, external, .. } = taken;
    let usage = Usage { custom, external, ..gathering.finish() };
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

/// What documents held so far.
#[derive(Default)]
struct Taken {
    gathering: Gathering,
    custom: Vec<CustomMetric>,
    external: Vec<ExternalMetric>,
    /// When the list that is being taken was measured, if it says so.
    moment: Option<i64>,
}

impl Taken {
    /// Adds what a document holds; or says of what kind it is instead.
    fn take(&mut self, document: Document, list: &str) -> Result<(), String> {
        if let Some(items) = document.items {
            // a list is a snapshot: the metrics server looks at one node after another, and all of it within a minute
            self.gathering.next_snapshot();
            self.moment = items.iter().filter_map(|item| milliseconds(item.timestamp.as_ref()?)).max();
            let taken = items.into_iter().try_for_each(|item| self.take(item, &document.kind));
            self.moment = None;
            return taken;
        }
        let kind = if document.kind.is_empty() { list.trim_end_matches("List").to_owned() } else { document.kind };
        let metric = if document.metric_name.is_empty() { document.metric.unwrap_or_default().name } else { document.metric_name };
        match (kind.as_str(), document.described_object, document.metadata) {
            ("MetricValue", Some(object), _) => {
                let Described { kind, namespace, name } = object;
                self.custom.push(CustomMetric { namespace, kind, name, metric, value: document.value });
            }
            ("ExternalMetricValue", ..) => {
                self.external.push(ExternalMetric { metric, labels: document.metric_labels, value: document.value });
            }
            ("PodMetrics", _, Some(metadata)) => {
                let time = self.moment.or_else(|| milliseconds(document.timestamp.as_ref()?));
                self.take_pod(&metadata, &document.containers, time);
            }
            ("", ..) => return Err("neither measurements nor replicas".to_owned()),
            _ => return Err(format!("kind {kind} holds no measurements")),
        }
        Ok(())
    }

    fn take_pod(&mut self, pod: &Metadata, containers: &[Container], milliseconds: Option<i64>) {
        for container in containers {
            let owner = Owner { namespace: &pod.namespace, pod: &pod.name, container: &container.name, labels: pod.labels.as_ref() };
            let snapshot = self.gathering.row(owner);
            let moment = milliseconds.map_or(snapshot, Moment::At);
            for (resource, amount) in &container.usage {
                self.gathering.add(owner, resource, Sample { moment, amount: *amount });
            }
        }
    }
}
